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

"""Frames do not depend on the interleaving of two cameras' packets."""

from dataclasses import replace
from itertools import accumulate, cycle, pairwise

import numpy as np
from frames.deliveries import (
    MAX_WAIT_NS,
    SPAN_US,
    Sent,
    assert_equal,
    deliver,
    events,
    expected,
    moved,
    one_camera,
    send,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st
from reference_decoders import decode_evt3

from spike_depth_ros.events import encodings
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, OFFSET_NS, WIDTH, Camera, Event

START_US = 10_000_000
END_US = START_US + SPAN_US + 200_000
WINDOW_NS = 50 * MS_NS
# Delays of the header stamps of a camera's packets.
scatter = st.lists(st.integers(0, 5 * MS_NS), min_size=1, max_size=8)


def scattered(sent: list[Sent], lates_ns: list[int], clock_us: int) -> list[Sent]:
    """Return packets with late header stamps, rising, of a clock that is ahead by clock_us."""
    stamps = accumulate(
        (p.stamp_ns - clock_us * 1000 + late for (_, p), late in zip(sent, cycle(lates_ns))), max
    )
    return [
        (reached_us, replace(packet, stamp_ns=stamp_ns))
        for (reached_us, packet), stamp_ns in zip(sent, stamps, strict=True)
    ]


def cut_words(sent: list[Event], cuts: set[int]) -> list[Sent]:
    """Return an evt3 stream cut between words, with stamps of the last event before each cut."""
    camera = Camera('evt3')
    pieces = [camera.send([], until_us=START_US), camera.send(sent, until_us=END_US)]
    data = np.concatenate([piece.data for piece in pieces])
    packets = []
    edges = sorted({2 * cut for cut in cuts if 2 * cut < len(data)} | {0, len(data)})
    for seq, (begin, end) in enumerate(pairwise(edges)):
        before = decode_evt3([replace(pieces[0], data=data[:begin])]).t_ns
        stamp_ns = (before[-1] if before else START_US * 1000) + OFFSET_NS
        piece = replace(pieces[0], seq=seq, stamp_ns=stamp_ns, data=data[begin:end])
        packets.append((START_US, piece))
    return packets


def run(streams: list[list[Sent]], order: list[int], sync: str) -> list[SpikeFrame]:
    """Return the frames of packets pushed in this order of cameras, without pauses."""
    binner = Binner(2, WINDOW_NS, WINDOW_NS, MAX_WAIT_NS, WIDTH, HEIGHT, sync=sync)
    frames = deliver(binner, streams, [(camera, 0) for camera in order], WINDOW_NS)
    counters = binner.counters
    assert counters.resets == counters.windows_incomplete == 0
    assert [camera.events_late for camera in counters.cameras] == [0, 0]
    return frames


def assert_same(frames: list[SpikeFrame], others: list[SpikeFrame]) -> None:
    for one, other in zip(frames, others, strict=True):
        assert (one.end_ns, one.stamp_ns) == (other.end_ns, other.stamp_ns)
        assert np.array_equal(one.counts, other.counts)


orders = st.lists(st.integers(0, 1), max_size=40)


@settings(deadline=None)
@given(
    st.sampled_from(encodings.names()),
    st.tuples(*[st.tuples(one_camera, scatter)] * 2),
    st.just((0, 0)) | st.tuples(*[st.integers(0, 10**8)] * 2),
    st.sampled_from(['auto', 'host']),
    orders,
)
@example(  # the window closes with the packet that moves the estimate of ROS time
    encoding='dvs_msgs',
    cameras=(
        (([(12, 0, 0, 0), (12, 0, 0, 0), (50_000, 0, 0, 0)], []), [0, 41_667]),
        (([], []), [0]),
    ),
    clocks_us=(0, 0),
    sync='auto',
    order=[1],
)
def test_any_order_of_two_cameras_gives_the_same_frames(
    encoding: str, cameras: tuple, clocks_us: tuple[int, int], sync: str, order: list[int]
) -> None:
    streams = []
    for ((one, cuts), lates_ns), clock_us in zip(cameras, clocks_us, strict=True):
        ahead = moved(one, START_US + clock_us)
        sent = send(Camera(encoding), ahead, cuts, START_US + clock_us, END_US + clock_us)
        streams.append(scattered(sent, lates_ns, clock_us))
    frames = run(streams, order, sync)
    assert_same(frames, run(streams, [], sync))
    on_sensor = [e for (one, _), _ in cameras for e in one if e[1] < WIDTH and e[2] < HEIGHT]
    assert sum(frame.counts.sum() for frame in frames) == len(on_sensor)


@settings(deadline=None)
@given(
    st.tuples(*[st.tuples(events, st.sets(st.integers(1, 150), max_size=12))] * 2),
    st.sampled_from(['sensor', 'host']),
    orders,
)
def test_evt3_may_be_cut_between_any_two_words(
    cameras: tuple, sync: str, order: list[int]
) -> None:
    """The stamps are so bad that the host's time, as estimated, would run back."""
    sent = [moved(events, START_US) for events, _ in cameras]
    streams = [cut_words(one, cuts) for one, (_, cuts) in zip(sent, cameras, strict=True)]
    frames = run(streams, order, sync)
    assert_same(frames, run(streams, [], sync))
    if sync == 'sensor':
        assert_equal(frames, expected(sent, WINDOW_NS, WINDOW_NS))
