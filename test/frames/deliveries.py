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

"""Streams cut into packets at random and delivered in a random order, and their frames."""

from collections import deque
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from reference_decoders import Events, windows

from spike_depth_ros.events.evt3 import HIGH_JITTER
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH, Camera, Event

SPAN_US = 700_000  # within the second that the ring holds beyond window and wait
MAX_WAIT_NS = 100 * MS_NS
POLL_NS = 40 * MS_NS
WRAP_US = 1 << 24

# A packet, and the time that its camera has reached with it, in us.
Sent = tuple[int, Packet]

# Few pixels, so counts add up; some events off the sensor; times on window edges.
times = st.integers(0, SPAN_US) | st.integers(0, SPAN_US // 10_000).map(lambda n: n * 10_000)
events = st.lists(
    st.tuples(times, st.integers(0, WIDTH), st.integers(0, HEIGHT), st.integers(0, 1)),
    max_size=40,
).map(sorted)
cuts = st.lists(st.integers(0, 40), max_size=8)
one_camera = st.tuples(events, cuts)
# Camera of the next packet, and the pause before it in ns.
pauses = st.integers(0, 40 * MS_NS) | st.just(2 * MAX_WAIT_NS)
steps = st.lists(st.tuples(st.integers(0, 1), pauses), max_size=40)


def moved(events: list[Event], by_us: int) -> list[Event]:
    return [(t + by_us, *rest) for t, *rest in events]


def wrap_start_us(start_us: int, encoding: str = 'evt3') -> int:
    """Return the time that a decoder takes for 0 when its stream starts at start_us.

    A start of evt3 so close before a wrap that jitter explains it counts from that wrap.
    """
    if encoding in ('evt2', 'evt21'):
        return start_us >> 34 << 34
    if encoding != 'evt3':
        return 0
    return ((start_us >> 12) + HIGH_JITTER >> 12) * WRAP_US


def send(
    camera: Camera, events: list[Event], cuts: list[int], start_us: int, end_us: int
) -> list[Sent]:
    """Return a packet at the start, all events cut at some indexes, and a packet at the end."""
    edges = sorted({min(cut, len(events)) for cut in cuts} | {0, len(events)})
    sent = [(start_us, camera.send([], until_us=start_us))]
    sent += [(events[b - 1][0], camera.send(events[a:b])) for a, b in pairwise(edges)]
    return [*sent, (end_us, camera.send([], until_us=end_us))]


def deliver(
    binner: Binner,
    streams: list[list[Sent]],
    steps: list[tuple[int, int]],
    hop_ns: int,
    zero_us: int = 0,
) -> list[SpikeFrame]:
    """Push all packets, and poll, while the time passes; zero_us: the common clock's zero.

    Pauses are limited: no window waits longer than MAX_WAIT_NS for a camera.
    """
    queues = [deque(stream) for stream in streams]
    slots = [-(1 << 62)] * len(streams)  # slot that each camera has reached
    reached: list[tuple[int, int]] = []  # time at which the leading camera reached a slot
    now_ns, frames = 0, []
    rest = [(camera, 0) for camera in range(len(streams)) for _ in streams[camera]]
    for camera, pause_ns in [*steps, *rest]:
        if camera >= len(streams) or not queues[camera]:
            continue
        waits = [since_ns for since_ns, slot in reached if slot > min(slots)]
        until_ns = min([now_ns + pause_ns, *(since_ns + MAX_WAIT_NS - 1 for since_ns in waits)])
        while now_ns < until_ns:
            now_ns = min(now_ns + POLL_NS, until_ns)
            frames += binner.poll(now_ns)
        reached_us, packet = queues[camera].popleft()
        slots[camera] = (reached_us - zero_us) * 1000 // hop_ns
        reached.append((now_ns, slots[camera]))
        frames += binner.push(camera, packet, now_ns)
    return frames


def expected(cameras: list[list[Event]], window_ns: int, hop_ns: int) -> dict[int, np.ndarray]:
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


def assert_equal(frames: list[SpikeFrame], reference: dict[int, np.ndarray]) -> None:
    """Check frames bit for bit."""
    assert [frame.end_ns for frame in frames] == list(reference)
    for frame in frames:
        assert np.array_equal(frame.counts, reference[frame.end_ns])
