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

"""Decode libcaer_cmp: 16-bit words, type in bits 15..12, payload below."""

from typing import Any

import numpy as np

from spike_depth_ros.events.absolute import (
    FIRST_REGISTER,
    NO_TIME,
    REACHED,
    TIME_BASE,
    AbsoluteDecoder,
)
from spike_depth_ros.events.bits import lowest_bit
from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.decoder import (
    JITTER_NS,
    PacketWords,
    empty_time_ns,
    time_base_ns,
    whole_words,
)
from spike_depth_ros.events.event_counts import (
    BACKWARD_EVENTS,
    EVENTS,
    STALE_EVENTS,
    UNKNOWN_WORDS,
)
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import US_NS

# Bit layout. The time counts microseconds from the packet's time base; both halves start at 0.
WORD_BYTES = 2
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
OFF_SENSOR = ADDRESS + 1  # vector base before any VECT_BASE_Y, and upper limit of bases

UNKNOWN_COLUMN = -1

# Registers: time, us from the packet's time base; x; vector base and its polarity.
ELAPSED, COLUMN, BASE, BASE_POLARITY = range(FIRST_REGISTER, FIRST_REGISTER + 4)


class LibcaerCmpDecoder(AbsoluteDecoder):
    """Decoder of libcaer_cmp packets; see Decoder.

    Events before the first ADDR_X, also after a packet loss, are stale; vectors without a base
    count as outside. An event that is earlier than the time reached by more than the jitter is
    dropped and counted.
    """

    def __init__(self) -> None:
        super().__init__(_consume, 0, UNKNOWN_COLUMN, OFF_SENSOR, 0)

    def parse(self, packet: Packet) -> PacketWords:
        """Return words uint16 [n]; the time is that of the first event, else the last time."""
        words = whole_words(packet, 'u2')
        base_ns = time_base_ns(packet)
        elapsed_us = int(_first_time(words))
        first_ns = empty_time_ns(packet, self.time_ns)
        if elapsed_us != NO_TIME:
            first_ns = base_ns + US_NS * elapsed_us
        return PacketWords(words, first_ns, base_ns, len(packet.data) % WORD_BYTES > 0)

    def begin(self, packet: PacketWords) -> None:
        super().begin(packet)
        self._state[ELAPSED] = 0

    def on_packet_loss(self) -> None:
        """Drop x and the vector base."""
        self._state[COLUMN] = UNKNOWN_COLUMN
        self._state[BASE] = OFF_SENSOR


@inlined
def _later(elapsed: Any, kind: Any, payload: Any) -> Any:
    """Return the time after a time word, us."""
    if kind == TIME_HIGH:
        return payload << TIME_LOW_BITS | elapsed & PAYLOAD
    return elapsed >> TIME_LOW_BITS << TIME_LOW_BITS | payload


@compiled
def _first_time(words: Any) -> Any:
    """Return the time of the first event, or without events the time of all time words, us."""
    elapsed, has_time = np.int64(0), False
    for word in words:
        kind, payload = np.int64(word >> TYPE_SHIFT), np.int64(word & PAYLOAD)
        if kind <= TIME_LOW:
            elapsed, has_time = _later(elapsed, kind, payload), True
        elif kind in (ADDR_Y, VECT_8):
            return elapsed
    return elapsed if has_time else NO_TIME


@compiled
def _consume(words: Any, position: Any, until_ns: Any, state: Any, sink: Any) -> Any:
    """Count events up to the first at or after until_ns; return its index."""
    reached, x = state[REACHED], state[COLUMN]
    elapsed, base, base_polarity = state[ELAPSED], state[BASE], state[BASE_POLARITY]
    while position < len(words):
        word = np.int64(words[np.uint64(position)])
        kind, payload = word >> TYPE_SHIFT, word & PAYLOAD
        if kind in (ADDR_Y, VECT_8):
            time_ns = state[TIME_BASE] + US_NS * elapsed
            if max(reached, time_ns) >= until_ns:
                reached = max(reached, time_ns)
                break
            if kind == ADDR_Y:
                y, polarity, bits = payload & ADDRESS, payload >> POLARITY_SHIFT, np.uint64(1)
            else:
                y, polarity, bits = base, base_polarity, np.uint64(payload & VECTOR_BITS)
                base = min(base + VECTOR_SPAN, OFF_SENSOR)
            reached = _count_events(sink, x, y, polarity, bits, time_ns, reached)
        elif kind <= TIME_LOW:
            elapsed = _later(elapsed, kind, payload)
        elif kind == ADDR_X:
            x = payload & ADDRESS
        elif kind == VECT_BASE_Y:
            base, base_polarity = payload & ADDRESS, payload >> POLARITY_SHIFT
        else:
            sink.counts[UNKNOWN_WORDS] += 1
        position += 1
    state[REACHED], state[COLUMN] = reached, x
    state[ELAPSED], state[BASE], state[BASE_POLARITY] = elapsed, base, base_polarity
    return position


@inlined
def _count_events(
    sink: Any, x: Any, first_y: Any, polarity: Any, bits: Any, time_ns: Any, reached: Any
) -> Any:
    """Count an event at first_y + i for each set bit i; return the time reached, ns."""
    outcome = EVENTS
    if x == UNKNOWN_COLUMN:
        outcome = STALE_EVENTS
    elif time_ns < reached - JITTER_NS:
        outcome = BACKWARD_EVENTS
    else:
        reached = max(reached, time_ns)
    while bits:
        sink.counts[outcome] += 1
        if outcome == EVENTS:
            count_event(sink, x, first_y + np.int64(lowest_bit(bits)), polarity, reached)
        bits &= bits - np.uint64(1)
    return reached
