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

"""Properties of the decoders of all encodings."""

from bisect import bisect_right

import numpy as np
import pytest
from events.counting import (
    BASE_NS,
    FOREVER_NS,
    Counting,
    count_slots,
    dvs,
    evt2,
    evt21,
    libcaer,
    mono,
    packet,
    words16,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_decoders import DECODERS

from spike_depth_ros.events import encodings, event_counts
from spike_depth_ros.events.noise import NoiseFilter, NoiseSettings
from testing.cameras import HEIGHT, WIDTH, Camera, split

START = (0x8001, 0x6002, 0x0003)  # evt3: 4098 us, row 3
# evt2 and evt21: TIME_HIGH 64, 4096 us; OFF at +2 us, of row 3: add the column.
HIGH, OFF = 0x8 << 28 | 64, 2 << 22 | 3
HIGH_21, OFF_21 = (0x8 << 28 | 64) << 32, 2 << 54 | 3 << 32


def off(*columns: int) -> bytes:
    """Return evt2 events of columns, row 3, at 4098 us."""
    return evt2(HIGH, *(OFF | x << 11 for x in columns))


def off_21(*columns: int) -> bytes:
    """Return evt21 events of columns, row 3, at 4098 us, a word each."""
    return evt21(HIGH_21, *(OFF_21 | 1 << x for x in columns))


SPAN_US = 4_000_000  # a packet of mono has room for 4.3 s
BEGIN_US = 2**24 - SPAN_US // 2  # evt3's time wraps in the middle

WITH_TIME_BASE = ['dvs_msgs', 'libcaer', 'libcaer_cmp', 'mono']


@pytest.mark.parametrize('encoding', WITH_TIME_BASE)
def test_the_time_of_an_empty_packet_is_its_time_base_unless_time_steps_back(
    encoding: str,
) -> None:
    first = {
        'dvs_msgs': dvs((0, 1, 1, 1)),
        'libcaer': libcaer((0, 1, 1, 1)),
        'libcaer_cmp': words16(0x2001, 0x3001),
        'mono': mono((0, 1, 1, 1)),
    }[encoding]
    counting = Counting(encoding)
    for data, time_base_ns, first_ns in (
        (b'', BASE_NS, BASE_NS),
        (first, BASE_NS, BASE_NS),
        (b'', BASE_NS + 7, BASE_NS + 7),
        (b'', BASE_NS - 1, None),
        (b'\x00\x20\x00', BASE_NS + 7, None),  # no event
    ):
        parsed = counting.decoder.parse(packet(encoding, data, time_base_ns=time_base_ns))
        assert parsed.first_ns == first_ns
        counting.read(data, time_base_ns=time_base_ns)


@pytest.mark.parametrize('encoding', encodings.names())
def test_big_endian_words_are_swapped(encoding: str) -> None:
    data, big = {
        'dvs_msgs': (b'', dvs((5, 5, 3, 0), (6, 6, 3, 0), order='>')),
        'evt2': (off(5, 6), '>u4'),
        'evt21': (off_21(5, 6), '>u8'),
        'evt3': (words16(*START, 0x2005, 0x2006), '>u2'),
        'libcaer': (libcaer((5, 5, 3, 0), (6, 6, 3, 0)), '>u4'),
        'libcaer_cmp': (words16(0x2005, 0x3003, 0x2006, 0x3003), '>u2'),
        'mono': (mono((5, 5, 3, 0), (6, 6, 3, 0)), '>u8'),
    }[encoding]
    if isinstance(big, str):
        big = np.frombuffer(data, big.replace('>', '<')).astype(big).tobytes()
    counting = Counting(encoding)
    counting.read(big, big_endian=True)
    assert counting.events() == [(5, 3, 0), (6, 3, 0)]


@pytest.mark.parametrize(
    ('encoding', 'data', 'end_ns'),
    [
        ('dvs_msgs', dvs((0, 1, 3, 0), (9, 2, 3, 0)), BASE_NS + 9),
        ('evt2', off(1) + evt2(OFF + (1 << 22) | 2 << 11), 4_099_000),
        ('evt21', off_21(1) + evt21(OFF_21 + (1 << 54) | 1 << 2), 4_099_000),
        ('evt3', words16(*START, 0x2001, 0x6003, 0x2002), 4_099_000),
        ('libcaer', libcaer((0, 1, 3, 0), (9, 2, 3, 0)), BASE_NS + 9000),
        ('libcaer_cmp', words16(0x2001, 0x3003, 0x1009, 0x2002, 0x3003), BASE_NS + 9000),
        ('mono', mono((0, 1, 3, 0), (9, 2, 3, 0)), BASE_NS + 9),
    ],
)
def test_reading_stops_before_an_event_at_the_end_of_the_slot(
    encoding: str, data: bytes, end_ns: int
) -> None:
    counting = Counting(encoding)
    position = counting.read(data, until_ns=end_ns)
    assert counting.events() == [(1, 3, 0)]
    words = counting.decoder.parse(packet(encoding, data)).words
    assert counting.decoder.time_ns == end_ns
    assert 0 < position < len(words)
    full = Counting(encoding)
    assert full.read(data, until_ns=end_ns + 1) == len(words)
    assert full.events() == [(1, 3, 0), (2, 3, 0)]


@pytest.mark.parametrize('encoding', encodings.names())
def test_counts_stop_at_255(encoding: str) -> None:
    data = {
        'dvs_msgs': dvs(*[(0, 1, 3, 0)] * 300),
        'evt2': off(*[1] * 300),
        'evt21': off_21(*[1] * 300),
        'evt3': words16(*START, *[0x2001] * 300),
        'libcaer': libcaer(*[(0, 1, 3, 0)] * 300),
        'libcaer_cmp': words16(0x2001, *[0x3003] * 300),
        'mono': mono(*[(0, 1, 3, 0)] * 300),
    }[encoding]
    counting = Counting(encoding)
    counting.read(data)
    assert counting.histogram.max() == 255
    assert counting.count(event_counts.EVENTS) == 300
    assert counting.count(event_counts.SATURATED) == 45


@pytest.mark.parametrize('encoding', encodings.names())
def test_events_outside_the_sensor_are_counted_and_not_written(encoding: str) -> None:
    data = {
        'dvs_msgs': dvs(*[(0, x, y, 0) for x, y in ((16, 3), (65535, 3), (0, 8), (0, 65535))]),
        'evt2': evt2(HIGH, *(x << 11 | y for x, y in ((16, 3), (2047, 3), (0, 8), (0, 2047)))),
        'evt21': evt21(
            HIGH_21, OFF_21 | 3 << 15, OFF_21 | 2047 << 43 | 2, 8 << 32 | 1, 2047 << 32 | 1
        ),
        'evt3': words16(*START, 0x2010, 0x27FF, 0x300F, 0x4003, 0x0008, 0x2000, 0x07FF, 0x2000),
        'libcaer': libcaer(*[(0, x, y, 0) for x, y in ((16, 3), (32767, 3), (0, 8), (0, 32767))]),
        'libcaer_cmp': words16(
            *(0x2010, 0x3003, 0x27FF, 0x3003, 0x2000, 0x3008, 0x37FF, 0x4007, 0x5003)
        ),
        'mono': mono(*[(0, x, y, 0) for x, y in ((16, 3), (65535, 3), (0, 8), (0, 32767))]),
    }[encoding]
    counting = Counting(encoding)
    counting.read(data)
    # The vector's first event is inside, and its others make one more outside.
    inside = 1 if encoding in ('evt21', 'evt3', 'libcaer_cmp') else 0
    more = 1 if encoding in ('evt3', 'libcaer_cmp') else 0
    assert counting.histogram.sum() == inside
    assert counting.count(event_counts.OUTSIDE_EVENTS) == 4 + more
    assert counting.count(event_counts.EVENTS) == 4 + more + inside


events = st.lists(
    st.tuples(
        st.integers(0, SPAN_US) | st.integers(0, 9) | st.integers(0, 99).map(lambda n: n * 4096),
        st.integers(0, WIDTH),
        st.integers(0, HEIGHT),
        st.integers(0, 1),
    ),
    max_size=40,
).map(sorted)
cuts = st.lists(st.integers(0, 40), max_size=8)
ends = st.lists(st.integers(0, SPAN_US * 1000) | st.integers(0, 9).map(lambda n: n * 1000))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(encodings.names()), events, cuts, ends)
def test_slots_hold_the_events_that_the_reference_reads(
    encoding: str, events: list, cuts: list[int], ends: list[int]
) -> None:
    sent = [(BEGIN_US + t_us, *rest) for t_us, *rest in events]
    camera = Camera(encoding)
    packets = [camera.send([], until_us=BEGIN_US)]
    packets += split(camera, sent, cuts, BEGIN_US + SPAN_US)
    rows = DECODERS[encoding](packets).rows()
    assert rows == [(t_us * 1000, *rest) for t_us, *rest in sent]
    ends_ns = [*sorted({BEGIN_US * 1000 + end for end in ends}), FOREVER_NS]
    expected = np.zeros((len(ends_ns), HEIGHT, WIDTH, 2), np.uint8)
    for t_ns, x, y, polarity in rows:
        if x < WIDTH and y < HEIGHT:
            expected[bisect_right(ends_ns, t_ns), y, x, 1 - polarity] += 1
    decoder = encodings.new_decoder(encoding)
    frames, counts = count_slots(decoder, packets, ends_ns)
    assert np.array_equal(frames, expected)
    assert counts[event_counts.EVENTS] == len(events)


def likely_high_time_words(size: int) -> st.SearchStrategy[bytes]:
    """Return words of evt2 (4 bytes) or evt21 (8 bytes) with times and addresses near 0."""
    kinds = st.sampled_from([0, 0, 1, 8, 8, 8, 0xA, 0xE, 0xF, 3])
    low = st.integers(0, 2**28 - 1) | st.integers(0, 999) | st.integers(2**28 - 9, 2**28 - 1)
    words = st.tuples(kinds, low, st.integers(0, 2**32 - 1)).map(
        lambda word: (word[0] << 28 | word[1]) << 8 * (size - 4) | word[2] % 2 ** (8 * size - 32)
    )
    return st.lists(words, max_size=50).map(
        lambda words: b''.join(word.to_bytes(size, 'little') for word in words)
    )


def likely_words(kinds: list[int]) -> st.SearchStrategy[bytes]:
    """Return words of these types, most of all those that move a decoder's state."""
    words = st.tuples(st.sampled_from(kinds), st.integers(0, 0xFFF))
    return st.lists(words.map(lambda word: word[0] << 12 | word[1]), max_size=200).map(
        lambda words: words16(*words)
    )


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(encodings.names()),
    st.lists(
        st.binary(max_size=400)
        | likely_words([0, 2, 3, 4, 5, 6, 8, 8, 10, 1])
        | likely_words([0, 1, 2, 3, 4, 5])
        | likely_high_time_words(4)
        | likely_high_time_words(8),
        max_size=4,
    ),
    st.booleans(),
    st.integers(-(2**40), 2**40),
    st.integers(-(2**40), 2**40).map(lambda time_ns: BASE_NS + time_ns)
    | st.integers(0, 2**64 - 1),
    st.booleans(),
)
@example('libcaer', [bytes([1] * 400), b'\xff' * 400], False, 0, BASE_NS, False)
@example('libcaer', [b'\0' * 16], False, 0, 2**64 - 1, False)
def test_no_bytes_harm(
    encoding: str, parts: list[bytes], big: bool, until: int, base: int, noisy: bool
) -> None:
    counting = Counting(encoding)
    noise = NoiseFilter(16, 8, NoiseSettings(1.0, 1, 1) if noisy else NoiseSettings())
    time_ns = None
    for data in parts:
        counting.read(data, BASE_NS + until, big, base, noise.state)
        reached_ns = counting.decoder.time_ns
        assert time_ns is None or (reached_ns is not None and reached_ns >= time_ns)
        time_ns = reached_ns
    counts = counting.counts
    lost = counts[event_counts.SATURATED : event_counts.BACKGROUND_EVENTS + 1].sum()
    assert counting.histogram.sum() == counts[event_counts.EVENTS] - lost
    read = counts[event_counts.EVENTS] + counts[event_counts.STALE_EVENTS :].sum()
    assert 0 <= read <= 6 * sum(len(data) for data in parts)


def test_an_unknown_encoding_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'evt9' is unknown; .* evt21, evt3, lib"):
        encodings.new_decoder('evt9')


@pytest.mark.parametrize(
    ('encoding', 'data'),
    [
        ('dvs_msgs', dvs((5, 5, 3, 0), (6, 6, 3, 0))),
        ('evt2', off(5, 6)),
        ('evt21', off_21(5, 6)),
        ('evt3', words16(*START, 0x2005, 0x2006)),
        ('libcaer', libcaer((5, 5, 3, 0), (6, 6, 3, 0))),
        ('libcaer_cmp', words16(0x2005, 0x3003, 0x2006, 0x3003)),
        ('mono', mono((5, 5, 3, 0), (6, 6, 3, 0))),
    ],
)
def test_unaligned_bytes_are_read(encoding: str, data: bytes) -> None:
    counting = Counting(encoding)
    counting.read(memoryview(b'x' + data)[1:])
    assert counting.events() == [(5, 3, 0), (6, 3, 0)]
