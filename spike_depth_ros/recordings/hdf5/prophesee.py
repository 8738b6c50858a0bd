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

"""Prophesee's HDF5 files, where no codec packs them.

Source: hdf5_file of openeb, and docs.prophesee.ai on HDF5 event files.
"""

import re
from contextlib import suppress
from pathlib import Path

import h5py

from spike_depth_ros.geometry.camera import MAX_SIZE
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.hdf5 import files
from spike_depth_ros.recordings.hdf5.camera_file import CameraFile
from spike_depth_ros.recordings.hdf5.columns import CompoundColumns
from spike_depth_ros.recordings.hdf5.texts import read_texts
from spike_depth_ros.recordings.other_side import file_side
from spike_depth_ros.recordings.recording import EventCamera

EVENTS = 'CD/events'
# Sensor of most cameras of this file format; taken where a file does not tell.
SIZE = (1280, 720)
_SIZES = (r'width=(?P<width>\d+)', r'height=(?P<height>\d+)', r'(?P<width>\d+)x(?P<height>\d+)')


def is_prophesee(file: h5py.File) -> bool:
    """Return whether a file has Prophesee's events."""
    return files.has(file, EVENTS)


def camera_file(path: Path, file: h5py.File) -> CameraFile:
    """Read the layout of a file. Raises RecordingError, by name for the codec ECF."""
    records = files.dataset(file, EVENTS, kinds='V')
    fields = {name: records.dtype[name] for name in records.dtype.names or ()}
    if not all(name in fields and fields[name].kind in files.INTEGERS for name in 'xypt'):
        raise RecordingError(
            f"The recording '{path}' cannot be read: its {EVENTS} has the fields {fields}, not "
            'the integers x, y, p and t: download or record it again.'
        )
    columns = CompoundColumns(records)
    size, notes = _size(path), list[str]()
    if size is None:
        notes.append(f"'{path}' does not tell its sensor's size: {SIZE[0]} x {SIZE[1]} is taken")
    side = file_side(path).side
    camera = EventCamera(side or path.stem, *(size or SIZE), events=columns.count)
    return CameraFile(path, 'Prophesee HDF5', '', side, camera, columns, notes)


def _size(path: Path) -> tuple[int, int] | None:
    """Return the size in the attributes format (EVT3;height=720;width=1280) or geometry."""
    found: dict[str, int] = {}
    with suppress(ValueError):  # damaged attributes tell nothing
        for text in read_texts(path, '@format', '@geometry'):
            for pattern in _SIZES:
                if match := re.search(pattern, text):
                    found |= {name: int(number) for name, number in match.groupdict().items()}
    is_size = len(found) == 2 and all(0 < length <= MAX_SIZE for length in found.values())
    return (found['width'], found['height']) if is_size else None
