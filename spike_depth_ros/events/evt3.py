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

"""Decode evt3 (Prophesee EVT 3.0)."""

from typing import Any

import numpy as np

from spike_depth_ros.events import evt3_layout as evt3
from spike_depth_ros.events.bits import lowest_bit
from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.decoder import PacketWords, whole_words
from spike_depth_ros.events.event_counts import EVENTS, STALE_EVENTS, TRIGGERS, UNKNOWN_WORDS
from spike_depth_ros.events.histogram import Sink, count_event
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import US_NS

HIGH_JITTER = 10
HIGH_WRAP = 1 << (evt3.TIME_BITS - evt3.TIME_LOW_BITS)
NO_TIME = -(1 << 62)  # us, before the zero of any clock
OFF_SENSOR = evt3.ADDRESS + 1  # vector base before any VECT_BASE_X, and upper limit of bases

# Indices of the state, int64 [STATE_SIZE]: unwrapped TIME_HIGH; time reached, us; row; vector
# base and its polarity; bit set of the words that must come before events are valid.
HIGH, TIME, ROW, BASE, BASE_POLARITY, MISSING = range(6)
STATE_SIZE = 6
NO_HIGH, NO_LOW, NO_ROW = 1, 2, 4


class Evt3Decoder:
    """Decoder of evt3 packets; see Decoder.

    Events are stale until TIME_HIGH, TIME_LOW and ADDR_Y have come, at the start and after a
    packet loss. Vectors before any VECT_BASE_X count as outside.
    """

    wrap_ns = US_NS << evt3.TIME_BITS
    has_host_time = False

    def __init__(self) -> None:
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._state[TIME] = NO_TIME
        self.on_packet_loss()

    @property
    def time_ns(self) -> int | None:
        time_us = int(self._state[TIME])
        return None if time_us == NO_TIME else time_us * US_NS

    def parse(self, packet: Packet) -> PacketWords:
        """Return words uint16 [n]; the time is that of the first TIME_HIGH and TIME_LOW."""
        words = whole_words(packet, 'u2')
        time_us = int(_first_time(words, self._state))
        first_ns = None if time_us == NO_TIME else time_us * US_NS
        is_truncated = len(packet.data) % evt3.WORD_BYTES > 0
        return PacketWords(words, first_ns, is_truncated=is_truncated)

    def consume(self, packet: PacketWords, position: int, until_ns: int, sink: Sink) -> int:
        until_us = -(-until_ns // US_NS)
        if self._state[MISSING]:
            position = _find_state(packet.words, position, self._state, sink.counts)
        return int(_consume(packet.words, position, until_us, self._state, sink))

    def advance_wraps(self, wraps: int) -> None:
        self._state[HIGH] += wraps * HIGH_WRAP

    def on_packet_loss(self) -> None:
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
def _find_state(words: Any, position: Any, state: Any, counts: Any) -> Any:
    """Skip and count stale events until TIME_HIGH, TIME_LOW after it, and ADDR_Y have come."""
    while position < len(words) and state[MISSING]:
        kind, payload = _word(words, position)
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
            state[BASE], state[BASE_POLARITY] = _address(payload)
        else:
            _count_other(kind, payload, counts)
            counts[STALE_EVENTS] += _events_of(kind, payload)
    return position


@inlined
def _count_other(kind: Any, payload: Any, counts: Any) -> None:
    """Count a trigger or an unknown word; ignore other words."""
    if kind == evt3.EXT_TRIGGER:
        counts[TRIGGERS + (payload & evt3.EDGE)] += 1
    elif evt3.UNDEFINED >> kind & 1:
        counts[UNKNOWN_WORDS] += 1


@inlined
def _events_of(kind: Any, payload: Any) -> Any:
    """Return the number of events in one word."""
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
def _consume(words: Any, position: Any, until_us: Any, state: Any, sink: Any) -> Any:
    """Count events until a time word reaches until_us; return the index after that word.

    It stays one function: with its branches in inlined functions, dense rows took a fifth longer.
    """
    high, time_us, row = state[HIGH], state[TIME], state[ROW]
    base, base_polarity, events = state[BASE], state[BASE_POLARITY], 0
    while position < len(words) and time_us < until_us:
        kind, payload = _word(words, position)
        if kind == evt3.VECT_12 or kind == evt3.VECT_8:
            bits = np.uint64(payload if kind == evt3.VECT_12 else payload & evt3.VECT_8_BITS)
            while bits:
                x = base + np.int64(lowest_bit(bits))
                count_event(sink, x, row, base_polarity, time_us * US_NS)
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
                count_event(sink, x, row, polarity, time_us * US_NS)
                events += 1
                position += 2
                continue
        time_words, high, time_us = _single(words, position, high, time_us)
        if time_words >= 0:
            position += time_words
            if time_us < until_us:
                row = _word(words, position)[1] & evt3.ADDRESS
                x, polarity = _address(_word(words, position + 1)[1])
                count_event(sink, x, row, polarity, time_us * US_NS)
                events += 1
                position += 2
            continue
        position += 1
        if kind == evt3.ADDR_X:
            x, polarity = _address(payload)
            count_event(sink, x, row, polarity, time_us * US_NS)
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
            _count_other(kind, payload, sink.counts)
    state[HIGH], state[TIME], state[ROW] = high, time_us, row
    state[BASE], state[BASE_POLARITY] = base, base_polarity
    sink.counts[EVENTS] += events
    return position


@inlined
def _word(words: Any, position: Any) -> Any:
    """Return type and payload of a word, int64 both; position must be in range."""
    word = np.int64(words[np.uint64(position)])
    return word >> evt3.TYPE_SHIFT, word & evt3.PAYLOAD


@inlined
def _address(payload: Any) -> Any:
    """Return x and polarity."""
    return payload & evt3.ADDRESS, payload >> evt3.POLARITY_SHIFT


@inlined
def _single(words: Any, position: Any, high: Any, time_us: Any) -> Any:
    """Match [TIME_HIGH] [TIME_LOW] ADDR_Y ADDR_X: a single event, with or without time words.

    Sparse streams consist of this sequence. A processor cannot predict which of the time words
    are present, so nothing branches on them.

    Returns:
        Number of time words, TIME_HIGH and time after them; -1 and both unchanged if the words
        do not match.
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
