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

"""Count evt3 (Prophesee EVT 3.0) straight from its words."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.bits import lowest_bit
from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.decoder import whole_words
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.lookup import Lookup
from spike_depth_ros.events.noise import NoiseState
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.tally import (
    EVENTS,
    STALE_EVENTS,
    TRIGGERS,
    UNKNOWN_WORDS,
    new_tally,
)
from spike_depth_ros.units import US_NS

HIGH_JITTER = 10
HIGH_WRAP = 1 << (evt3.TIME_BITS - evt3.TIME_LOW_BITS)
NO_TIME = -(1 << 62)  # microseconds before any clock's zero
OFF_SENSOR = evt3.ADDRESS + 1  # a vector base that no VECT_BASE_X has set; bases stop here

# Places of the state, int64 [STATE_SIZE]: unwrapped TIME_HIGH, time reached in us, current row,
# vector base and polarity, and which words are missing before events can be trusted.
HIGH, TIME, ROW, BASE, BASE_POLARITY, MISSING = range(6)
STATE_SIZE = 6
NO_HIGH, NO_LOW, NO_ROW = 1, 2, 4


class Evt3Decoder:
    """Follow one camera's evt3 stream; see Decoder.

    Without VECT_BASE_X since the start or since lost packets, vectors count as outside.
    """

    wrap_ns = US_NS << evt3.TIME_BITS
    word_bytes = 2

    def __init__(self) -> None:
        self.tally = new_tally()
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._state[TIME] = NO_TIME
        self.lose()

    @property
    def time_ns(self) -> int | None:
        time_us = int(self._state[TIME])
        return None if time_us == NO_TIME else time_us * US_NS

    def open(self, packet: Packet) -> npt.NDArray[np.uint16]:
        return whole_words(packet, 'u2')

    def first_time_ns(self, words: npt.NDArray[np.uint16]) -> int | None:
        time_us = _first_time(words, self._state)
        return None if time_us == NO_TIME else time_us * US_NS

    def consume(
        self,
        words: npt.NDArray[np.uint16],
        position: int,
        until_ns: int,
        lookup: Lookup,
        noise: NoiseState | None,
        histogram: npt.NDArray[np.uint8],
    ) -> int:
        """Count the events from a word on, until a time; see Decoder."""
        until_us = -(-until_ns // US_NS)
        if self._state[MISSING]:
            position = _find_state(words, position, self._state, self.tally)
        return int(
            _consume(words, position, until_us, self._state, lookup, noise, histogram, self.tally)
        )

    def shift(self, wraps: int) -> None:
        self._state[HIGH] += wraps * HIGH_WRAP

    def lose(self) -> None:
        self._state[MISSING] = NO_HIGH | NO_LOW | NO_ROW
        self._state[BASE] = OFF_SENSOR


@inlined
def _follow(high: Any, payload: Any) -> Any:
    """Return the unwrapped TIME_HIGH: the next one with this payload, or a jitter's step back."""
    return high + ((payload - high + HIGH_JITTER) & (HIGH_WRAP - 1)) - HIGH_JITTER


@compiled
def _first_time(words: Any, state: Any) -> Any:
    """Return the first time in the words, us, or NO_TIME."""
    high = state[HIGH]
    known = not state[MISSING] & NO_HIGH
    time_us = NO_TIME
    for word in words:
        kind, payload = word >> evt3.TYPE_SHIFT, np.int64(word & evt3.PAYLOAD)
        if kind == evt3.TIME_HIGH:
            high, known = _follow(high, payload), True
            time_us = high << evt3.TIME_LOW_BITS
        elif kind == evt3.TIME_LOW and known:
            return high << evt3.TIME_LOW_BITS | payload
    return time_us


@compiled
def _find_state(words: Any, position: Any, state: Any, tally: Any) -> Any:
    """Skip and count events until TIME_HIGH, TIME_LOW after it, and ADDR_Y have come."""
    while position < len(words) and state[MISSING]:
        word = np.int64(words[position])
        kind, payload = word >> evt3.TYPE_SHIFT, word & evt3.PAYLOAD
        position += 1
        if kind == evt3.TIME_HIGH:
            state[HIGH] = _follow(state[HIGH], payload)
            state[MISSING] &= ~NO_HIGH
        elif kind == evt3.TIME_LOW and not state[MISSING] & NO_HIGH:
            time_us = state[HIGH] << evt3.TIME_LOW_BITS | payload
            state[TIME] = max(state[TIME], time_us)
            state[MISSING] &= ~NO_LOW
        elif kind == evt3.ADDR_Y:
            state[ROW] = payload & evt3.ADDRESS
            state[MISSING] &= ~NO_ROW
        elif kind == evt3.VECT_BASE_X:
            state[BASE] = payload & evt3.ADDRESS
            state[BASE_POLARITY] = payload >> evt3.POLARITY_SHIFT
        else:
            _note(kind, payload, tally)
            tally[STALE_EVENTS] += _events_of(kind, payload)
    return position


@inlined
def _note(kind: Any, payload: Any, tally: Any) -> None:
    """Count a word that is neither time, address nor vector."""
    if kind == evt3.EXT_TRIGGER:
        tally[TRIGGERS + (payload & evt3.EDGE)] += 1
    elif evt3.UNDEFINED >> kind & 1:
        tally[UNKNOWN_WORDS] += 1


@inlined
def _events_of(kind: Any, payload: Any) -> Any:
    """Return the number of events that one word holds."""
    if kind == evt3.ADDR_X:
        return 1
    if kind != evt3.VECT_12 and kind != evt3.VECT_8:
        return 0
    bits = payload if kind == evt3.VECT_12 else payload & evt3.VECT_8_BITS
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@compiled
def _consume(
    words: Any,
    position: Any,
    until_us: Any,
    state: Any,
    lookup: Any,
    noise: Any,
    histogram: Any,
    tally: Any,
) -> Any:
    """Count events until a time word reaches until_us; return the position after that word."""
    high, time_us, row = state[HIGH], state[TIME], state[ROW]
    base, base_polarity, events = state[BASE], state[BASE_POLARITY], 0
    while position < len(words) and time_us < until_us:
        kind, payload = _word(words, position)
        if kind == evt3.VECT_12 or kind == evt3.VECT_8:
            bits = np.uint64(payload if kind == evt3.VECT_12 else payload & evt3.VECT_8_BITS)
            while bits:
                x = base + np.int64(lowest_bit(bits))
                _count(lookup, x, row, base_polarity, time_us, noise, histogram, tally)
                bits &= bits - np.uint64(1)
                events += 1
            base = min(base + (12 if kind == evt3.VECT_12 else 8), OFF_SENSOR)
            position += 1
            continue
        if kind == evt3.ADDR_Y and position + 1 < len(words):
            next_kind, next_payload = _word(words, position + 1)
            if next_kind == evt3.ADDR_X:
                row = payload & evt3.ADDRESS
                x, polarity = _address(next_payload)
                _count(lookup, x, row, polarity, time_us, noise, histogram, tally)
                events += 1
                position += 2
                continue
        time_words, high, time_us = _single(words, position, high, time_us)
        if time_words >= 0:
            position += time_words
            if time_us < until_us:
                row = _word(words, position)[1] & evt3.ADDRESS
                x, polarity = _address(_word(words, position + 1)[1])
                _count(lookup, x, row, polarity, time_us, noise, histogram, tally)
                events += 1
                position += 2
            continue
        position += 1
        if kind == evt3.ADDR_X:
            x, polarity = _address(payload)
            _count(lookup, x, row, polarity, time_us, noise, histogram, tally)
            events += 1
        elif kind == evt3.ADDR_Y:
            row = payload & evt3.ADDRESS
        elif kind == evt3.TIME_LOW:
            time_us = max(time_us, high << evt3.TIME_LOW_BITS | payload)
        elif kind == evt3.TIME_HIGH:
            high = _follow(high, payload)
            time_us = max(time_us, high << evt3.TIME_LOW_BITS)
        elif kind == evt3.VECT_BASE_X:
            base, base_polarity = _address(payload)
        else:
            _note(kind, payload, tally)
    state[HIGH], state[TIME], state[ROW] = high, time_us, row
    state[BASE], state[BASE_POLARITY] = base, base_polarity
    tally[EVENTS] += events
    return position


@inlined
def _word(words: Any, position: Any) -> Any:
    """Return type and payload of a word, int64 both; the position must be one."""
    word = np.int64(words[np.uint64(position)])
    return word >> evt3.TYPE_SHIFT, word & evt3.PAYLOAD


@inlined
def _address(payload: Any) -> Any:
    """Return x and polarity."""
    return payload & evt3.ADDRESS, payload >> evt3.POLARITY_SHIFT


@inlined
def _single(words: Any, position: Any, high: Any, time_us: Any) -> Any:
    """Look for [TIME_HIGH] [TIME_LOW] ADDR_Y ADDR_X, an event that stands alone.

    Returns the number of time words and the high and the time after them, or -1 and both as they
    are. Sparse streams consist of this. Which of the time words stand there no processor can
    predict, so nothing branches on it.
    """
    if position + 4 > len(words):
        return -1, high, time_us
    kind, payload = _word(words, position)
    next_kind, next_payload = _word(words, position + 1)
    is_high = np.int64(kind == evt3.TIME_HIGH)
    low_kind = next_kind if is_high else kind
    low = next_payload if is_high else payload
    is_low = np.int64(low_kind == evt3.TIME_LOW)
    time_words = is_high + is_low
    row_kind, _ = _word(words, position + time_words)
    x_kind, _ = _word(words, position + time_words + 1)
    if row_kind != evt3.ADDR_Y or x_kind != evt3.ADDR_X:
        return -1, high, time_us
    high += (_follow(high, payload) - high) & -is_high
    reached = high << evt3.TIME_LOW_BITS | low & -is_low
    has_time = -(is_high | is_low)
    return time_words, high, max(time_us, reached & has_time | time_us & ~has_time)


@inlined
def _count(
    lookup: Any,
    x: Any,
    y: Any,
    polarity: Any,
    time_us: Any,
    noise: Any,
    histogram: Any,
    tally: Any,
) -> None:
    count_event(lookup, x, y, polarity, time_us * US_NS, noise, histogram, tally)
