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

"""Synthetic cameras: events as packets of every encoding."""

import struct
from dataclasses import replace
from itertools import pairwise

import numpy as np

from spike_depth_ros.events.evt3_encoder import Evt3Encoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from testing.recordings import prophesee

WIDTH, HEIGHT = 12, 8
OFFSET_NS = 3_000_000_000  # header stamp minus sensor time

# Event: time in us, x, y, polarity.
Event = tuple[int, int, int, int]


class Camera:
    """Encode events as the packets of one driver, with correct header stamps."""

    def __init__(self, encoding: str) -> None:
        self.encoding = encoding
        self.seq = 0
        self._evt3 = Evt3Encoder()
        self._column: int | None = None  # last x in a packet of libcaer_cmp

    def send(self, events: list[Event], until_us: int | None = None) -> Packet:
        """Return the next packet.

        Args:
            events: events in order of time.
            until_us: sensor time that the packet reaches, None for that of the last event.
        """
        if not events and until_us is None:
            raise ValueError('an empty packet needs until_us')
        start_us = events[0][0] if events else until_us or 0
        packet = Packet(
            encoding=self.encoding,
            width=WIDTH,
            height=HEIGHT,
            seq=self.seq,
            stamp_ns=start_us * 1000 + OFFSET_NS,
            time_base_ns=0,
            big_endian=False,
            data=np.zeros(0, np.uint8),
        )
        self.seq += 1
        return getattr(self, f'_{self.encoding}_packet')(packet, events, start_us, until_us)

    def _evt3_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        t_us, x, y, polarity = np.array(events, np.int64).reshape(-1, 4).T
        data = self._evt3.encode(t_us, x, y, polarity, until_us)
        return replace(packet, data=np.frombuffer(data, np.uint8))

    def _evt2_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        words = prophesee.evt2(_arrays(events))
        if until_us is not None:
            high, low = until_us >> 6 & 0xFFFFFFF, until_us & 0x3F
            words = np.append(words, np.array([0x8 << 28 | high, 0xE << 28 | low << 22], '<u4'))
        return replace(packet, data=words.view(np.uint8))

    def _evt21_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        words = prophesee.evt21(_arrays(events))
        if until_us is not None:
            high, low = until_us >> 6 & 0xFFFFFFF, until_us & 0x3F
            end = np.array([0x8 << 60 | high << 32, 0xE << 60 | low << 54], '<u8')
            words = np.append(words, end)
        return replace(packet, data=words.view(np.uint8))

    def _mono_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        words = [(p << 63) | y << 48 | x << 32 | (t - start_us) * 1000 for t, x, y, p in events]
        data = np.array(words, '<u8').view(np.uint8)
        return replace(packet, time_base_ns=start_us * 1000, data=data)

    def _libcaer_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        base_us = start_us >> 31 << 31 if events else start_us
        words = [(x << 17 | y << 2 | p << 1 | 1, t & (2**31 - 1)) for t, x, y, p in events]
        data = np.array(words, '<u4').reshape(-1).view(np.uint8)
        return replace(packet, time_base_ns=base_us * 1000, data=data)

    def _libcaer_cmp_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        """Encode events of odd rows as vectors, with the events of the next rows that fit."""
        if events and (events[-1][0] - start_us) >> 24:
            raise ValueError('a packet of libcaer_cmp has room for 16.7 s')
        words, high, low = [], 0, 0
        while events:
            t_us, x, y, polarity = events[0]
            if (t_us - start_us) >> 12 != high:
                high = (t_us - start_us) >> 12
                words.append(0x0000 | high)
            if (t_us - start_us) & 0xFFF != low:
                low = (t_us - start_us) & 0xFFF
                words.append(0x1000 | low)
            if x != self._column:
                self._column = x
                words.append(0x2000 | x)
            rows = _rising_rows(events) if y % 2 else [y]
            words.append((0x4000 if y % 2 else 0x3000) | polarity << 11 | y)
            if y % 2:
                words.append(0x5000 | sum(1 << row - y for row in rows))
            events = events[len(rows) :]
        data = np.array(words, '<u2').view(np.uint8)
        return replace(packet, time_base_ns=start_us * 1000, data=data)

    def _dvs_msgs_packet(
        self, packet: Packet, events: list[Event], start_us: int, until_us: int | None
    ) -> Packet:
        """Use the sensor time as the ROS time of events."""
        data = b''
        for t_us, x, y, polarity in events:
            seconds, us = divmod(t_us, 1_000_000)
            padding = 'xx' if data else ''
            data += struct.pack(f'<HH{padding}iI?x', x, y, seconds, us * 1000, polarity)
        data = data[:-1]  # padding goes before an event's time, as the next event needs it
        return replace(
            packet, seq=None, time_base_ns=start_us * 1000, data=np.frombuffer(data, np.uint8)
        )


def _arrays(events: list[Event]) -> EventArrays:
    t_us, x, y, polarity = np.array(events, np.int64).reshape(-1, 4).T
    return EventArrays(t_us * 1000, x, y, polarity)


def _rising_rows(events: list[Event]) -> list[int]:
    """Return the rows of the first events that one vector of libcaer_cmp can hold."""
    t_us, x, first, polarity = events[0]
    rows = [first]
    for time, column, y, sign in events[1:]:
        if (time, column, sign) != (t_us, x, polarity) or not rows[-1] < y < first + 8:
            break
        rows.append(y)
    return rows


def split(camera: Camera, events: list[Event], cuts: list[int], end_us: int) -> list[Packet]:
    """Return packets of all events, cut at some indexes, and an empty one that reaches end_us."""
    edges = sorted({min(cut, len(events)) for cut in cuts} | {0, len(events)})
    packets = [camera.send(events[a:b]) for a, b in pairwise(edges)]
    return [*packets, camera.send([], until_us=end_us)]
