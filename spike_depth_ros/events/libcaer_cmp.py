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

"""Count libcaer_cmp: 16-bit words, type in bits 15..12, payload below."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.absolute import (
    FIRST_OWN,
    NO_TIME,
    REACHED,
    TIME_BASE,
    AbsoluteDecoder,
)
from spike_depth_ros.events.bits import lowest_bit
from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.decoder import JITTER_NS, empty_time_ns, time_base_ns, whole_words
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.tally import (
    BACKWARD_EVENTS,
    EVENTS,
    STALE_EVENTS,
    UNKNOWN_WORDS,
)
from spike_depth_ros.units import US_NS

# Bit layout. The time counts microseconds from the packet's time base, both halves from 0.
TYPE_SHIFT = 12
PAYLOAD = 0xFFF
TIME_HIGH = 0  # bits 23..12 of the time
TIME_LOW = 1  # bits 11..0
ADDR_X = 2  # x of the events that follow
ADDR_Y = 3  # one event: y, polarity
VECT_BASE_Y = 4  # y, polarity of the vectors that follow
VECT_8 = 5  # 8 validity bits: an event at base + i for each; moves the base by 8
TIME_LOW_BITS = 12
ADDRESS = 0x7FF
POLARITY_SHIFT = 11
VECTOR_SPAN = 8
VECTOR_BITS = 0xFF
OFF_SENSOR = ADDRESS + 1  # a vector base that no VECT_BASE_Y has set; bases stop here

UNKNOWN_COLUMN = -1

# Own places of the state: time of the words, us from the packet's time base; the kept x; vector
# base and polarity.
ELAPSED, COLUMN, BASE, BASE_POLARITY = range(FIRST_OWN, FIRST_OWN + 4)


class LibcaerCmpDecoder(AbsoluteDecoder):
    """Follow one camera's libcaer_cmp stream; see Decoder.

    Events before the first ADDR_X, also after lost packets, are stale; vectors without a base
    count as outside. An event further back than jitter has no right time: dropped and counted.
    """

    word_bytes = 2

    def __init__(self) -> None:
        super().__init__(_consume, 0, UNKNOWN_COLUMN, OFF_SENSOR, 0)

    def open(self, packet: Packet) -> npt.NDArray[np.uint16]:
        """Return a packet's whole words, its times known; see Decoder."""
        words: npt.NDArray[np.uint16] = whole_words(packet, 'u2')
        self.state[TIME_BASE] = time_base_ns(packet)
        self.state[ELAPSED] = 0
        elapsed_us = _first_time(words)
        if elapsed_us == NO_TIME:
            self.first_ns = empty_time_ns(packet, self.time_ns)
        else:
            self.first_ns = int(self.state[TIME_BASE]) + US_NS * int(elapsed_us)
        return words

    def lose(self) -> None:
        """Trust neither the kept x nor the vector base."""
        self.state[COLUMN] = UNKNOWN_COLUMN
        self.state[BASE] = OFF_SENSOR


@inlined
def _later(elapsed: Any, kind: Any, payload: Any) -> Any:
    """Return the time, us, after a time word."""
    if kind == TIME_HIGH:
        return payload << TIME_LOW_BITS | elapsed & PAYLOAD
    return elapsed >> TIME_LOW_BITS << TIME_LOW_BITS | payload


@compiled
def _first_time(words: Any) -> Any:
    """Return the time of the first event, or that of all time words where there is none, us."""
    elapsed, has_time = np.int64(0), False
    for word in words:
        kind, payload = np.int64(word >> TYPE_SHIFT), np.int64(word & PAYLOAD)
        if kind <= TIME_LOW:
            elapsed, has_time = _later(elapsed, kind, payload), True
        elif kind in (ADDR_Y, VECT_8):
            return elapsed
    return elapsed if has_time else NO_TIME


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
    reached, time_base = state[REACHED], state[TIME_BASE]
    elapsed, x = state[ELAPSED], state[COLUMN]
    base, base_polarity = state[BASE], state[BASE_POLARITY]
    while position < len(words):
        word = np.int64(words[np.uint64(position)])
        kind, payload = word >> TYPE_SHIFT, word & PAYLOAD
        if kind in (ADDR_Y, VECT_8):
            time_ns = time_base + US_NS * elapsed
            if max(reached, time_ns) >= until_ns:
                reached = max(reached, time_ns)
                break
            first, polarity, bits = base, base_polarity, np.uint64(payload & VECTOR_BITS)
            if kind == ADDR_Y:
                first, polarity = payload & ADDRESS, payload >> POLARITY_SHIFT
                bits = np.uint64(1)
            else:
                base = min(base + VECTOR_SPAN, OFF_SENSOR)
            drop = EVENTS
            if x == UNKNOWN_COLUMN:
                drop = STALE_EVENTS
            elif time_ns < reached - JITTER_NS:
                drop = BACKWARD_EVENTS
            else:
                reached = max(reached, time_ns)
            while bits:
                y = first + np.int64(lowest_bit(bits))
                bits &= bits - np.uint64(1)
                tally[drop] += 1
                if drop == EVENTS:
                    count_event(lookup, x, y, polarity, reached, noise, histogram, tally)
        elif kind <= TIME_LOW:
            elapsed = _later(elapsed, kind, payload)
        elif kind == ADDR_X:
            x = payload & ADDRESS
        elif kind == VECT_BASE_Y:
            base, base_polarity = payload & ADDRESS, payload >> POLARITY_SHIFT
        else:
            tally[UNKNOWN_WORDS] += 1
        position += 1
    state[REACHED], state[ELAPSED], state[COLUMN] = reached, elapsed, x
    state[BASE], state[BASE_POLARITY] = base, base_polarity
    return position
