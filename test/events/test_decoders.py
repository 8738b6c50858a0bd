"""Decoders: hand-made words, and no bytes that harm."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spike_depth_ros.events import encodings
from spike_depth_ros.events import histogram as tallies
from spike_depth_ros.events.decoder import Decoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.pixel_table import resize_table

WIDTH, HEIGHT = 16, 8
GUARD = 64
FOREVER_NS = 1 << 62
BASE_NS = 10**18


def packet(encoding: str, data: bytes, big_endian: bool = False) -> Packet:
    return Packet(
        encoding, WIDTH, HEIGHT, 0, BASE_NS, BASE_NS, big_endian, np.frombuffer(data, np.uint8)
    )


def evt3(*words: int) -> bytes:
    return np.array(words, '<u2').tobytes()


def mono(*events: tuple[int, int, int, int]) -> bytes:
    return b''.join(
        (p << 63 | y << 48 | x << 32 | dt_ns).to_bytes(8, 'little') for dt_ns, x, y, p in events
    )


def libcaer(*events: tuple[int, int, int, int]) -> bytes:
    words = [(x << 17 | y << 2 | p << 1 | 1, t_us) for t_us, x, y, p in events]
    return np.array(words, '<u4').tobytes()


class Counting:
    """Count with one decoder into a histogram between guard bytes."""

    def __init__(self, encoding: str) -> None:
        self.decoder: Decoder = encodings.new_decoder(encoding)
        self._encoding = encoding
        self._lookup = resize_table(WIDTH, HEIGHT, WIDTH, HEIGHT).lookup(0, 2)
        self._guarded = np.full(2 * GUARD + WIDTH * HEIGHT * 2, 0xA5, np.uint8)
        self.histogram = self._guarded[GUARD:-GUARD]
        self.histogram.fill(0)

    def read(self, data: bytes, until_ns: int = FOREVER_NS, big_endian: bool = False) -> int:
        """Count a packet's events up to a time; return the number of words read."""
        words = self.decoder.open(packet(self._encoding, data, big_endian))
        self.decoder.first_time_ns(words)
        position = self.decoder.consume(words, 0, until_ns, self._lookup, self.histogram)
        guards = self._guarded[:GUARD], self._guarded[-GUARD:]
        assert all((guard == 0xA5).all() for guard in guards)
        return position

    def events(self) -> list[tuple[int, int, int]]:
        """Return (x, y, polarity) of each place that has counts."""
        y, x, channel = np.nonzero(self.histogram.reshape(HEIGHT, WIDTH, 2))
        return list(zip(x.tolist(), y.tolist(), (1 - channel).tolist(), strict=True))

    def tally(self, place: int) -> int:
        return int(self.decoder.tally[place])


START = (0x8001, 0x6002, 0x0003)  # 4098 us, row 3


def test_evt3_counts_single_events_and_vectors() -> None:
    counting = Counting('evt3')
    counting.read(evt3(*START, 0x2805, 0x2006, 0x3802, 0x4003, 0x5101))
    # base 2, ON: 2 and 3; then base 14: bit 0 (bit 8 is none of VECT_8's)
    assert counting.events() == [(2, 3, 1), (3, 3, 1), (5, 3, 1), (6, 3, 0), (14, 3, 1)]
    assert counting.decoder.time_ns == 4_098_000


def test_evt3_state_goes_from_packet_to_packet() -> None:
    counting = Counting('evt3')
    for word in (*START, 0x3001, 0x5001, 0x5001):
        counting.read(evt3(word))
    assert counting.events() == [(1, 3, 0), (9, 3, 0)]


def test_evt3_trusts_nothing_until_time_and_row_are_known() -> None:
    counting = Counting('evt3')
    counting.read(evt3(0x2001, 0x6001, 0x0002, 0x2001, 0x4FFF, 0x8001, 0x2001, 0x6003, 0x2004))
    assert counting.events() == [(4, 2, 0)]
    assert counting.tally(tallies.STALE_EVENTS) == 15
    counting.decoder.lose()
    counting.read(evt3(0x2005, 0x0004, 0x2006, 0x8001, 0x2007, 0x6004, 0x2008))
    assert counting.events() == [(4, 2, 0), (8, 4, 0)]
    assert counting.tally(tallies.STALE_EVENTS) == 18


def test_evt3_vectors_without_a_base_are_outside() -> None:
    counting = Counting('evt3')
    counting.read(evt3(*START, 0x4007))
    assert counting.events() == []
    assert counting.tally(tallies.OUTSIDE_EVENTS) == 3


def test_evt3_unwraps_time_and_bears_its_jitter() -> None:
    counting = Counting('evt3')
    times = []
    for word in (0x8FFE, 0x6000, 0x0000, 0x8FFF, 0x8FFA, 0x8001, 0x8FFF, 0x6FFF, 0x8002, 0x8001):
        counting.read(evt3(word))
        times.append(counting.decoder.time_ns)
    # From -2 units; a wrap to 1; back over the wrap is jitter; 2; and back once more.
    units = [None, -2, -2, -1, -1, 1, 1, 1, 2, 2]
    assert times == [None if unit is None else unit * 4_096_000 for unit in units]


def test_evt3_skips_and_counts_unknown_words() -> None:
    counting = Counting('evt3')
    known = (0x7000, 0xE000, 0xF000, 0x9000)
    counting.read(evt3(0x1000, *START, 0x1234, 0xB000, 0xC000, 0xD000, *known, 0x2001))
    assert counting.tally(tallies.UNKNOWN_WORDS) == 5
    assert counting.events() == [(1, 3, 0)]


def test_mono_counts_events_and_drops_those_too_far_back() -> None:
    counting = Counting('mono')
    late_ns = 50_000_000
    counting.read(mono((late_ns, 1, 2, 1), (late_ns - 40_000_000, 3, 4, 0), (0, 5, 5, 1)))
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.tally(tallies.BACKWARD_EVENTS) == 1
    assert counting.decoder.time_ns == BASE_NS + late_ns


def test_libcaer_wraps_within_a_packet() -> None:
    counting = Counting('libcaer')
    counting.read(libcaer((2**31 - 1, 1, 2, 1), (4, 3, 4, 0)))
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.decoder.time_ns == BASE_NS + (2**31 + 4) * 1000


def test_libcaer_counts_invalid_events_as_unknown_words() -> None:
    counting = Counting('libcaer')
    counting.read(np.array([(0, 7), (1, 2**31 + 8), (1, 9)], '<u4').tobytes())
    assert counting.tally(tallies.UNKNOWN_WORDS) == 2
    assert counting.events() == [(0, 0, 0)]


def first_time_ns(encoding: str, time_base_ns: int, data: bytes) -> int | None:
    """Return what a packet tells after one that ended at BASE_NS."""
    counting = Counting(encoding)
    counting.read({'mono': mono, 'libcaer': libcaer}[encoding]((0, 1, 1, 1)))
    opened = replace(packet(encoding, data), time_base_ns=time_base_ns)
    return counting.decoder.first_time_ns(counting.decoder.open(opened))


@pytest.mark.parametrize('encoding', ['mono', 'libcaer'])
def test_an_empty_packet_tells_its_time_base_and_no_step_back(encoding: str) -> None:
    assert first_time_ns(encoding, BASE_NS + 7, b'') == BASE_NS + 7
    assert first_time_ns(encoding, BASE_NS - 1, b'') is None
    assert first_time_ns(encoding, BASE_NS + 7, b'12345') is None


def test_libcaer_starts_at_the_first_valid_event() -> None:
    words = np.array([(0, 7), (1, 2**31 + 8), (1, 9)], '<u4')
    assert first_time_ns('libcaer', BASE_NS, words.tobytes()) == BASE_NS + 9000
    assert first_time_ns('libcaer', BASE_NS, words[:2].tobytes()) is None


@pytest.mark.parametrize(
    ('encoding', 'data'),
    [
        ('evt3', evt3(*START, 0x2005)),
        ('mono', mono((5, 5, 3, 0))),
        ('libcaer', libcaer((5, 5, 3, 0))),
    ],
)
def test_big_endian_words_are_swapped(encoding: str, data: bytes) -> None:
    size = {'evt3': 2, 'mono': 8, 'libcaer': 4}[encoding]
    swapped = np.frombuffer(data, f'<u{size}').astype(f'>u{size}').tobytes()
    counting = Counting(encoding)
    counting.read(swapped, big_endian=True)
    assert counting.events() == [(5, 3, 0)]


@pytest.mark.parametrize(
    ('encoding', 'data', 'end_ns'),
    [
        ('evt3', evt3(*START, 0x2001, 0x6003, 0x2002), 4_099_000),
        ('mono', mono((0, 1, 3, 0), (9, 2, 3, 0)), BASE_NS + 9),
        ('libcaer', libcaer((0, 1, 3, 0), (9, 2, 3, 0)), BASE_NS + 9000),
    ],
)
def test_reading_stops_before_an_event_at_the_end_of_the_slot(
    encoding: str, data: bytes, end_ns: int
) -> None:
    counting = Counting(encoding)
    position = counting.read(data, until_ns=end_ns)
    assert counting.events() == [(1, 3, 0)]
    words = counting.decoder.open(packet(encoding, data))
    assert counting.decoder.time_ns == end_ns
    assert 0 < position < len(words)
    full = Counting(encoding)
    assert full.read(data, until_ns=end_ns + 1) == len(words)
    assert full.events() == [(1, 3, 0), (2, 3, 0)]


@pytest.mark.parametrize('encoding', encodings.names())
def test_counts_stop_at_255(encoding: str) -> None:
    data = {
        'evt3': evt3(*START, *[0x2001] * 300),
        'mono': mono(*[(0, 1, 3, 0)] * 300),
        'libcaer': libcaer(*[(0, 1, 3, 0)] * 300),
    }[encoding]
    counting = Counting(encoding)
    counting.read(data)
    assert counting.histogram.max() == 255
    assert counting.tally(tallies.COUNTED) == 255
    assert counting.tally(tallies.SATURATED) == 45


@pytest.mark.parametrize('encoding', encodings.names())
def test_events_outside_the_sensor_are_counted_and_not_written(encoding: str) -> None:
    data = {
        'evt3': evt3(*START, 0x2010, 0x27FF, 0x300F, 0x4003, 0x0008, 0x2000, 0x07FF, 0x2000),
        'mono': mono(*[(0, x, y, 0) for x, y in ((16, 3), (65535, 3), (0, 8), (0, 32767))]),
        'libcaer': libcaer(*[(0, x, y, 0) for x, y in ((16, 3), (32767, 3), (0, 8), (0, 32767))]),
    }[encoding]
    counting = Counting(encoding)
    counting.read(data)
    inside = 1 if encoding == 'evt3' else 0  # the vector's first event
    assert counting.histogram.sum() == inside
    assert counting.tally(tallies.OUTSIDE_EVENTS) == 4 + inside


def likely_words() -> st.SearchStrategy[bytes]:
    """Return evt3 words whose types are as frequent as those that move its state."""
    payloads = st.integers(0, 0xFFF)
    kinds = st.sampled_from([0, 2, 3, 4, 5, 6, 8, 8, 10, 1])
    words = st.tuples(kinds, payloads).map(lambda word: word[0] << 12 | word[1])
    return st.lists(words, max_size=200).map(lambda words: evt3(*words))


@settings(deadline=None, max_examples=400)
@given(
    st.sampled_from(encodings.names()),
    st.lists(st.binary(max_size=400) | likely_words(), max_size=4),
    st.booleans(),
    st.integers(-(2**40), 2**40),
)
@example('libcaer', [bytes([1] * 400), b'\xff' * 400], False, 0)
def test_no_bytes_harm(encoding: str, parts: list[bytes], big: bool, until: int) -> None:
    counting = Counting(encoding)
    for data in parts:
        position = counting.read(data, until_ns=BASE_NS + until, big_endian=big)
        assert 0 <= position <= len(data) // (2 if encoding == 'evt3' else 8)
    events = counting.decoder.tally[: tallies.BACKWARD_EVENTS + 1]
    assert counting.histogram.sum() == counting.tally(tallies.COUNTED)
    assert 0 <= events.sum() <= 12 * sum(len(data) for data in parts)


def test_an_unknown_encoding_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'evt9' is unknown; .* evt3, libcaer, mono"):
        encodings.new_decoder('evt9')


def test_unaligned_bytes_are_read() -> None:
    data: npt.NDArray[np.uint8] = np.frombuffer(b'x' + libcaer((5, 5, 3, 0)), np.uint8)[1:]
    decoder = encodings.new_decoder('libcaer')
    words = decoder.open(Packet('libcaer', WIDTH, HEIGHT, 0, 0, 0, False, data))
    assert words.flags.aligned
    assert decoder.first_time_ns(words) == 5000
