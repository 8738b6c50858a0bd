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

"""Decode libcaer: two 32-bit words per event."""

from typing import Any

import numpy as np

from spike_depth_ros.events.absolute import (
    FIRST_REGISTER,
    REACHED,
    TIME_BASE,
    AbsoluteDecoder,
)
from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.decoder import (
    JITTER_NS,
    PacketWords,
    empty_time_ns,
    time_base_ns,
    whole_words,
)
from spike_depth_ros.events.event_counts import EVENTS, UNKNOWN_WORDS
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import US_NS

# Bit layout of the first word; the second word is the time, 31 bits of microseconds.
VALID = 0x1
POLARITY_SHIFT = 1
Y_SHIFT = 2
X_SHIFT = 17
ADDRESS = 0x7FFF
TIME_MASK = 0x7FFFFFFF
EVENT_BYTES = 8

JITTER_US = JITTER_NS // US_NS

# Register: time of the last event, us from the packet's time base, unwrapped.
ELAPSED = FIRST_REGISTER


class LibcaerDecoder(AbsoluteDecoder):
    """Decoder of libcaer packets; see Decoder.

    The time may wrap within a packet; the driver's time base carries it from packet to packet.
    Events with a cleared valid bit or a negative time count as unknown words.
    """

    def __init__(self) -> None:
        super().__init__(_consume, 0)

    def parse(self, packet: Packet) -> PacketWords:
        """Return words uint32 [n, 2]; the time is that of the first valid event."""
        words = whole_words(packet, 'u4')
        words = words[: len(words) // 2 * 2].reshape(-1, 2)
        base_ns = time_base_ns(packet)
        valid = np.flatnonzero((words[:, 0] & VALID).astype(bool) & (words[:, 1] <= TIME_MASK))
        first_ns = empty_time_ns(packet, self.time_ns)
        if len(valid):
            first_ns = base_ns + US_NS * int(words[valid[0], 1])
        return PacketWords(words, first_ns, base_ns, len(packet.data) % EVENT_BYTES > 0)

    def begin(self, packet: PacketWords) -> None:
        super().begin(packet)
        if packet.first_ns is not None:
            self._state[ELAPSED] = (packet.first_ns - packet.time_base_ns) // US_NS


@compiled
def _consume(words: Any, position: Any, until_ns: Any, state: Any, sink: Any) -> Any:
    """Count events up to the first at or after until_ns; return its index."""
    time_ns, time_base, elapsed, events = state[REACHED], state[TIME_BASE], state[ELAPSED], 0
    while position < len(words):
        address, time_us = np.int64(words[position, 0]), np.int64(words[position, 1])
        if address & VALID and time_us <= TIME_MASK:
            elapsed += ((time_us - elapsed + JITTER_US) & TIME_MASK) - JITTER_US
            time_ns = max(time_ns, time_base + US_NS * elapsed)
            if time_ns >= until_ns:
                break
            x, y = address >> X_SHIFT & ADDRESS, address >> Y_SHIFT & ADDRESS
            count_event(sink, x, y, address >> POLARITY_SHIFT & 1, time_ns)
            events += 1
        else:
            sink.counts[UNKNOWN_WORDS] += 1
        position += 1
    state[REACHED], state[ELAPSED] = time_ns, elapsed
    sink.counts[EVENTS] += events
    return position
