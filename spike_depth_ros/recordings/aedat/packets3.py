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

"""Packets of AEDAT 3: an index of the polarity packets, and their events.

Layout of a packet: a header of 28 bytes (type i2, source i2, event size i4, offset of the time in
an event i4, overflow of the times i4, capacity i4, number i4, valid i4), then the events. Polarity
event: u4 with valid bit 0, polarity 1, y 2..16, x 17..31; time i4, microseconds. Special event:
u4 with valid bit 0, type 1..7; time i4.
"""

import os
import struct
from array import array
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.units import US_NS

SPECIAL, POLARITY = 0, 1
HEADER = struct.Struct('<hhiiiiii')
EVENT = np.dtype([('data', '<u4'), ('t', '<i4')])
OVERFLOW_BIT = 31
_LAST_TYPE = 31  # types of the format are below
_LAST_SOURCE = 255  # likewise
_SIZES, _SIZES_AT = struct.pack('<ii', 8, 4), 4  # of polarity events, and their place
_RESET = 1  # type of the special event of a clock that starts again
_BLOCK_EVENTS = 1 << 16
_WINDOW = 1 << 20  # bytes in which the next header is looked for


class PolarityPackets:
    """Polarity packets of one source."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._positions, self._counts, self._bases_us = array('q'), array('q'), array('q')

    @property
    def start_ns(self) -> int:
        """Return the time of the first event, nanoseconds."""
        return self._time_ns(0, 0)

    @property
    def end_ns(self) -> int:
        """Return the time of the last event, nanoseconds."""
        return self._time_ns(-1, self._counts[-1] - 1)

    def add(self, position: int, count: int, base_us: int) -> None:
        """Add a packet.

        Args:
            position: byte of the first event.
            count: number of events, at least 1.
            base_us: added to the events' times, microseconds.
        """
        self._positions.append(position)
        self._counts.append(count)
        self._bases_us.append(base_us)

    def blocks(self) -> Iterator[EventArrays]:
        """Yield the valid events, joined to blocks."""
        parts: list[tuple[NDArray[np.uint32], NDArray[np.int64]]] = []
        size = 0
        columns = (self._positions, self._counts, self._bases_us)
        for position, count, base_us in zip(*columns, strict=True):
            events = np.frombuffer(self._read(position, count * EVENT.itemsize), EVENT)
            parts.append((events['data'], events['t'] + np.int64(base_us)))
            size += count
            if size >= _BLOCK_EVENTS:
                yield _decoded(parts)
                parts, size = [], 0
        if size:
            yield _decoded(parts)

    def _time_ns(self, packet: int, event: int) -> int:
        position = self._positions[packet] + event * EVENT.itemsize
        data = self._read(position, EVENT.itemsize)
        return (int(np.frombuffer(data, EVENT)['t'][0]) + self._bases_us[packet]) * US_NS

    def _read(self, position: int, size: int) -> bytes:
        return os.pread(self._file.fileno(), size, position)


class Packets:
    """Packets of a file.

    Attributes:
        polarity: polarity packets of each source that has events.
        damaged: number of places where no packet was, or only a part of one.
        resets: number of resets of the clock.
    """

    def __init__(self) -> None:
        self.polarity: dict[int, PolarityPackets] = {}
        self.damaged = 0
        self.resets = 0


def read_packets(file: BinaryIO, data_at: int, sources: Sequence[int]) -> Packets:
    """Return the packets from a position on; what lies between packets is skipped and counted.

    Args:
        file: open file.
        data_at: byte of the first packet.
        sources: numbers of the sources in the header. Of one alone come all packets, whatever
            their number: writers disagree on it.
    """
    packets = Packets()
    size = os.fstat(file.fileno()).st_size
    position = data_at
    reset_us, overflow = 0, 0
    while position < size:
        header = _header(file, position, size, sources)
        if header is None:
            packets.damaged += 1
            position = _next_header(file, position + 1, size, sources)
            continue
        kind, source, event_size, _, overflow, _, number, _ = header
        start = position + HEADER.size
        position = start + event_size * number
        if kind == SPECIAL and _has_reset(file, start, number):
            ends_ns = [of_source.end_ns for of_source in packets.polarity.values()]
            reset_us = max(ends_ns, default=0) // US_NS
            packets.resets += 1
        elif kind == POLARITY and number:
            source = sources[0] if len(sources) == 1 else source
            own = packets.polarity.setdefault(source, PolarityPackets(file))
            own.add(start, number, reset_us + (overflow << OVERFLOW_BIT))
    return packets


def _header(
    file: BinaryIO, position: int, size: int, sources: Sequence[int]
) -> tuple[int, ...] | None:
    """Return the header at a position, None if there is none or its packet is incomplete."""
    if position + HEADER.size > size:
        return None
    header = HEADER.unpack(os.pread(file.fileno(), HEADER.size, position))
    kind, source, event_size, time_at, overflow, capacity, number, valid = header
    fits = 0 <= kind <= _LAST_TYPE and 0 <= valid <= number <= capacity
    fits &= source in sources or (len(sources) == 1 and 0 <= source <= _LAST_SOURCE)
    fits &= event_size > 0 and 0 <= time_at < event_size and 0 <= overflow < 1 << 20
    if kind in (SPECIAL, POLARITY):
        fits &= (event_size, time_at) == (8, 4)
    return header if fits and position + HEADER.size + event_size * number <= size else None


def _next_header(file: BinaryIO, position: int, size: int, sources: Sequence[int]) -> int:
    """Return the position of the next header of polarity events, the file's size without one."""
    while position < size:
        window = os.pread(file.fileno(), _WINDOW, position)
        place = window.find(_SIZES, _SIZES_AT)
        while place >= 0:
            start = position + place - _SIZES_AT
            header = _header(file, start, size, sources)
            if header and header[0] == POLARITY:
                return start
            place = window.find(_SIZES, place + 1)
        position += _WINDOW - HEADER.size
    return size


def _has_reset(file: BinaryIO, position: int, number: int) -> bool:
    data = np.frombuffer(os.pread(file.fileno(), number * EVENT.itemsize, position), EVENT)['data']
    return bool(np.any((data & 1 == 1) & (data >> 1 & 0x7F == _RESET)))


def _decoded(parts: Sequence[tuple[NDArray[np.uint32], NDArray[np.int64]]]) -> EventArrays:
    data, t_us = (np.concatenate(column) for column in zip(*parts, strict=True))
    is_valid = data & 1 == 1
    if not np.all(is_valid):
        data, t_us = data[is_valid], t_us[is_valid]
    x, y = ((data >> shift & 0x7FFF).astype(np.int16) for shift in (17, 2))
    return EventArrays(t_us * US_NS, x, y, (data >> 1 & 1).astype(np.uint8))
