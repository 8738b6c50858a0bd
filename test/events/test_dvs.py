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

"""dvs_msgs: bytes made by hand, and random ones against the reference."""

import struct

import numpy as np
import pytest
from events.counting import BASE_NS, HEIGHT, WIDTH, Counting, dvs, frame_of, in_time, packet
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_decoders import decode_dvs_msgs

from spike_depth_ros.events import encodings, event_counts
from spike_depth_ros.units import MS_NS


@pytest.mark.parametrize(
    ('big_endian', 'data'),
    [
        # x, y, seconds, nanoseconds, polarity and a byte of padding; then x, y, two of padding
        (False, '0100 0200 03000000 04000000 01 00 0500 0600 0000 03000000 07000000 00'),
        (True, '0001 0002 00000003 00000004 01 00 0005 0006 0000 00000003 00000007 00'),
    ],
)
def test_the_first_event_takes_14_bytes(big_endian: bool, data: str) -> None:
    counting = Counting('dvs_msgs')
    assert counting.read(bytes.fromhex(data), big_endian=big_endian) == 2
    assert counting.events() == [(1, 2, 1), (5, 6, 0)]
    assert counting.decoder.time_ns == 3_000_000_007


def test_padding_bytes_have_no_effect() -> None:
    counting = Counting('dvs_msgs')
    counting.read(bytes.fromhex('0100020003000000040000000299 05000600998803000000070000000199'))
    assert counting.events() == [(1, 2, 1), (5, 6, 1)]
    assert counting.decoder.time_ns == 3_000_000_007


def test_a_torn_last_event_is_left_out() -> None:
    data = dvs(*[(0, x, 3, 0) for x in range(3)])
    assert len(data) == 13 + 16 + 16
    for length in range(len(data) + 1):
        counting = Counting('dvs_msgs')
        whole = (length >= 13) + (length >= 29) + (length >= 45)
        assert counting.read(data[:length]) == whole
        assert counting.events() == [(x, 3, 0) for x in range(whole)]


def event(x: int, seconds: int, nanoseconds: int) -> bytes:
    return struct.pack('<HHiI?', x, 1, seconds, nanoseconds, 0)


@pytest.mark.parametrize(('seconds', 'nanoseconds'), [(5, 10**9), (-1, 0), (-(2**31), 2**32 - 1)])
def test_an_event_without_a_time_counts_as_an_unknown_word(seconds: int, nanoseconds: int) -> None:
    counting = Counting('dvs_msgs')
    counting.read(event(1, seconds, nanoseconds))
    assert counting.decoder.time_ns is None
    counting.read(event(2, 5, 10**9 - 1))
    assert counting.events() == [(2, 1, 0)]
    assert counting.count(event_counts.UNKNOWN_WORDS) == counting.count(event_counts.EVENTS) == 1
    assert counting.decoder.time_ns == 6 * 10**9 - 1


def test_a_packet_starts_at_its_first_event_with_a_time() -> None:
    decoder = encodings.new_decoder('dvs_msgs')
    data = event(1, -1, 0) + b'\0' + dvs((7, 1, 1, 1))[:4] + b'\0\0' + dvs((7, 1, 1, 1))[4:]
    assert decoder.parse(packet('dvs_msgs', data)).first_ns == BASE_NS + 7
    assert decoder.parse(packet('dvs_msgs', data[:13])).first_ns is None


def test_events_too_far_back_are_dropped() -> None:
    counting = Counting('dvs_msgs')
    counting.read(dvs((50 * MS_NS, 1, 2, 1), (10 * MS_NS, 3, 4, 0), (0, 5, 5, 1)))
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.count(event_counts.BACKWARD_EVENTS) == 1


fields = st.tuples(
    st.integers(0, WIDTH) | st.integers(0, 2**16 - 1),
    st.integers(0, HEIGHT),
    st.integers(5, 6) | st.integers(-2, 2**31 - 1),
    st.integers(0, 10**9) | st.integers(0, 2**32 - 1),
    st.integers(0, 2),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(fields, max_size=20), st.integers(0, 20), st.sampled_from('<>'))
def test_bytes_count_as_the_reference_reads_them(
    events: list[tuple[int, ...]], cut: int, order: str
) -> None:
    data = b''
    for number, values in enumerate(events):
        data += struct.pack(f'{order}HH{"xx" if number else ""}iIBx', *values)
    data = data[: max(len(data) - cut, 0)]
    counting = Counting('dvs_msgs')
    counting.read(data, big_endian=order == '>')
    rows = decode_dvs_msgs([packet('dvs_msgs', data, big_endian=order == '>')]).rows()
    passed = in_time(rows)
    assert np.array_equal(counting.frame, frame_of(passed))
    assert counting.count(event_counts.EVENTS) == len(passed)
    assert counting.count(event_counts.BACKWARD_EVENTS) == len(rows) - len(passed)
