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

"""Cameras with one clock and with two: the mode that the binner finds, and its frames."""

from dataclasses import replace

import numpy as np
import pytest
from frames.steady import STEP_US, assert_whole, push, steady, stereo

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.units import MS_NS, SECOND_US
from testing.cameras import HEIGHT, OFFSET_NS, WIDTH, Camera

START_US = 10_000_000


def drifting(rate: float, seconds: int) -> list[Packet]:
    """Return packets of a clock that is faster than ROS time; header stamps are right.

    Each 50 ms of ROS time have five events in a column of their own, in the middle of 10 ms.
    """
    camera, packets = Camera('mono'), []
    for n in range(seconds * SECOND_US // STEP_US):
        since_us = n * STEP_US + STEP_US // 2
        packet = camera.send([(START_US + round(since_us * (1 + rate)), n // 5 % WIDTH, 1, 1)])
        packets.append(replace(packet, stamp_ns=(START_US + since_us) * 1000 + OFFSET_NS))
    return packets


def assert_same_windows(frames: list[SpikeFrame]) -> None:
    """Check that each frame has the events of both cameras from the same 50 ms."""
    for frame in frames:
        left, right = frame.counts[..., 0], frame.counts[..., 2]
        assert left.max() == 5
        assert np.array_equal(left, right)


@pytest.mark.parametrize('rate', [-0.003, 0.003])
def test_cameras_that_drift_apart_are_one_reset_and_then_aligned_by_stamps(rate: float) -> None:
    left, right = drifting(0, 20), drifting(rate, 20)
    binner = stereo()
    before = push(binner, left[:1000], right[:1000])
    assert (binner.sync, binner.counters.resets) == ('sensor', 0)
    frames = push(binner, left[1000:], right[1000:])
    assert (binner.sync, binner.counters.resets) == ('host', 1)
    assert any('sync is host now' in problem for problem in binner.problems)
    assert_same_windows(frames[-20:])
    assert len(before) + len(frames) >= 397
    binner.reset()
    push(binner, left[:100], left[:100])
    assert binner.sync == 'sensor'


@pytest.mark.parametrize('rates', [(-0.003, 0.003), (0.003, -0.003)])
def test_host_time_follows_clocks_that_lose_and_clocks_that_gain(
    rates: tuple[float, float],
) -> None:
    binner = stereo(sync='host')
    frames = push(binner, *[drifting(rate, 20) for rate in rates])
    assert_same_windows(frames)
    ends = [frame.end_ns for frame in frames]
    assert ends == list(range(ends[0], ends[0] + 50 * MS_NS * len(ends), 50 * MS_NS))
    assert len(frames) >= 398
    assert all(frame.stamp_ns == frame.end_ns for frame in frames)
    assert binner.counters.resets == 0


def test_events_before_the_first_time_word_of_a_packet_are_not_late() -> None:
    """A packet may begin with events at the time that the packet before it had reached."""
    camera = Camera('evt3')
    binner = Binner(1, 50 * MS_NS, 50 * MS_NS, 0, WIDTH, HEIGHT, sync='host')
    start = camera.send([(START_US, 1, 1, 1), (START_US + 60_000, 1, 1, 1)])
    end = camera.send([(START_US + 100_000, 1, 1, 1)], until_us=START_US + 300_000)
    data = np.concatenate([start.data[-2:], end.data])  # an address without a time
    # A stamp this late makes the estimate of host time fall by more than 10 ms.
    end = replace(end, data=data, stamp_ns=end.stamp_ns - 200 * MS_NS)
    frames = binner.push(0, start, 0) + binner.push(0, end, 0)
    assert [frame.counts[1, 1, 0] for frame in frames] == [1, 3]
    assert binner.counters.cameras[0].events_late == 0


def test_unrelated_clocks_are_aligned_by_stamps() -> None:
    apart_us = 77_777_777
    binner = stereo()
    right = steady(Camera('mono'), START_US + apart_us, -apart_us * 1000)
    assert_whole(push(binner, steady(Camera('mono'), START_US), right), 5)
    assert (binner.sync, binner.counters.resets) == ('host', 0)
    assert binner.status().apart_ns == -apart_us * 1000


@pytest.mark.parametrize(('apart_us', 'resets', 'sync'), [(0, 0, 'sensor'), (10**9, 1, 'host')])
def test_a_camera_that_joins_late(apart_us: int, resets: int, sync: str) -> None:
    binner = stereo()
    left = Camera('mono')
    push(binner, steady(left, START_US), [])
    assert binner.sync == 'sensor'
    later_us = START_US + 300_000
    late = steady(Camera('mono'), later_us + apart_us, -apart_us * 1000)
    frames = push(binner, steady(left, later_us), late, start_ns=300 * MS_NS)
    assert_whole(frames[-4:], 4)
    assert (binner.sync, binner.counters.resets) == (sync, resets)


def test_the_status_has_the_difference_of_the_clocks() -> None:
    binner = stereo()
    status = binner.status()
    assert (status.sync, status.apart_ns) == ('sensor', None)
    assert [camera.clock_spread_ns for camera in status.cameras] == [None, None]
    assert [camera.table for camera in status.cameras] == [None, None]
    left, right = (steady(Camera('mono'), START_US, steps=400) for _ in range(2))
    right = [replace(packet, stamp_ns=packet.stamp_ns + 7 * MS_NS) for packet in right]
    left[1::2] = [replace(packet, stamp_ns=packet.stamp_ns + 2 * MS_NS) for packet in left[1::2]]
    push(binner, left, right)
    status = binner.status()
    assert status.apart_ns == pytest.approx(6 * MS_NS, abs=0.1 * MS_NS)
    spreads_ns = [camera.clock_spread_ns for camera in status.cameras]
    assert spreads_ns == pytest.approx([MS_NS, 0], abs=0.05 * MS_NS)
    assert [camera.table.median_raw_pixels for camera in status.cameras] == [1, 1]
    assert [camera.hot_pixels for camera in status.cameras] == [0, 0]


@pytest.mark.parametrize('apart_s', [0.7, -5, 3600])
@pytest.mark.parametrize('first', [None, 0, 1])
def test_hosts_clocks_apart_end_in_one_mode_and_one_sentence(
    apart_s: float, first: int | None
) -> None:
    """Sensors share a clock, header stamps do not; a camera joins a second late, or none does."""
    binner = stereo()
    sent = []
    for camera in (0, 1):
        late = 100 if first == 1 - camera else 0
        shift_ns = round(apart_s * 1e9) if camera else 0
        packets = steady(Camera('evt3'), START_US + late * STEP_US, shift_ns, steps=500 - late)
        sent += [(late + n, camera, packet) for n, packet in enumerate(packets)]
    problems = set()
    for step, camera, packet in sorted(sent, key=lambda each: each[:2]):
        binner.push(camera, packet, step * STEP_US * 1000)
        problems |= {text for text in binner.problems if 'although their packets' in text}
        binner.problems.clear()
    assert binner.sync == 'host'
    assert binner.counters.resets <= 1
    (problem,) = problems
    stated_s = float(problem.partition('header stamps are ')[2].partition(' s apart')[0])
    assert stated_s == pytest.approx(abs(apart_s), abs=2 * STEP_US / 1e6)
    assert 'sync:=sensor' in problem


@pytest.mark.parametrize('apart_s', [0.7, 3600, -10])
def test_sync_sensor_needs_no_header_stamps(apart_s: float) -> None:
    """Also not for evt3 clocks that differ by whole wraps by their stamps."""
    binner = stereo(sync='sensor')
    left = steady(Camera('evt3'), START_US)
    right = steady(Camera('evt3'), START_US, round(apart_s * 1e9))
    assert_whole(push(binner, left, right), 5)
    assert not binner.problems


def test_late_packets_with_right_stamps_are_no_fault_of_the_clocks() -> None:
    """They are named only if windows do not wait that long, with what to set."""
    left, right = (steady(Camera('evt3'), START_US, steps=400) for _ in range(2))
    for lag, named in ((7, False), (25, True)):
        binner = stereo()
        push(binner, left, right, lag=lag)
        sentences = [text for text in binner.problems if 'packets come' in text]
        assert bool(sentences) is named
        assert not named or 'set max_wait_ms, now 100, above that' in sentences[0]
        assert not any('apart' in text for text in binner.problems)
