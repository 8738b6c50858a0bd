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

"""Slow and obvious decoders to arrays, written from the encodings' descriptions."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from spike_depth_ros.events.packet import Packet

JITTER_UNITS = 10


@dataclass
class Events:
    """Hold decoded events; times in nanoseconds, as they were sent."""

    t_ns: list[int] = field(default_factory=list)
    x: list[int] = field(default_factory=list)
    y: list[int] = field(default_factory=list)
    polarity: list[int] = field(default_factory=list)
    triggers: list[int] = field(default_factory=list)

    def add(self, t_ns: int, x: int, y: int, polarity: int) -> None:
        """Append one event."""
        for column, value in zip(
            (self.t_ns, self.x, self.y, self.polarity), (t_ns, x, y, polarity), strict=True
        ):
            column.append(value)

    def rows(self) -> list[tuple[int, int, int, int]]:
        """Return (t_ns, x, y, polarity) of each event."""
        return list(zip(self.t_ns, self.x, self.y, self.polarity, strict=True))


def words_of(packet: Packet, size: int) -> list[int]:
    """Return the packet as unsigned integers of so many bytes."""
    order = 'big' if packet.big_endian else 'little'
    data = packet.data.tobytes()
    return [
        int.from_bytes(data[start : start + size], order)
        for start in range(0, len(data) // size * size, size)
    ]


def decode_evt3(packets: Iterable[Packet]) -> Events:
    """Decode packets of evt3 without losses; the time is unwrapped from the first TIME_HIGH."""
    events = Events()
    high = low = y = base = base_polarity = 0
    started = False
    for word in (word for packet in packets for word in words_of(packet, 2)):
        kind, payload = word >> 12, word & 0xFFF
        t_ns = (high * 4096 + low) * 1000
        if kind == 0x8:
            last, wraps = high % 4096, high // 4096
            if started and payload - last >= 4096 - JITTER_UNITS:
                wraps -= 1  # a jitter's step back over the wrap
            elif last - payload > JITTER_UNITS:
                wraps += 1
            high, low, started = wraps * 4096 + payload, 0, True
        elif kind == 0x6:
            low = payload
        elif kind == 0x0:
            y = payload & 0x7FF
        elif kind == 0x2:
            events.add(t_ns, payload & 0x7FF, y, payload >> 11)
        elif kind == 0x3:
            base, base_polarity = payload & 0x7FF, payload >> 11
        elif kind in (0x4, 0x5):
            span = 12 if kind == 0x4 else 8
            for bit in range(span):
                if payload >> bit & 1:
                    events.add(t_ns, base + bit, y, base_polarity)
            base += span
        elif kind == 0xA:
            events.triggers.append(payload & 1)
    return events


def decode_evt2(packets: Iterable[Packet]) -> Events:
    """Decode packets of evt2 without losses; events before the first TIME_HIGH are left out."""
    events, high = Events(), None
    for word in (word for packet in packets for word in words_of(packet, 4)):
        kind = word >> 28
        if kind == 0x8:
            high = _nearest(high, word % 2**28)
        elif kind in (0, 1) and high is not None:
            t_us = high * 64 + (word >> 22) % 64
            events.add(t_us * 1000, (word >> 11) % 2048, word % 2048, kind)
        elif kind == 0xA:
            events.triggers.append(word % 2)
    return events


def decode_evt21(packets: Iterable[Packet]) -> Events:
    """Decode packets of evt21 without losses; events before the first TIME_HIGH are left out."""
    events, high = Events(), None
    for word in (word for packet in packets for word in words_of(packet, 8)):
        kind = word >> 60
        if kind == 0x8:
            high = _nearest(high, (word >> 32) % 2**28)
        elif kind in (0, 1) and high is not None:
            t_us = high * 64 + (word >> 54) % 64
            for bit in range(32):
                if word >> bit & 1:
                    x, y = (word >> 43) % 2048 + bit, (word >> 32) % 2048
                    events.add(t_us * 1000, x, y, kind)
        elif kind == 0xA:
            events.triggers.append((word >> 32) % 2)
    return events


def _nearest(before: int | None, payload: int) -> int:
    """Return the unwrapped TIME_HIGH of 28 bits nearest to the one before."""
    if before is None:
        return payload
    rounds = range(before // 2**28 - 1, before // 2**28 + 2)
    return min((n * 2**28 + payload for n in rounds), key=lambda high: abs(high - before))


def decode_mono(packets: Iterable[Packet]) -> Events:
    """Decode packets of mono."""
    events = Events()
    for packet in packets:
        for word in words_of(packet, 8):
            t_ns = packet.time_base_ns + word % 2**32
            events.add(t_ns, word >> 32 & 0xFFFF, word >> 48 & 0x7FFF, word >> 63)
    return events


def decode_libcaer(packets: Iterable[Packet]) -> Events:
    """Decode packets of libcaer whose events are all valid."""
    events = Events()
    for packet in packets:
        words = words_of(packet, 4)
        base_us = last = 0
        for address, t_us in zip(words[::2], words[1::2], strict=True):
            if t_us < last:
                base_us += 2**31
            last = t_us
            t_ns = packet.time_base_ns + 1000 * (base_us + t_us)
            events.add(t_ns, address >> 17, address >> 2 & 0x7FFF, address >> 1 & 1)
    return events


def decode_libcaer_cmp(packets: Iterable[Packet]) -> Events:
    """Decode packets of libcaer_cmp without losses; events before the first x are left out."""
    events = Events()
    x = None
    base, base_polarity = 2048, 0
    for packet in packets:
        high = low = 0
        for word in words_of(packet, 2):
            kind, payload = word >> 12, word & 0xFFF
            t_ns = packet.time_base_ns + (high * 4096 + low) * 1000
            if kind == 0x0:
                high = payload
            elif kind == 0x1:
                low = payload
            elif kind == 0x2:
                x = payload & 0x7FF
            elif kind == 0x3 and x is not None:
                events.add(t_ns, x, payload & 0x7FF, payload >> 11)
            elif kind == 0x4:
                base, base_polarity = payload & 0x7FF, payload >> 11
            elif kind == 0x5:
                for bit in range(8):
                    if payload >> bit & 1 and x is not None:
                        events.add(t_ns, x, base + bit, base_polarity)
                base += 8
    return events


def decode_dvs_msgs(packets: Iterable[Packet]) -> Events:
    """Decode the events of dvs_msgs/EventArray, field by field; those without a time are left out.

    CDR aligns each field to its own size within the message, and the events start aligned to 4.
    """
    events = Events()
    for packet in packets:
        order = 'big' if packet.big_endian else 'little'
        data = packet.data.tobytes()
        position = 0
        while True:
            fields = []
            for size in (2, 2, 4, 4, 1):
                position += -position % size
                fields.append(int.from_bytes(data[position : position + size], order))
                position += size
            if position > len(data):
                break
            x, y, seconds, nanoseconds, polarity = fields
            if seconds < 2**31 and nanoseconds < 10**9:
                events.add(seconds * 10**9 + nanoseconds, x, y, int(polarity != 0))
    return events


DECODERS = {
    'dvs_msgs': decode_dvs_msgs,
    'evt2': decode_evt2,
    'evt21': decode_evt21,
    'evt3': decode_evt3,
    'libcaer': decode_libcaer,
    'libcaer_cmp': decode_libcaer_cmp,
    'mono': decode_mono,
}


def windows(events: Events, window_ns: int, hop_ns: int, width: int, height: int) -> dict:
    """Return the frames of windows with events: end_ns -> uint8 [height, width, 2], ON first."""
    reached = np.maximum.accumulate(np.array(events.t_ns, np.int64))
    x, y = np.array(events.x, np.int64), np.array(events.y, np.int64)
    place = (y * width + x) * 2 + 1 - np.array(events.polarity, np.int64)
    on_sensor = (x < width) & (y < height)
    first_ends = (reached // hop_ns + 1) * hop_ns
    ends = {
        end + late
        for end in np.unique(first_ends).tolist()
        for late in range(0, window_ns, hop_ns)
    }
    frames = {}
    for end_ns in sorted(ends):
        inside = on_sensor & (end_ns - window_ns <= reached) & (reached < end_ns)
        counts = np.bincount(place[inside], minlength=height * width * 2)
        frames[end_ns] = np.minimum(counts, 255).astype(np.uint8).reshape(height, width, 2)
    return {end_ns: frame for end_ns, frame in frames.items() if frame.any()}
