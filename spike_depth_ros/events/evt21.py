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

"""Decode evt21 (Prophesee EVT 2.1): 64-bit words, up to 32 events of one row each.

The halves of a word are in the order of today's cameras: type and time in the upper half. Files of
the first IMX636 cameras swap them; see recordings/prophesee.
"""

from typing import Any

import numpy as np

from spike_depth_ros.events import high_time as evt21
from spike_depth_ros.events.bits import lowest_bit
from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.event_counts import (
    BACKWARD_EVENTS,
    EVENTS,
    STALE_EVENTS,
    TRIGGERS,
    UNKNOWN_WORDS,
)
from spike_depth_ros.events.high_time import (
    KNOWLEDGE,
    NO_TIME,
    REACHED,
    UNWRAPPED,
    HighTimeDecoder,
)
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.units import US_NS

# Bit layout of events: x is that of bit 0 of the valid bits. Of a trigger: the edge.
TYPE_SHIFT, LOW_SHIFT, X_SHIFT, Y_SHIFT = 60, 54, 43, 32
TYPE, ADDRESS, VALID = 0xF, 0x7FF, 0xFFFFFFFF
HIGH_SHIFT, EDGE_SHIFT = 32, 32


class Evt21Decoder(HighTimeDecoder):
    """Decoder of evt21 packets; see HighTimeDecoder."""

    def __init__(self) -> None:
        super().__init__('i8', _first_time, _consume)


def time_words(t_us: int) -> bytes:
    """Return words that hold a time alone: TIME_HIGH, and OTHERS with the lowest bits."""
    high, low = t_us >> evt21.LOW_BITS & evt21.HIGH, t_us & evt21.LOW
    words = [
        evt21.TIME_HIGH << TYPE_SHIFT | high << HIGH_SHIFT,
        evt21.OTHERS << TYPE_SHIFT | low << LOW_SHIFT,
    ]
    return np.array(words, '<u8').tobytes()


@compiled
def _first_time(words: Any, state: Any) -> Any:
    """Return the time of the first word with all bits, else of the first TIME_HIGH, us."""
    high, knowledge, time_us = state[UNWRAPPED], state[KNOWLEDGE], NO_TIME
    for word in words:
        kind = word >> TYPE_SHIFT & TYPE
        if kind == evt21.TIME_HIGH:
            high = evt21.follow(high, word >> HIGH_SHIFT & evt21.HIGH, knowledge)
            knowledge = evt21.KNOWN
            if time_us == NO_TIME:
                time_us = evt21.time_of(high, 0)
        elif knowledge == evt21.KNOWN and evt21.HAS_TIME >> kind & 1:
            return evt21.time_of(high, word >> LOW_SHIFT & evt21.LOW)
    return time_us


@compiled
def _consume(words: Any, position: Any, until_us: Any, state: Any, sink: Any) -> Any:
    """Count events up to the first at or after until_us; return its word's index."""
    high, reached, knowledge = state[UNWRAPPED], state[REACHED], state[KNOWLEDGE]
    while position < len(words) and reached < until_us:
        word = words[np.uint64(position)]
        kind = word >> TYPE_SHIFT & TYPE
        time_us = evt21.time_of(high, word >> LOW_SHIFT & evt21.LOW)
        if kind <= evt21.ON:
            if knowledge != evt21.KNOWN:
                sink.counts[STALE_EVENTS] += _events_of(word)
            elif time_us < reached - evt21.JITTER_US:
                sink.counts[BACKWARD_EVENTS] += _events_of(word)
            else:
                reached = max(reached, time_us)
                if reached >= until_us:
                    break
                _count_row(sink, word, kind, reached * US_NS)
        elif kind == evt21.TIME_HIGH:
            high = evt21.follow(high, word >> HIGH_SHIFT & evt21.HIGH, knowledge)
            knowledge = evt21.KNOWN
            reached = max(reached, evt21.time_of(high, 0))
        elif kind == evt21.EXT_TRIGGER or kind == evt21.OTHERS:
            if knowledge == evt21.KNOWN:
                reached = max(reached, time_us)
            if kind == evt21.EXT_TRIGGER:
                sink.counts[TRIGGERS + (word >> EDGE_SHIFT & 1)] += 1
        elif kind != evt21.CONTINUED:
            sink.counts[UNKNOWN_WORDS] += 1
        position += 1
    state[UNWRAPPED], state[REACHED], state[KNOWLEDGE] = high, reached, knowledge
    return position


@inlined
def _count_row(sink: Any, word: Any, polarity: Any, time_ns: Any) -> None:
    """Count the events of a word's valid bits."""
    base, y = word >> X_SHIFT & ADDRESS, word >> Y_SHIFT & ADDRESS
    bits, events = np.uint64(word & VALID), 0
    while bits:
        count_event(sink, base + np.int64(lowest_bit(bits)), y, polarity, time_ns)
        bits &= bits - np.uint64(1)
        events += 1
    sink.counts[EVENTS] += events


@inlined
def _events_of(word: Any) -> Any:
    """Return the number of valid bits."""
    bits, count = np.uint64(word & VALID), 0
    while bits:
        bits &= bits - np.uint64(1)
        count += 1
    return count
