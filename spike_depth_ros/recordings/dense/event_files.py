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

"""Events of DENSE: a NumPy file for each image."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.errors import RecordingError

DAMAGED = 'damaged files of events'
BLOCK_ROWS = 1 << 17
# Nanoseconds of which two add up to int64.
MOST_NS = 4e18
_NONE = np.zeros((0, 4))


class EventFiles:
    """Events of a sequence, float64 [n, 4]: time in nanoseconds, x, y, polarity 0 or 1."""

    count = None

    def __init__(self, folder: Path) -> None:
        self._folder, self._files = folder, event_files(folder)

    def ends_ns(self) -> tuple[int, int]:
        """Return the times of the first and of the last event. Raises RecordingError."""
        first = next(filter(len, map(_rows, self._files)), _NONE)
        last = next(filter(len, map(_rows, reversed(self._files))), _NONE)
        if not len(first):
            raise RecordingError(f"The recording '{self._folder}' has no events: give another.")
        return int(_arrays(first[:1]).t_ns[0]), int(_arrays(last[-1:]).t_ns[0])

    def blocks(self, start_ns: int | None, losses: Counter[str]) -> Iterator[EventArrays]:
        """Yield all events from about start_ns on; damaged files are left out and counted."""
        for file in self._files:
            rows = _rows(file)
            if rows is _NONE:
                losses[DAMAGED] += 1
            if start_ns is not None and len(rows) and _arrays(rows[-1:]).t_ns[0] < start_ns:
                continue
            for first in range(0, len(rows), BLOCK_ROWS):
                yield _arrays(rows[first : first + BLOCK_ROWS])


def event_files(folder: Path) -> list[Path]:
    """Return the files of events of a sequence, in the order of their numbers."""
    return sorted((folder / 'events' / 'data').glob('events_*.npy'))


def _rows(file: Path) -> NDArray[Any]:
    """Return the rows of a file, mapped into memory; _NONE if it is damaged.

    NumPy does not map an empty array.
    """
    try:
        if file.stat().st_size < BLOCK_ROWS:
            rows: NDArray[Any] = np.load(file, allow_pickle=False)
        else:
            rows = np.load(file, mmap_mode='r', allow_pickle=False)
    except Exception:  # a damaged header raises errors of any class
        return _NONE
    return rows if rows.ndim == 2 and rows.shape[1] == 4 and rows.dtype.kind in 'iuf' else _NONE


def _arrays(rows: NDArray[Any]) -> EventArrays:
    rows = np.array(rows, np.float64)
    rows[~np.isfinite(rows).all(axis=1)] = -1.0  # off the sensor
    t, x, y, p = rows.T
    x, y = (np.clip(column, -1, 1 << 16).astype(np.int32) for column in (x, y))
    return EventArrays(np.rint(np.clip(t, -MOST_NS, MOST_NS)).astype(np.int64), x, y, p > 0)
