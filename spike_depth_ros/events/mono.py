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

"""Decode mono: one 64-bit word per event."""

from typing import Any

import numpy as np

from spike_depth_ros.events.absolute import REACHED, TIME_BASE, AbsoluteDecoder
from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.decoder import (
    JITTER_NS,
    PacketWords,
    empty_time_ns,
    time_base_ns,
    whole_words,
)
from spike_depth_ros.events.event_counts import BACKWARD_EVENTS, EVENTS
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.packet import Packet

# Bit layout. The time counts nanoseconds from the packet's time base.
TIME_MASK = 0xFFFFFFFF
X_SHIFT, X_MASK = 32, 0xFFFF
Y_SHIFT, Y_MASK = 48, 0x7FFF
POLARITY_SHIFT = 63
WORD_BYTES = 8


class MonoDecoder(AbsoluteDecoder):
    """Decoder of mono packets; see Decoder.

    An event that is earlier than the time reached by more than the jitter is dropped and counted.
    """

    def __init__(self) -> None:
        super().__init__(_consume)

    def parse(self, packet: Packet) -> PacketWords:
        """Return words int64 [n]; the time is that of the first event."""
        words = whole_words(packet, 'i8')
        base_ns = time_base_ns(packet)
        first_ns = empty_time_ns(packet, self.time_ns)
        if len(words):
            first_ns = base_ns + (int(words[0]) & TIME_MASK)
        return PacketWords(words, first_ns, base_ns, len(packet.data) % WORD_BYTES > 0)


@compiled
def _consume(words: Any, position: Any, until_ns: Any, state: Any, sink: Any) -> Any:
    """Count events up to the first at or after until_ns; return its index."""
    time_ns, time_base, events = state[REACHED], state[TIME_BASE], 0
    while position < len(words):
        word = np.int64(words[position])
        stamp = time_base + (word & TIME_MASK)
        if stamp >= time_ns - JITTER_NS:
            time_ns = max(time_ns, stamp)
            if time_ns >= until_ns:
                break
            x, y = word >> X_SHIFT & X_MASK, word >> Y_SHIFT & Y_MASK
            count_event(sink, x, y, word >> POLARITY_SHIFT & 1, time_ns)
            events += 1
        else:
            sink.counts[BACKWARD_EVENTS] += 1
        position += 1
    state[REACHED] = time_ns
    sink.counts[EVENTS] += events
    return position
