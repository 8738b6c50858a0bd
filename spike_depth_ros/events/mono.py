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

"""Count mono: one 64-bit word an event."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.absolute import REACHED, TIME_BASE, AbsoluteDecoder
from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.decoder import JITTER_NS, empty_time_ns, time_base_ns, whole_words
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.tally import BACKWARD_EVENTS, EVENTS

# Bit layout. The time counts nanoseconds from the packet's time base.
TIME_MASK = 0xFFFFFFFF
X_SHIFT, X_MASK = 32, 0xFFFF
Y_SHIFT, Y_MASK = 48, 0x7FFF
POLARITY_SHIFT = 63


class MonoDecoder(AbsoluteDecoder):
    """Follow one camera's mono stream; see Decoder.

    An event further back than jitter within a packet has no right time: dropped and counted.
    """

    word_bytes = 8

    def __init__(self) -> None:
        super().__init__(_consume)

    def open(self, packet: Packet) -> npt.NDArray[np.int64]:
        """Return a packet's whole words, its times known; see Decoder."""
        words = whole_words(packet, 'i8')
        self.state[TIME_BASE] = time_base_ns(packet)
        if len(words):
            self.first_ns = int(self.state[TIME_BASE]) + (int(words[0]) & TIME_MASK)
        else:
            self.first_ns = empty_time_ns(packet, self.time_ns)
        return words


@compiled
def _consume(
    words: Any,
    position: Any,
    until_ns: Any,
    state: Any,
    lookup: Any,
    noise: Any,
    histogram: Any,
    tally: Any,
) -> Any:
    """Count events up to the first at or after until_ns; return its position."""
    time_ns, time_base, events = state[REACHED], state[TIME_BASE], 0
    while position < len(words):
        word = np.int64(words[position])
        stamp = time_base + (word & TIME_MASK)
        if stamp >= time_ns - JITTER_NS:
            time_ns = max(time_ns, stamp)
            if time_ns >= until_ns:
                break
            x, y = word >> X_SHIFT & X_MASK, word >> Y_SHIFT & Y_MASK
            polarity = word >> POLARITY_SHIFT & 1
            count_event(lookup, x, y, polarity, time_ns, noise, histogram, tally)
            events += 1
        else:
            tally[BACKWARD_EVENTS] += 1
        position += 1
    state[REACHED] = time_ns
    tally[EVENTS] += events
    return position
