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

"""Events of one camera in the datasets of a file, read in blocks of rows."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.errors import reading
from spike_depth_ros.recordings.read_ahead import ReadAhead
from spike_depth_ros.recordings.times import seconds_to_ns, us_to_ns
from spike_depth_ros.units import US_NS

DAMAGED = 'events in damaged blocks'
INCOMPLETE = 'events without all of time, pixel and polarity'
# A block fits into a processor's cache.
BLOCK_ROWS = 1 << 17


class Columns(ABC):
    """Events of one camera; a subclass for each form of storage.

    Attributes:
        count: number of events.
        spare: number of rows of some dataset for which another one has no row.
    """

    def __init__(self, datasets: tuple[h5py.Dataset, ...]) -> None:
        lengths = [len(each) for each in datasets]
        self.count = min(lengths)
        self.spare = max(lengths) - min(lengths)
        self._path = Path(datasets[0].file.filename)
        self._chunk = max((each.chunks[0] for each in datasets if each.chunks), default=1)
        # Rows of a block: whole chunks, unless a chunk is very large.
        self._rows = max(BLOCK_ROWS // self._chunk, 1) * min(self._chunk, 8 * BLOCK_ROWS)

    @abstractmethod
    def read(self, first: int, last: int) -> EventArrays:
        """Read the rows [first, last)."""

    @abstractmethod
    def times_ns(self, first: int, last: int) -> NDArray[np.int64]:
        """Read the times of the rows [first, last), nanoseconds."""

    def ends_ns(self) -> tuple[int, int]:
        """Return the times of the first and of the last event. Raises RecordingError."""
        with reading(self._path):
            first, last = self.times_ns(0, 1), self.times_ns(self.count - 1, self.count)
            return int(first[0]), int(last[0])

    def blocks(self, start_ns: int | None, losses: Counter[str]) -> Iterator[EventArrays]:
        """Yield all events from about start_ns on, in the order of the file.

        Rows that cannot be read are left out and counted.
        """
        if self.spare:
            losses[INCOMPLETE] += self.spare
        first = 0 if start_ns is None else self._row_of(start_ns)
        # h5py releases the interpreter's lock while it unpacks the next block.
        with ReadAhead(self._from(first, losses), _bytes, max_items=1) as blocks:
            yield from blocks

    def _from(self, first: int, losses: Counter[str]) -> Iterator[EventArrays]:
        first -= first % self._rows
        for start in range(first, self.count, self._rows):
            yield from self._sound(start, min(start + self._rows, self.count), losses)

    def _sound(self, first: int, last: int, losses: Counter[str]) -> Iterator[EventArrays]:
        """Yield the rows that can be read, down to single chunks."""
        try:
            events = self.read(first, last)
        except Exception:  # h5py and its filters raise errors of any class
            middle = first + (last - first) // 2
            middle -= middle % self._chunk
            if middle <= first:
                losses[DAMAGED] += last - first
                return
            yield from self._sound(first, middle, losses)
            yield from self._sound(middle, last, losses)
        else:
            yield events

    def _row_of(self, time_ns: int) -> int:
        """Return the first row that is not before a time, by bisection of the file."""
        first, last = 0, self.count
        with reading(self._path):
            while first < last:
                middle = (first + last) // 2
                if self.times_ns(middle, middle + 1)[0] < time_ns:
                    first = middle + 1
                else:
                    last = middle
        return first


class SeparateColumns(Columns):
    """Datasets x, y, t and p, with integer times in microseconds from an offset."""

    def __init__(
        self,
        x: h5py.Dataset,
        y: h5py.Dataset,
        t: h5py.Dataset,
        p: h5py.Dataset,
        offset_us: int = 0,
    ) -> None:
        super().__init__((x, y, t, p))
        self._x, self._y, self._t, self._p = x, y, t, p
        self._offset_ns = offset_us * US_NS

    def read(self, first: int, last: int) -> EventArrays:
        """Read the rows [first, last)."""
        rows = slice(first, last)
        x, y, p = self._x[rows], self._y[rows], self._p[rows]
        return EventArrays(self.times_ns(first, last), x, y, p > 0)

    def times_ns(self, first: int, last: int) -> NDArray[np.int64]:
        """Read the times of the rows [first, last), nanoseconds."""
        return us_to_ns(self._t[first:last]) + self._offset_ns


class TableColumns(Columns):
    """Dataset f8 [n, 4] of x, y, t in seconds, and p of -1 or 1."""

    def __init__(self, table: h5py.Dataset) -> None:
        super().__init__((table,))
        self._table = table

    def read(self, first: int, last: int) -> EventArrays:
        """Read the rows [first, last)."""
        table = self._table[first:last]
        if not np.isfinite(np.sum(table)):
            table[~np.isfinite(table).all(axis=1)] = -1.0  # off the sensor
        x, y, t, p = table.T
        with np.errstate(invalid='ignore'):
            x, y = x.astype(np.int32), y.astype(np.int32)
        return EventArrays(seconds_to_ns(t), x, y, p > 0)

    def times_ns(self, first: int, last: int) -> NDArray[np.int64]:
        """Read the times of the rows [first, last), nanoseconds."""
        return seconds_to_ns(np.nan_to_num(self._table[first:last, 2]))


class CompoundColumns(Columns):
    """Dataset of records x, y, p and t in microseconds."""

    def __init__(self, records: h5py.Dataset) -> None:
        super().__init__((records,))
        self._records = records

    def read(self, first: int, last: int) -> EventArrays:
        """Read the rows [first, last)."""
        records = self._records[first:last]
        x, y = (np.ascontiguousarray(records[name]) for name in 'xy')
        return EventArrays(us_to_ns(records['t']), x, y, records['p'] > 0)

    def times_ns(self, first: int, last: int) -> NDArray[np.int64]:
        """Read the times of the rows [first, last), nanoseconds."""
        return us_to_ns(self._records[first:last]['t'])


def _bytes(events: EventArrays) -> int:
    return sum(column.nbytes for column in events)
