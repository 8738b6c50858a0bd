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

"""evt3 encoder: its words decode to the same events, are few, and survive losses."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_decoders import decode_evt3

from spike_depth_ros.events.evt3_encoder import MAX_HIGH_STEP, Evt3Encoder
from spike_depth_ros.events.packet import Packet

WRAP_US = 2**24


def packet(data: bytes) -> Packet:
    return Packet('evt3', 2048, 2048, 0, 0, 0, False, np.frombuffer(data, np.uint8))


def encode(encoder: Evt3Encoder, events: list[tuple[int, int, int, int]], **more: int) -> bytes:
    columns = np.array(events, np.int64).reshape(-1, 4).T
    return encoder.encode(columns[0], columns[1], columns[2], columns[3], **more)


def words(data: bytes) -> list[str]:
    return [f'{word:04x}' for word in np.frombuffer(data, '<u2')]


addresses = st.integers(0, 2047) | st.integers(0, 30)
steps = st.just(0) | st.integers(0, 3) | st.integers(0, 10**4) | st.integers(0, 10**9)
bursts = st.tuples(
    steps, addresses, st.integers(0, 2047), st.integers(0, 1), st.integers(0, 2**40 - 1)
)


def burst_events(start_us: int, bursts: list) -> list[tuple[int, int, int, int]]:
    """Turn (time step, x, y, polarity, bits) into events at x + i for each set bit."""
    events, t_us = [], start_us
    for step, x, y, polarity, bits in bursts:
        t_us += step
        columns = [x] + [x + i for i in range(1, 40) if bits >> i & 1 and x + i < 2048]
        events += [(t_us, column, y, polarity) for column in columns]
    return events


@settings(deadline=None)  # the first example compiles
@given(st.integers(0, 10**15), st.lists(bursts, max_size=20), st.lists(st.integers(0, 99)))
def test_decode_of_encode_is_the_identity(start: int, bursts: list, cuts: list[int]) -> None:
    events = burst_events(start, bursts)
    edges = sorted({min(cut, len(events)) for cut in cuts} | {0, len(events)})
    encoder = Evt3Encoder()
    data = [encode(encoder, events[begin:end]) for begin, end in pairwise(edges)]
    decoded = decode_evt3([packet(part) for part in data]).rows()
    assert [(t // 1000 % WRAP_US, x, y, p) for t, x, y, p in decoded] == [
        (t % WRAP_US, x, y, p) for t, x, y, p in events
    ]
    # No two time words are half a wrap apart, so the wraps can be followed too.
    whole = [t // 1000 - decoded[0][0] // 1000 for t, *_ in decoded]
    assert whole == [t - events[0][0] for t, *_ in events]


def test_a_row_of_events_becomes_vectors() -> None:
    data = encode(Evt3Encoder(), [(4096 + 5, x, 7, 1) for x in range(100, 124)])
    assert words(data) == ['8001', '6005', '0007', '3864', '4fff', '4fff']


def test_two_neighbours_are_no_shorter_as_a_vector() -> None:
    data = encode(Evt3Encoder(), [(5, 1, 7, 0), (5, 2, 7, 0)])
    assert words(data) == ['8000', '6005', '0007', '2001', '2002']


def test_a_gap_is_bridged_by_time_words() -> None:
    encoder = Evt3Encoder()
    encode(encoder, [(0, 1, 1, 1)])
    data = encode(encoder, [(5 * MAX_HIGH_STEP * 4096 + 9, 1, 1, 1)])
    assert words(data) == ['8800', '8000', '8800', '8000', '8800', '6009', '0001', '2801']
    data = encode(encoder, [], until_us=(5 * MAX_HIGH_STEP + 3000) * 4096)
    assert words(data) == ['8000', '83b8', '6000']


def test_until_writes_time_words_alone() -> None:
    encoder = Evt3Encoder()
    assert encode(encoder, []) == b''
    assert words(encode(encoder, [], until_us=4097)) == ['8001', '6001']
    assert words(encode(encoder, [(4098, 3, 2, 0)], until_us=4100))[-1] == '6004'


@pytest.mark.parametrize(
    ('events', 'until_us', 'reason'),
    [
        ([(5, 0, 0, 0), (4, 0, 0, 0)], None, 'sort the events'),
        ([(2, 0, 0, 0)], None, 'before 3 us'),
        ([(5, 0, 0, 0)], 4, 'sort the events'),
        ([(5, 2048, 0, 0)], None, 'x runs from 2048 to 2048'),
        ([(5, 0, -1, 0)], None, 'y runs from -1'),
        ([(5, 0, 0, 1), (5, 0, 0, -1)], None, 'polarity -1 is neither'),
        ([(5, 0, 0, 2)], None, 'polarity 2 is neither'),
    ],
)
def test_events_outside_the_format_are_refused(
    events: list, until_us: int | None, reason: str
) -> None:
    encoder = Evt3Encoder()
    encode(encoder, [(3, 0, 0, 0)])
    with pytest.raises(ValueError, match=reason):
        encode(encoder, events, until_us=until_us)


def test_columns_of_different_lengths_are_refused() -> None:
    one, two = np.zeros(1, np.int64), np.zeros(2, np.int64)
    with pytest.raises(ValueError, match=r'\[1, 1, 2, 1\]'):
        Evt3Encoder().encode(one, one, two, one)


def test_columns_of_any_type_and_layout_give_the_same_words() -> None:
    events = np.array([(5, 1, 7, 0), (5, 2, 7, 1), (9, 3, 6, 1)], np.int64)
    expected = words(Evt3Encoder().encode(*events.T))
    table = np.zeros(3, [('t', 'i8'), ('x', 'i2'), ('y', 'u4'), ('p', '?')])
    for name, column in zip('txyp', events.T, strict=True):
        table[name] = column
    assert words(Evt3Encoder().encode(*(table[name] for name in 'txyp'))) == expected
