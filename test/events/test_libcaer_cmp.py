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

"""libcaer_cmp: words made by hand, and random ones against the reference."""

import numpy as np
from events.counting import BASE_NS, Counting, frame_of, in_time, packet, words16
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_decoders import decode_libcaer_cmp

from spike_depth_ros.events import encodings, event_counts

UNIT_NS = 4_096_000  # of TIME_HIGH


def test_single_events_and_vectors() -> None:
    counting = Counting('libcaer_cmp')
    counting.read(words16(0x2005, 0x3003, 0x2006, 0x3804, 0x4800, 0x5F81, 0x5001))
    # At x = 6, base 0, ON: 0 and 7 (bits from 8 on are none of VECT_8's); then 8, outside.
    assert counting.events() == [(6, 0, 1), (5, 3, 0), (6, 4, 1), (6, 7, 1)]
    assert counting.count(event_counts.EVENTS) == 5
    assert counting.count(event_counts.OUTSIDE_EVENTS) == 1


def test_column_and_base_go_from_packet_to_packet() -> None:
    counting = Counting('libcaer_cmp')
    for word in (0x2005, 0x3002, 0x4003, 0x5001, 0x2006, 0x3804):
        counting.read(words16(word))
    assert counting.events() == [(5, 2, 0), (5, 3, 0), (6, 4, 1)]


def test_vectors_without_a_base_are_outside() -> None:
    counting = Counting('libcaer_cmp')
    counting.read(words16(0x2005, 0x5007))
    assert counting.count(event_counts.OUTSIDE_EVENTS) == 3


def test_time_starts_at_each_packets_base() -> None:
    counting = Counting('libcaer_cmp')
    counting.read(words16(0x2005, 0x1FFF, 0x0001, 0x3000))
    # TIME_HIGH leaves the low bits as they are.
    assert counting.decoder.time_ns == BASE_NS + 2 * UNIT_NS - 1000
    counting.read(words16(0x0001, 0x1002, 0x3000))
    assert counting.decoder.time_ns == BASE_NS + 2 * UNIT_NS - 1000  # time never runs back
    counting.read(words16(0x3000), time_base_ns=BASE_NS + 2 * UNIT_NS)
    assert counting.decoder.time_ns == BASE_NS + 2 * UNIT_NS
    counting.read(words16(0x1003, 0x3000), time_base_ns=BASE_NS + 2 * UNIT_NS)
    assert counting.decoder.time_ns == BASE_NS + 2 * UNIT_NS + 3000


def test_a_packet_starts_at_its_first_event_or_ends_its_time_without_any() -> None:
    decoder = encodings.new_decoder('libcaer_cmp')
    for words, units in (
        ((0x3000, 0x0001), 0),
        ((0x0002, 0x0001, 0x5001, 0x0003), 1),
        ((0x0002, 0x2001, 0x0003), 3),
    ):
        parsed = decoder.parse(packet('libcaer_cmp', words16(*words)))
        assert parsed.first_ns == BASE_NS + units * UNIT_NS


def test_events_before_the_first_column_are_stale() -> None:
    counting = Counting('libcaer_cmp')
    counting.read(words16(0x3001, 0x4001, 0x5007, 0x2005, 0x3002))
    assert counting.events() == [(5, 2, 0)]
    assert counting.count(event_counts.STALE_EVENTS) == 4
    counting.decoder.on_packet_loss()
    counting.read(words16(0x3001, 0x5003, 0x2006, 0x5003, 0x3003))
    assert counting.events() == [(5, 2, 0), (6, 3, 0)]
    assert counting.count(event_counts.STALE_EVENTS) == 7
    assert counting.count(event_counts.OUTSIDE_EVENTS) == 2  # the base is stale too


def test_events_too_far_back_are_dropped() -> None:
    counting = Counting('libcaer_cmp')
    counting.read(words16(0x2005, 0x000D, 0x3001, 0x0002, 0x3002))
    counting.read(words16(0x1FFF, 0x3003, 0x4004, 0x5003))
    assert counting.events() == [(5, 1, 0), (5, 2, 0)]
    assert counting.count(event_counts.BACKWARD_EVENTS) == 3
    assert counting.count(event_counts.EVENTS) == 2
    assert counting.decoder.time_ns == BASE_NS + 13 * UNIT_NS


def test_unknown_words_are_skipped_and_counted() -> None:
    counting = Counting('libcaer_cmp')
    counting.read(words16(0x2005, *(kind << 12 for kind in range(6, 16)), 0x3001))
    assert counting.count(event_counts.UNKNOWN_WORDS) == 10
    assert counting.events() == [(5, 1, 0)]


# Without empty vectors, which advance the time without an event.
words = (
    st.tuples(st.sampled_from([0, 1, 1, 2, 3, 3, 4, 5, 5, 6]), st.integers(0, 20))
    .map(lambda word: word[0] << 12 | word[1])
    .filter(lambda word: word != 0x5000)
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.lists(words, max_size=40), max_size=4))
def test_words_count_as_the_reference_reads_them(parts: list[list[int]]) -> None:
    counting = Counting('libcaer_cmp')
    for part in parts:
        counting.read(words16(*part))
    rows = decode_libcaer_cmp([packet('libcaer_cmp', words16(*part)) for part in parts]).rows()
    passed = in_time(rows)
    assert np.array_equal(counting.frame, frame_of(passed))
    assert counting.count(event_counts.EVENTS) == len(passed)
    assert counting.count(event_counts.BACKWARD_EVENTS) == len(rows) - len(passed)
