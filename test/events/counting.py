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

"""Count packets made by hand with one decoder, for tests."""

import struct

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import encodings
from spike_depth_ros.events.decoder import JITTER_NS, Decoder
from spike_depth_ros.events.event_counts import EventCounts, new_event_counts
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.events.noise import NoiseFilter, NoiseState
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.units import SECOND_NS

WIDTH, HEIGHT = 16, 8
GUARD = 64
FOREVER_NS = 1 << 62
BASE_NS = 10**18  # time base of packets made here

# An event: time, x, y, polarity. The time counts from BASE_NS, in us for libcaer, else in ns.
Event = tuple[int, int, int, int]


def words16(*words: int) -> bytes:
    """Return words of evt3 or libcaer_cmp."""
    return np.array(words, '<u2').tobytes()


def evt2(*words: int) -> bytes:
    return np.array(words, '<u4').tobytes()


def evt21(*words: int) -> bytes:
    return np.array(words, '<u8').tobytes()


def mono(*events: Event) -> bytes:
    return b''.join(
        (p << 63 | y << 48 | x << 32 | dt_ns).to_bytes(8, 'little') for dt_ns, x, y, p in events
    )


def libcaer(*events: Event) -> bytes:
    words = [(x << 17 | y << 2 | p << 1 | 1, t_us) for t_us, x, y, p in events]
    return np.array(words, '<u4').tobytes()


def dvs(*events: Event, order: str = '<') -> bytes:
    data = b''
    for t_ns, x, y, p in events:
        seconds, nanoseconds = divmod(BASE_NS + t_ns, SECOND_NS)
        padding = 'xx' if data else ''
        data += struct.pack(f'{order}HH{padding}iI?x', x, y, seconds, nanoseconds, p)
    return data[:-1]


def packet(
    encoding: str, data: bytes, big_endian: bool = False, time_base_ns: int = BASE_NS
) -> Packet:
    """Return a packet of a WIDTH x HEIGHT sensor."""
    return Packet(
        encoding=encoding,
        width=WIDTH,
        height=HEIGHT,
        seq=0,
        stamp_ns=BASE_NS,
        time_base_ns=time_base_ns,
        big_endian=big_endian,
        data=np.frombuffer(data, np.uint8),
    )


class Counting:
    """Count with one decoder, pixel by pixel, into a histogram between guard bytes."""

    def __init__(self, encoding: str) -> None:
        self.decoder: Decoder = encodings.new_decoder(encoding)
        self._encoding = encoding
        self._lookup = new_lookup(resize_table(WIDTH, HEIGHT, WIDTH, HEIGHT).index, 0, 2)
        self.counts = new_event_counts()
        self._guarded = np.full(2 * GUARD + WIDTH * HEIGHT * 2, 0xA5, np.uint8)
        self.histogram = self._guarded[GUARD:-GUARD]
        self.histogram.fill(0)

    @property
    def frame(self) -> npt.NDArray[np.uint8]:
        """Return the counts: uint8 [HEIGHT, WIDTH, 2], ON first."""
        return self.histogram.reshape(HEIGHT, WIDTH, 2)

    def read(
        self,
        data: bytes,
        until_ns: int = FOREVER_NS,
        big_endian: bool = False,
        time_base_ns: int = BASE_NS,
        noise: NoiseState | None = None,
    ) -> int:
        """Count a packet's events up to a time; return the number of words read."""
        parsed = self.decoder.parse(packet(self._encoding, data, big_endian, time_base_ns))
        sink = EventSink(self._lookup, noise, self.histogram, self.counts)
        position = self.decoder.consume(parsed, 0, until_ns, sink)
        assert 0 <= position <= len(parsed.words)
        guards = self._guarded[:GUARD], self._guarded[-GUARD:]
        assert all((guard == 0xA5).all() for guard in guards)
        return position

    def events(self) -> list[tuple[int, int, int]]:
        """Return (x, y, polarity) of each place that has counts."""
        y, x, channel = np.nonzero(self.frame)
        return list(zip(x.tolist(), y.tolist(), (1 - channel).tolist(), strict=True))

    def count(self, outcome: int) -> int:
        """Return the events or words of an outcome; see event_counts."""
        return int(self.counts[outcome])


Row = tuple[int, int, int, int]  # of a reference: time in ns, x, y, polarity


def in_time(rows: list[Row]) -> list[Row]:
    """Return the rows without steps back beyond the jitter, which some encodings drop."""
    reached_ns, passed = 0, []
    for row in rows:
        if row[0] >= reached_ns - JITTER_NS:
            passed.append(row)
        reached_ns = max(reached_ns, row[0])
    return passed


def frame_of(rows: list[Row]) -> npt.NDArray[np.int64]:
    """Count the rows that are on the sensor: int64 [HEIGHT, WIDTH, 2], ON first."""
    frame = np.zeros((HEIGHT, WIDTH, 2), np.int64)
    for _, x, y, polarity in rows:
        if x < WIDTH and y < HEIGHT:
            frame[y, x, 1 - polarity] += 1
    return frame


def count_slots(
    decoder: Decoder,
    packets: list[Packet],
    ends_ns: list[int],
    noise: NoiseFilter | None = None,
) -> tuple[list[npt.NDArray[np.uint8]], EventCounts]:
    """Count all packets into one frame for each slot.

    Args:
        decoder: decoder of the packets.
        packets: packets of one camera.
        ends_ns: ends of the slots, rising; all events are before the last.
        noise: filters; None counts all events.

    Returns:
        Frames uint8 [height, width, 2], and the events and words by outcome.
    """
    height, width = packets[0].height, packets[0].width
    lookup = new_lookup(resize_table(width, height, width, height).index, 0, 2)
    frames = np.zeros((len(ends_ns), height * width * 2), np.uint8)
    counts, slot = new_event_counts(), 0
    for each in packets:
        parsed, position = decoder.parse(each), 0
        while position < len(parsed.words):
            sink = EventSink(lookup, noise.state if noise else None, frames[slot], counts)
            position = decoder.consume(parsed, position, ends_ns[slot], sink)
            if position < len(parsed.words):
                if noise:
                    noise.advance(ends_ns[slot])
                slot += 1
    return list(frames.reshape(-1, height, width, 2)), counts
