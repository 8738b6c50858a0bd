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

"""Frames depend on the events only: not on packets, interleaving, encoding or wraps."""

from itertools import pairwise

from frames.deliveries import (
    MAX_WAIT_NS,
    SPAN_US,
    WRAP_US,
    assert_equal,
    deliver,
    expected,
    moved,
    one_camera,
    send,
    steps,
    wrap_start_us,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from spike_depth_ros.events import encodings
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, OFFSET_NS, WIDTH, Camera, split

# Window and hop; random ones to the nanosecond, so edges seldom lie on the times of events.
CUTS_NS = st.sampled_from(
    [(w * MS_NS, h * MS_NS) for w, h in ((50, 50), (50, 10), (50, 20), (50, 49), (7, 7), (35, 10))]
) | st.integers(MS_NS, 60 * MS_NS).flatmap(
    lambda window_ns: st.tuples(st.just(window_ns), st.integers(MS_NS, window_ns))
)

starts = st.integers(0, 10**14) | st.integers(1, 10**6).map(lambda n: n * WRAP_US - SPAN_US // 2)


@settings(deadline=None, max_examples=300)
@given(
    st.sampled_from(encodings.names()),
    st.lists(one_camera, min_size=1, max_size=2),
    steps,
    CUTS_NS,
    starts,
)
def test_frames_equal_the_reference_however_the_stream_is_cut(
    encoding: str, cameras: list, steps: list, cut_ns: tuple[int, int], start_us: int
) -> None:
    window_ns, hop_ns = cut_ns
    zero_us = wrap_start_us(start_us, encoding)
    end_us = start_us + SPAN_US + 200_000
    sent = [moved(events, start_us) for events, _ in cameras]
    streams = [
        send(Camera(encoding), events, cuts, start_us, end_us)
        for events, (_, cuts) in zip(sent, cameras, strict=True)
    ]
    binner = Binner(len(streams), window_ns, hop_ns, MAX_WAIT_NS, WIDTH, HEIGHT)
    frames = deliver(binner, streams, steps, hop_ns, zero_us)
    common = [moved(events, -zero_us) for events in sent]
    assert_equal(frames, expected(common, window_ns, hop_ns))
    for frame in frames:
        assert frame.stamp_ns == frame.end_ns + zero_us * 1000 + OFFSET_NS
        assert frame.counts.flags.c_contiguous
    counters = binner.counters
    assert [camera.events for camera in counters.cameras] == [len(events) for events in sent]
    assert counters.windows_closed - counters.windows_empty == len(frames)
    assert counters.resets == counters.windows_incomplete == counters.windows_discarded == 0
    assert not binner.problems


@settings(deadline=None)
@given(
    st.tuples(one_camera, one_camera),
    st.tuples(*[st.integers(-SPAN_US // 2, SPAN_US // 2)] * 2),
    steps,
)
def test_cameras_that_start_at_different_wraps_give_the_same_frames(
    cameras: tuple, starts_us: tuple[int, int], steps: list
) -> None:
    """Each camera starts somewhere around the end of a wrap; its decoder sees a first one."""
    starts_us = [WRAP_US + start_us for start_us in starts_us]
    end_us = WRAP_US + SPAN_US // 2 + 200_000
    sent, streams = [], []
    for start_us, (events, cuts) in zip(starts_us, cameras, strict=True):
        around = moved(events, WRAP_US - SPAN_US // 2)
        sent.append([event for event in around if event[0] >= start_us])
        streams.append(send(Camera('evt3'), sent[-1], cuts, start_us, end_us))
    binner = Binner(2, 50 * MS_NS, 50 * MS_NS, MAX_WAIT_NS, WIDTH, HEIGHT)
    zero_us = wrap_start_us(starts_us[0])  # the left camera's first wrap is the common clock's
    frames = deliver(binner, streams, steps, 50 * MS_NS, zero_us)
    common = [moved(events, -zero_us) for events in sent]
    assert_equal(frames, expected(common, 50 * MS_NS, 50 * MS_NS))
    assert binner.counters.resets == binner.counters.windows_incomplete == 0
    assert binner.sync == 'sensor'


@settings(deadline=None, max_examples=50)
@given(st.integers(1, 600), st.integers(1, 300), st.sampled_from([10, 20, 25, 50]))
def test_overlapping_windows_saturate_like_one_histogram(
    first: int, second: int, hop_ms: int
) -> None:
    packed = [(0, 1, 1, 1)] * first + [(hop_ms * 1000, 1, 1, 1)] * second
    binner = Binner(1, 50 * MS_NS, hop_ms * MS_NS, MAX_WAIT_NS, WIDTH, HEIGHT)
    frames = []
    for packet in split(Camera('evt3'), packed, [], 200_000):
        frames += binner.push(0, packet, now_ns=0)
    both = [frame for frame in frames if hop_ms < 50 and frame.end_ns <= 50 * MS_NS][1:]
    for frame in both:
        assert frame.counts[1, 1, 0] == min(255, first + second)
        assert frame.saturated == max(0, first + second - 255)
    ends = [frame.end_ns for frame in frames]
    assert all(later - earlier == hop_ms * MS_NS for earlier, later in pairwise(ends))
