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

"""Writer of HDF5 in the layout of DSEC: one file per camera, and a folder of two.

Layout: uzh-rpg/DSEC, README ("Data format") and scripts/dataset; Blosc with zstd.
"""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import h5py
import hdf5plugin
import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import (
    SIDES,
    EventCamera,
    EventChunk,
)
from spike_depth_ros.recordings.writers.hdf5_output import Hdf5Output
from spike_depth_ros.recordings.writers.writer import Contents, Writer, times_us

# Events that are written at a time, and those of a chunk in the file.
_BLOCK: Final = 1 << 19
_CHUNK: Final = 1 << 15
_MS_US = 1000
_LONGEST_US = 1 << 32  # of events/t
_COLUMNS = {'p': 'u1', 't': 'u4', 'x': 'u2', 'y': 'u2'}


class _EventFile:
    """New file of one camera."""

    def __init__(self, path: Path, camera: EventCamera) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._camera = camera
        self._output = Hdf5Output(path, 'x+')
        self._file = h5py.File(self._output, 'w')
        self._blocks: list[tuple[npt.NDArray[Any], ...]] = []  # t_us, x, y, polarity
        self._size = self._waiting = 0
        self._offset_us: int | None = None
        self._columns = {
            name: self._dataset(f'events/{name}', dtype) for name, dtype in _COLUMNS.items()
        }
        self._index = self._dataset('ms_to_idx', 'u8')
        # not part of DSEC's layout, whose sensors all have 640 x 480 pixels
        self._file['events/width'], self._file['events/height'] = camera.width, camera.height

    def append(self, events: EventArrays) -> None:
        """Append events in order of time."""
        t_us = times_us(events)
        if self._offset_us is None:
            self._offset_us = int(t_us[0])
        if int(t_us[-1]) - self._offset_us >= _LONGEST_US:
            raise RecordingError(
                f"The events of '{self._camera.name}' last longer than 71 minutes, which DSEC's "
                'layout has no room for: write a part of them by --start and --duration.'
            )
        self._blocks.append((t_us, events.x, events.y, events.polarity))
        self._waiting += len(t_us)
        if self._waiting >= _BLOCK:
            self._flush()

    def complete(self) -> None:
        """Write what is left."""
        self._flush()
        self._file.create_dataset('t_offset', data=np.int64(self._offset_us or 0))
        self._file.flush()
        self._output.check()

    def close(self) -> None:
        """Close the file."""
        with self._output:
            self._file.close()
        self._output.check()

    def _flush(self) -> None:
        if not self._blocks:
            return
        columns = (np.concatenate(column) for column in zip(*self._blocks, strict=True))
        t_us, x, y, polarity = columns
        t_us = t_us - self._offset_us
        self._blocks, self._waiting = [], 0
        first, ms = self._size, len(self._index)
        self._size += len(t_us)
        for name, column in {'p': polarity, 't': t_us, 'x': x, 'y': y}.items():
            _append(self._columns[name], column)
        starts = np.arange(ms, int(t_us[-1]) // _MS_US + 1) * _MS_US
        _append(self._index, first + np.searchsorted(t_us, starts))
        self._output.check()

    def _dataset(self, name: str, dtype: str) -> Any:
        return self._file.create_dataset(
            name,
            (0,),
            dtype,
            maxshape=(None,),
            chunks=(_CHUNK,),
            **hdf5plugin.Blosc(cname='zstd', clevel=1),
        )


class H5Writer(Writer):
    """New file of one camera; see Writer."""

    takes_packets = False
    takes_depth = False

    def __init__(self, path: Path, contents: Contents) -> None:
        if len(contents.cameras) != 1:
            raise RecordingError(
                f"The recording has {len(contents.cameras)} event cameras, but DSEC's layout has "
                'one in a file: choose it by --left, or write a folder with --format dsec.'
            )
        self.notes = _notes(contents)
        self._stack = ExitStack()
        self._files = [_opened(path, contents.cameras[0], self._stack)]

    def write_events(self, chunk: EventChunk) -> None:
        """Append events."""
        assert isinstance(chunk.events, EventArrays)
        self._files[chunk.camera].append(chunk.events)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            if error is None:
                for file in self._files:
                    file.complete()


class DsecWriter(H5Writer):
    """New folder with events/left/events.h5 and events/right/events.h5; see Writer."""

    def __init__(self, path: Path, contents: Contents) -> None:
        self.notes = _notes(contents)
        self._stack = ExitStack()
        self._files = [
            _opened(path / 'events' / side / 'events.h5', camera, self._stack)
            for camera, side in zip(contents.cameras, SIDES, strict=False)
        ]


def _opened(path: Path, camera: EventCamera, stack: ExitStack) -> _EventFile:
    file = _EventFile(path, camera)
    stack.callback(file.close)
    return file


def _notes(contents: Contents) -> list[str]:
    notes = []
    if contents.depth_streams:
        notes.append('true depth is not written in the layout of DSEC')
    if contents.rig is not None:
        notes.append('the calibration is not written in the layout of DSEC')
    return notes


def _append(dataset: Any, values: npt.NDArray[Any]) -> None:
    size = len(dataset)
    dataset.resize((size + len(values),))
    dataset[size:] = values
