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

"""Decode evt2 (Prophesee EVT 2.0): 32-bit words, one event each."""

from typing import Any

import numpy as np

from spike_depth_ros.events import high_time as evt2
from spike_depth_ros.events.compiled import compiled
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

# Bit layout of an event; of a trigger, the edge.
TYPE_SHIFT, LOW_SHIFT, X_SHIFT = 28, 22, 11
ADDRESS = 0x7FF
EDGE = 0x1


class Evt2Decoder(HighTimeDecoder):
    """Decoder of evt2 packets; see HighTimeDecoder."""

    def __init__(self) -> None:
        super().__init__('u4', _first_time, _consume)


def time_words(t_us: int) -> bytes:
    """Return words that hold a time alone: TIME_HIGH, and OTHERS with the lowest bits."""
    high, low = t_us >> evt2.LOW_BITS & evt2.HIGH, t_us & evt2.LOW
    words = [evt2.TIME_HIGH << TYPE_SHIFT | high, evt2.OTHERS << TYPE_SHIFT | low << LOW_SHIFT]
    return np.array(words, '<u4').tobytes()


@compiled
def _first_time(words: Any, state: Any) -> Any:
    """Return the time of the first word with all bits, else of the first TIME_HIGH, us."""
    high, knowledge, time_us = state[UNWRAPPED], state[KNOWLEDGE], NO_TIME
    for each in words:
        word = np.int64(each)
        kind = word >> TYPE_SHIFT
        if kind == evt2.TIME_HIGH:
            high = evt2.follow(high, word & evt2.HIGH, knowledge)
            knowledge = evt2.KNOWN
            if time_us == NO_TIME:
                time_us = evt2.time_of(high, 0)
        elif knowledge == evt2.KNOWN and evt2.HAS_TIME >> kind & 1:
            return evt2.time_of(high, word >> LOW_SHIFT & evt2.LOW)
    return time_us


@compiled
def _consume(words: Any, position: Any, until_us: Any, state: Any, sink: Any) -> Any:
    """Count events up to the first at or after until_us; return its index."""
    high, reached, knowledge, events = state[UNWRAPPED], state[REACHED], state[KNOWLEDGE], 0
    while position < len(words) and reached < until_us:
        word = np.int64(words[np.uint64(position)])
        kind = word >> TYPE_SHIFT
        time_us = evt2.time_of(high, word >> LOW_SHIFT & evt2.LOW)
        if kind <= evt2.ON:
            if knowledge != evt2.KNOWN:
                sink.counts[STALE_EVENTS] += 1
            elif time_us < reached - evt2.JITTER_US:
                sink.counts[BACKWARD_EVENTS] += 1
            else:
                reached = max(reached, time_us)
                if reached >= until_us:
                    break
                x, y = word >> X_SHIFT & ADDRESS, word & ADDRESS
                count_event(sink, x, y, kind, reached * US_NS)
                events += 1
        elif kind == evt2.TIME_HIGH:
            high = evt2.follow(high, word & evt2.HIGH, knowledge)
            knowledge = evt2.KNOWN
            reached = max(reached, evt2.time_of(high, 0))
        elif kind == evt2.EXT_TRIGGER or kind == evt2.OTHERS:
            if knowledge == evt2.KNOWN:
                reached = max(reached, time_us)
            if kind == evt2.EXT_TRIGGER:
                sink.counts[TRIGGERS + (word & EDGE)] += 1
        elif kind != evt2.CONTINUED:
            sink.counts[UNKNOWN_WORDS] += 1
        position += 1
    state[UNWRAPPED], state[REACHED], state[KNOWLEDGE] = high, reached, knowledge
    sink.counts[EVENTS] += events
    return position
