# Copyright 2026 spike_depth_ros maintainers
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""HDF5 files of one camera: DSEC, TUM-VIE and VECtor, and converted files in DSEC's layout.

Sources: scripts/dataset of uzh-rpg/DSEC; tonic/datasets/tumvie.py of neuromorphs/tonic;
script/bag2hdf5.py of mgaoling/mpl_dataset_toolbox.
"""

from pathlib import Path
from typing import NamedTuple

import h5py

from spike_depth_ros.recordings import dsec
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.hdf5 import files
from spike_depth_ros.recordings.hdf5.columns import Columns, SeparateColumns
from spike_depth_ros.recordings.other_side import file_side
from spike_depth_ros.recordings.recording import Dataset, EventCamera, Side
from spike_depth_ros.recordings.times import MOST_US

TUM_VIE_SIZE = (1280, 720)
NAMES = ('events/x', 'events/y', 'events/t', 'events/p')
# Rows at the start, in the middle and at the end that show whether a sensor is larger.
SAMPLE = 20_000


class CameraFile(NamedTuple):
    """Events of one camera in a file of its own."""

    path: Path
    kind: str
    dataset: Dataset
    side: Side | None
    camera: EventCamera
    columns: Columns
    notes: list[str]


def is_camera_file(file: h5py.File) -> bool:
    """Return whether a file has the events of one camera."""
    return files.has(file, *NAMES)


def dataset_of(file: h5py.File) -> Dataset:
    """Return the data set of a file of one camera by the form of its times."""
    return _layout(file)[0]


def camera_file(path: Path, file: h5py.File) -> CameraFile:
    """Read the layout of a file of one camera. Raises RecordingError.

    DSEC's t_offset is a scalar, VECtor's has the shape (1,) and is that of its own file; TUM-VIE
    has none, and times of 8 bytes. t_offset is added to t.
    """
    x, y, t, p = (
        files.dataset(file, name, kinds=files.INTEGERS if name[-1] in 'xyt' else files.TRUTHS)
        for name in NAMES
    )
    offset = files.scalar(file, 't_offset')
    if offset is not None and abs(offset) > MOST_US:
        raise RecordingError(
            f"The recording '{path}' is damaged: its t_offset is {offset} us: download it again."
        )
    columns = SeparateColumns(x, y, t, p, offset or 0)
    dataset, (width, height) = _layout(file)
    kind, notes = f'{dataset} HDF5', list[str]()
    if declared := _declared_size(file):
        width, height = declared
        dataset = dataset if (width, height) == _layout(file)[1] else ''
    elif dataset != 'TUM-VIE' and _exceeds(columns, width, height):
        dataset, (width, height) = '', TUM_VIE_SIZE
        notes.append(
            f"'{path}' has events beyond 640 x 480: its sensor is taken to have 1280 x 720 pixels"
        )
    side = file_side(path).side
    camera = EventCamera(side or path.stem, width, height, events=columns.count)
    return CameraFile(path, kind, dataset, side, camera, columns, notes)


def _layout(file: h5py.File) -> tuple[Dataset, tuple[int, int]]:
    if 't_offset' in file:
        return ('DSEC' if file['t_offset'].shape == () else 'VECtor'), dsec.SIZE
    if file['events/t'].dtype.itemsize == 8:
        return 'TUM-VIE', TUM_VIE_SIZE
    return 'DSEC', dsec.SIZE


def _declared_size(file: h5py.File) -> tuple[int, int] | None:
    """Return events/width and events/height, which converters to DSEC's layout write."""
    width, height = files.scalar(file, 'events/width'), files.scalar(file, 'events/height')
    return None if width is None or height is None else (width, height)


def _exceeds(columns: SeparateColumns, width: int, height: int) -> bool:
    count = columns.count
    for first in (0, count // 2, count - SAMPLE):
        first = max(first, 0)
        try:
            events = columns.read(first, min(first + SAMPLE, count))
        except Exception:  # damaged rows are counted when they are read
            continue
        if len(events.x) and (events.x.max() >= width or events.y.max() >= height):
            return True
    return False
