"""Frames depend on the events alone: not on packets, interleaving, encoding or wraps."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from reference_decoders import Events, windows
from streams import HEIGHT, MS_NS, OFFSET_NS, WIDTH, Camera, Event, split

from spike_depth_ros.events import encodings
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame

SPAN_US = 700_000  # within the second that the ring holds beyond window and wait
WRAP_US = 2**24
CUTS_MS = ((50, 50), (50, 10), (40, 20), (7, 7))

# A few pixels, so that counts add up; some events off the sensor; times on window edges.
times = st.integers(0, SPAN_US) | st.integers(0, SPAN_US // 10_000).map(lambda n: n * 10_000)
events = st.lists(
    st.tuples(times, st.integers(0, WIDTH), st.integers(0, HEIGHT), st.integers(0, 1)),
    max_size=40,
).map(sorted)
cuts = st.lists(st.integers(0, 40), max_size=8)
starts = st.integers(0, 10**14) | st.integers(1, 10**6).map(lambda n: n * WRAP_US - SPAN_US // 2)


def moved(events: list[Event], start_us: int) -> list[Event]:
    return [(t + start_us, *rest) for t, *rest in events]


def run(
    streams: list[list], order: list[int], window_ns: int, hop_ns: int
) -> tuple[Binner, list[SpikeFrame]]:
    """Push the cameras' packets in the order of their cameras' numbers, then what is left."""
    binner = Binner(len(streams), window_ns, hop_ns, 100 * MS_NS, WIDTH, HEIGHT)
    queues = [list(enumerate(stream)) for stream in streams]
    pushes = [camera for camera in order if camera < len(streams)]
    pushes += [camera for camera in range(len(streams)) for _ in queues[camera]]
    frames = []
    for camera in pushes:
        if queues[camera]:
            frames += binner.push(camera, queues[camera].pop(0)[1], now_ns=0)
    return binner, frames


def expected(cameras: list[list[Event]], window_ns: int, hop_ns: int) -> dict:
    """Return the frames by end_ns, from the slow reference."""
    halves = []
    for camera in cameras:
        decoded = Events()
        for t_us, x, y, polarity in camera:
            decoded.add(t_us * 1000, x, y, polarity)
        halves.append(windows(decoded, window_ns, hop_ns, WIDTH, HEIGHT))
    nothing = np.zeros((HEIGHT, WIDTH, 2), np.uint8)
    ends = sorted(set().union(*halves))
    return {
        end: np.concatenate([half.get(end, nothing) for half in halves], axis=2) for end in ends
    }


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(encodings.names()),
    st.lists(st.tuples(events, cuts), min_size=1, max_size=2),
    st.lists(st.integers(0, 1), max_size=20),
    st.sampled_from(CUTS_MS),
    starts,
)
def test_frames_equal_the_reference_however_the_stream_is_cut(
    encoding: str, cameras: list, order: list[int], windows_ms: tuple[int, int], start_us: int
) -> None:
    window_ns, hop_ns = (length * MS_NS for length in windows_ms)
    if encoding == 'evt3':
        start_us %= WRAP_US  # the first wrap that a decoder sees is the common clock's first
    end_us = start_us + SPAN_US + 200_000
    sent = [moved(events, start_us) for events, _ in cameras]
    streams = []
    for (_, cuts), one in zip(cameras, sent, strict=True):
        camera = Camera(encoding)
        streams.append([camera.send([], until_us=start_us), *split(camera, one, cuts, end_us)])
    binner, frames = run(streams, order, window_ns, hop_ns)
    reference = expected(sent, window_ns, hop_ns)
    assert [frame.end_ns for frame in frames] == list(reference)
    for frame in frames:
        assert np.array_equal(frame.counts, reference[frame.end_ns])
        assert frame.stamp_ns == frame.end_ns + OFFSET_NS
        assert frame.counts.flags.c_contiguous
    counters = binner.counters
    assert [camera.events for camera in counters.cameras] == [len(events) for events in sent]
    assert counters.windows_closed - counters.windows_empty == len(frames)
    assert counters.resets == counters.windows_incomplete == counters.windows_discarded == 0
    assert not binner.problems


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 600), st.integers(1, 300), st.sampled_from([10, 25, 50]))
def test_overlapping_windows_saturate_like_one_histogram(
    first: int, second: int, hop_ms: int
) -> None:
    packed = [(0, 1, 1, 1)] * first + [(hop_ms * 1000, 1, 1, 1)] * second
    stream = split(Camera('evt3'), packed, [], 200_000)
    _, frames = run([stream], [], 50 * MS_NS, hop_ms * MS_NS)
    both = [frame for frame in frames if hop_ms < 50 and frame.end_ns <= 50 * MS_NS][1:]
    for frame in both:
        assert frame.counts[1, 1, 0] == min(255, first + second)
        assert frame.saturated == max(0, first + second - 255)
    ends = [frame.end_ns for frame in frames]
    assert all(later - earlier == hop_ms * MS_NS for earlier, later in pairwise(ends))
