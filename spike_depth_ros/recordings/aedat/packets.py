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

"""Content of the packets of AEDAT4: events and frames."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat import compression
from spike_depth_ros.recordings.aedat.container import EVENTS, FRAMES, Index
from spike_depth_ros.recordings.aedat.flatbuffer import Table, sized
from spike_depth_ros.recordings.recording import ImageFrame
from spike_depth_ros.units import US_NS

DAMAGED = 'damaged packets'
BLOCK_EVENTS = 1 << 16
EVENT = np.dtype(
    {
        'names': ['t', 'x', 'y', 'polarity'],
        'formats': ['<i8', '<i2', '<i2', 'u1'],
        'offsets': [0, 8, 10, 12],
        'itemsize': 16,
    }
)
# Unix time is below, as int64 nanoseconds have room for 2262.
MAX_US = (1 << 63) // US_NS - 1
# FrameFormat: values of OpenCV's types.
_GRAY, _BGR, _BGRA = 0, 16, 24
_CHANNELS = {_GRAY: 1, _BGR: 3, _BGRA: 4}


class StreamPackets:
    """Packets of one stream, read when asked for; each raises ValueError if it is damaged."""

    def __init__(self, file: BinaryIO, code: int, index: Index, number: int) -> None:
        """Select the packets.

        Args:
            file: open file.
            code: code of the compression.
            index: index of all packets.
            number: number of the stream.
        """
        own = index.stream == number
        self._file = file
        self._code = code
        self._positions = index.position[own]
        self._sizes = index.size[own]

    def __len__(self) -> int:
        return len(self._positions)

    def events(self, number: int) -> NDArray[np.void]:
        """Return the events of a packet, of type EVENT."""
        return parse_events(self._content(number))

    def time_ns(self, number: int) -> tuple[int, int] | None:
        """Return the times of the first and the last event; None if there are none."""
        times = self.events(number)['t']
        return (int(times[0]) * US_NS, int(times[-1]) * US_NS) if len(times) else None

    def frame(self, number: int) -> ImageFrame:
        """Return the frame of a packet, in grey or RGB."""
        table = Table.root(sized(self._content(number)), FRAMES.encode())
        t_us, code = table.number(0, 'q', 0), table.number(5, 'b', _GRAY)
        width, height = (table.number(field, 'h', 0) for field in (6, 7))
        if code not in _CHANNELS or width <= 0 or height <= 0 or not 0 <= t_us < MAX_US:
            raise ValueError(f'a frame of format {code} with {width} x {height} pixels')
        pixels = table.vector(10, np.uint8).reshape(height, width, _CHANNELS[code])
        return ImageFrame(t_us * US_NS, _as_rgb(pixels, code))

    def _content(self, number: int) -> bytes:
        size = int(self._sizes[number])
        data = os.pread(self._file.fileno(), size, int(self._positions[number]))
        return compression.unpacked(data, self._code)


def parse_events(content: bytes) -> NDArray[np.void]:
    """Return the events of an unpacked packet, of type EVENT; raises ValueError for damage."""
    found = Table.root(sized(content), EVENTS.encode()).vector(0, EVENT)
    times = found['t']
    if len(times) and not -MAX_US < times.min() <= times.max() < MAX_US:
        raise ValueError('times of a damaged packet')
    return found


def blocks(packets: StreamPackets, first: int, losses: Counter[str]) -> Iterator[EventArrays]:
    """Yield the events of packets from a number on; damaged ones are counted in `losses`.

    Packets are joined to blocks, as the small ones of a camera cost more time than their events.
    """
    parts: list[NDArray[np.void]] = []
    size = 0
    for number in range(first, len(packets)):
        try:
            parts.append(packets.events(number))
        except ValueError:
            losses[DAMAGED] += 1
            continue
        size += len(parts[-1])
        if size >= BLOCK_EVENTS:
            yield as_arrays(parts)
            parts, size = [], 0
    if size:
        yield as_arrays(parts)


def as_arrays(parts: Sequence[NDArray[np.void]]) -> EventArrays:
    """Return the events of some packets."""
    t_us, x, y, polarity = (
        np.concatenate([part[name] for part in parts]) for name in EVENT.names or ()
    )
    t_us *= US_NS
    return EventArrays(t_us, x, y, np.not_equal(polarity, 0).view(np.uint8))


def _as_rgb(pixels: NDArray[np.uint8], code: int) -> NDArray[np.uint8]:
    if code == _GRAY:
        return pixels[:, :, 0]
    conversion = cv2.COLOR_BGR2RGB if code == _BGR else cv2.COLOR_BGRA2RGB
    return np.asarray(cv2.cvtColor(pixels, conversion), np.uint8)
