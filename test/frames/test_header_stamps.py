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

"""Header stamps that are zero or stand still: ROS time at the arrival replaces them."""

from dataclasses import replace

import numpy as np
import pytest
from frames.steady import STEP_US, push, steady, stereo

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH, Camera

ROS_NS = 1_790_000_000_000_000_000


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer'])
@pytest.mark.parametrize('standing', [0, ROS_NS - 50 * 10**9, ROS_NS])
def test_frames_have_increasing_stamps_of_the_arrival(encoding: str, standing: int) -> None:
    binner, frames = stereo(), []
    streams = [steady(Camera(encoding), 10_000_000, steps=400) for _ in range(2)]
    for step, pair in enumerate(zip(*streams, strict=True)):
        for camera, packet in enumerate(pair):
            since_ns = (step + 1) * STEP_US * 1000
            packet = replace(packet, stamp_ns=standing)
            frames += binner.push(camera, packet, since_ns, ROS_NS + since_ns)
    stamps = [frame.stamp_ns for frame in frames]
    assert len(frames) >= 60
    assert (np.diff(stamps[-60:]) > 0).all()
    assert abs(stamps[-1] - (ROS_NS + 400 * STEP_US * 1000)) < 100_000_000
    assert binner.counters.resets <= 1
    assert all(camera.packets_unstamped > 350 for camera in binner.counters.cameras)


def test_stamps_that_advance_are_left_alone() -> None:
    binner = stereo()
    for step, packet in enumerate(steady(Camera('evt3'), 10_000_000, steps=100)):
        binner.push(0, packet, step * STEP_US * 1000, ROS_NS)
    assert binner.counters.cameras[0].packets_unstamped == 0


@pytest.mark.parametrize('hop_ms', [10, 50])
@pytest.mark.parametrize('step_ns', [-900_000_000, -300_000_000, 900_000_000])
def test_stamps_of_frames_increase_when_those_of_packets_step(hop_ms: int, step_ns: int) -> None:
    """A host's clock is set by less than a jump."""
    binner = Binner(2, 50 * MS_NS, hop_ms * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)
    streams = [steady(Camera('evt3'), 10_000_000, steps=400) for _ in range(2)]
    for stream in streams:
        stream[200:] = [replace(p, stamp_ns=p.stamp_ns + step_ns) for p in stream[200:]]
    stamps = [frame.stamp_ns for frame in push(binner, *streams)]
    assert len(stamps) >= 3_900 // hop_ms
    assert binner.counters.resets == 0
    assert np.diff(stamps).min() >= hop_ms * MS_NS // 2
    assert stamps[-1] == pytest.approx(streams[0][-1].stamp_ns, abs=60 * MS_NS)


def test_stamps_that_advance_now_and_then_are_replaced_all_the_time() -> None:
    """Otherwise time would alternate between the driver's clock and the host's."""
    binner = stereo()
    for step, packet in enumerate(steady(Camera('evt3'), 10_000_000, steps=600)):
        packet = replace(packet, stamp_ns=ROS_NS - 10**10 + step // 40 * 400 * MS_NS)
        since_ns = step * STEP_US * 1000
        binner.push(0, packet, since_ns, ROS_NS + since_ns)
    assert binner.counters.resets <= 1


def test_stamps_are_used_again_once_each_packet_has_its_own() -> None:
    binner = stereo()
    for step, packet in enumerate(steady(Camera('evt3'), 10_000_000, steps=800)):
        if step < 100:
            packet = replace(packet, stamp_ns=ROS_NS)
        binner.push(0, packet, step * STEP_US * 1000, ROS_NS)
    assert 250 < binner.counters.cameras[0].packets_unstamped < 350
