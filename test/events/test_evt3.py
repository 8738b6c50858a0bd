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

"""evt3: words made by hand, and the fast path for sparse streams."""

import numpy as np
from events.counting import FOREVER_NS, Counting, count_slots, frame_of, packet, words16
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_decoders import decode_evt3

from spike_depth_ros.events import encodings, event_counts

START = (0x8001, 0x6002, 0x0003)  # 4098 us, row 3


def test_single_events_and_vectors() -> None:
    counting = Counting('evt3')
    counting.read(words16(*START, 0x2805, 0x2006, 0x3802, 0x4003, 0x5101))
    # base 2, ON: 2 and 3; then base 14: bit 0 (bit 8 is none of VECT_8's)
    assert counting.events() == [(2, 3, 1), (3, 3, 1), (5, 3, 1), (6, 3, 0), (14, 3, 1)]
    assert counting.decoder.time_ns == 4_098_000


def test_state_goes_from_packet_to_packet() -> None:
    counting = Counting('evt3')
    for word in (*START, 0x3001, 0x5001, 0x5001):
        counting.read(words16(word))
    assert counting.events() == [(1, 3, 0), (9, 3, 0)]


def test_events_are_stale_until_time_and_row_are_known() -> None:
    counting = Counting('evt3')
    counting.read(words16(0x2001, 0x6001, 0x0002, 0x2001, 0x4FFF, 0x8001, 0x2001, 0x6003, 0x2004))
    assert counting.events() == [(4, 2, 0)]
    assert counting.count(event_counts.STALE_EVENTS) == 15
    counting.decoder.on_packet_loss()
    counting.read(words16(0x2005, 0x0004, 0x2006, 0x8001, 0x2007, 0x6004, 0x2008))
    assert counting.events() == [(4, 2, 0), (8, 4, 0)]
    assert counting.count(event_counts.STALE_EVENTS) == 18
    assert counting.count(event_counts.EVENTS) == 2


def test_vectors_without_a_base_are_outside() -> None:
    counting = Counting('evt3')
    counting.read(words16(*START, 0x4007))
    assert counting.events() == []
    assert counting.count(event_counts.OUTSIDE_EVENTS) == 3


def test_time_is_unwrapped_and_tolerates_jitter() -> None:
    counting = Counting('evt3')
    times = []
    for word in (0x8FFE, 0x6000, 0x0000, 0x8FFF, 0x8FFA, 0x8001, 0x8FFF, 0x6FFF, 0x8002, 0x8001):
        counting.read(words16(word))
        times.append(counting.decoder.time_ns)
    # Time starts at -2 units and wraps to 1; a step back over the wrap is jitter, as is the last.
    units = [None, -2, -2, -1, -1, 1, 1, 1, 2, 2]
    assert times == [None if unit is None else unit * 4_096_000 for unit in units]


def test_unknown_words_are_skipped_and_counted() -> None:
    counting = Counting('evt3')
    known = (0x7000, 0xE000, 0xF000, 0x9000)
    counting.read(words16(0x1000, *START, 0x1234, 0xB000, 0xC000, 0xD000, *known, 0x2001))
    assert counting.count(event_counts.UNKNOWN_WORDS) == 5
    assert counting.events() == [(1, 3, 0)]


def test_a_single_event_stops_after_its_time_words_at_the_end_of_the_slot() -> None:
    counting = Counting('evt3')
    alone = words16(0x8002, 0x6005, 0x0004, 0x2001, 0x0000, 0x0000)
    counting.read(words16(*START))
    assert counting.read(alone, until_ns=2 * 4_096_000 + 5000) == 2
    assert counting.decoder.time_ns == 2 * 4_096_000 + 5000
    counting.read(alone[4:])
    assert counting.events() == [(1, 4, 0)]


# Few times, so steps back and slot ends within an event's words are frequent.
highs = st.sampled_from([0x8000, 0x8001, 0x8002, 0x800C, 0x8FFF])
lows = st.sampled_from([0x6000, 0x6001, 0x6800, 0x6FFF])
rows = st.integers(0, 9)
columns = st.integers(0, 17).map(lambda x: 0x2000 | x) | st.just(0x2803)
alone = st.tuples(st.lists(highs, max_size=1), st.lists(lows, max_size=1), rows, columns).map(
    lambda parts: [*parts[0], *parts[1], *parts[2:]]
)
others = st.sampled_from([0x3001, 0x4005, 0x5003, 0x7000, 0x1000, 0xA001])
single = (highs | lows | rows | columns | others).map(lambda word: [word])
sparse_words = st.lists(alone | single, max_size=40).map(
    lambda groups: [word for group in groups for word in group]
)
ends = st.lists(st.integers(0, 13 * 4096) | st.integers(0, 13).map(lambda n: n * 4096))
# Words whose events show a decoder's row, vector base, polarity and high time.
TAIL = (0x2001, 0x5001, 0x6FFF)


@settings(deadline=None, max_examples=500)
@given(sparse_words, ends, st.booleans())
def test_words_count_alike_in_one_packet_and_in_one_packet_each(
    words: list[int], ends_us: list[int], knows_state: bool
) -> None:
    words = [*(START if knows_state else ()), *words, *TAIL]
    ends_ns = [*(end_us * 1000 for end_us in sorted(set(ends_us))), FOREVER_NS]
    whole, one_each = encodings.new_decoder('evt3'), encodings.new_decoder('evt3')
    frames, counts = count_slots(whole, [packet('evt3', words16(*words))], ends_ns)
    packets = [packet('evt3', words16(word)) for word in words]
    apart_frames, apart_counts = count_slots(one_each, packets, ends_ns)
    assert np.array_equal(frames, apart_frames)
    assert whole.time_ns == one_each.time_ns
    assert counts.tolist() == apart_counts.tolist()


@settings(deadline=None)
@given(sparse_words)
def test_words_count_as_the_reference_reads_them(words: list[int]) -> None:
    counting = Counting('evt3')
    data = words16(*START, 0x3000, *words)
    counting.read(data)
    rows = decode_evt3([packet('evt3', data)]).rows()
    assert np.array_equal(counting.frame, frame_of(rows))
    assert counting.count(event_counts.EVENTS) == len(rows)
    assert counting.decoder.time_ns == max(times_ns(data))


def times_ns(data: bytes) -> list[int]:
    """Return the time after each word, from an event that follows it."""
    words = [word for each in np.frombuffer(data, '<u2').tolist() for word in (each, 0x2000)]
    return decode_evt3([packet('evt3', words16(*words))]).t_ns
