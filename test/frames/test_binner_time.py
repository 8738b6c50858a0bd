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

"""Clocks of the binner: wraps, silences and packets out of order cause no reset."""

from dataclasses import replace

import numpy as np
import pytest
from frames.steady import STEP_US, assert_whole, push, steady, stereo

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.spike_frame import RIGHT
from spike_depth_ros.units import MS_NS
from testing.cameras import Camera

WRAP_US = 2**24
POLL_NS = 50 * MS_NS


def wait(binner: Binner, start_ns: int, end_ns: int) -> None:
    """Let the time pass without packets."""
    for now_ns in range(start_ns, end_ns, POLL_NS):
        assert binner.poll(now_ns) == []


def test_evt3_goes_on_over_its_wrap() -> None:
    start = WRAP_US - 100_000
    start -= start % 50_000
    binner = stereo()
    frames = push(binner, steady(Camera('evt3'), start), steady(Camera('evt3'), start))
    assert_whole(frames, 5)
    assert binner.counters.resets == 0


def test_cameras_that_join_at_different_wraps_share_windows() -> None:
    # The left camera has been on for three wraps when the right one joins.
    binner = stereo()
    left, right = Camera('evt3'), Camera('evt3')
    early = steady(left, 0)
    late_start = 3 * WRAP_US + 50_000 - 3 * WRAP_US % 50_000
    for number, packet in enumerate(early):
        binner.push(0, packet, number * STEP_US * 1000)
    for until_us in range(1_000_000, late_start, 500_000):
        binner.push(0, left.send([], until_us), 0)
    frames = push(binner, steady(left, late_start), steady(right, late_start))
    assert_whole([frame for frame in frames if frame.counts[..., RIGHT].any()], 5)
    assert binner.counters.resets == 0
    assert binner.status().sync == 'sensor'


@pytest.mark.parametrize('wraps', [1, 2, 40])
def test_a_camera_that_was_silent_for_wraps_keeps_its_time(wraps: int) -> None:
    binner = stereo()
    cameras = [Camera('evt3'), Camera('evt3')]
    push(binner, *[steady(camera, 0) for camera in cameras])
    start = wraps * WRAP_US + 500_000
    start -= start % 50_000
    # A driver's words do not show the wraps in between: use a new encoder, and continue seq.
    fresh = [Camera('evt3'), Camera('evt3')]
    for camera in fresh:
        camera.seq = 30
    wait(binner, 300 * MS_NS, start * 1000)
    streams = [steady(camera, start) for camera in fresh]
    frames = push(binner, *streams, start_ns=start * 1000)
    assert_whole(frames[-5:], 5)
    assert frames[-1].end_ns == (start + 250_000) * 1000
    assert binner.counters.resets == 0


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'libcaer'])
def test_packets_overtaken_by_others_are_dropped(encoding: str) -> None:
    binner = stereo()
    left, right = steady(Camera(encoding), 0), steady(Camera(encoding), 0)
    left[3], left[4] = left[4], left[3]
    frames = push(binner, left, right)
    counters = binner.counters.cameras[0]
    assert (counters.packets_out_of_order, counters.packets_lost) == (1, 1)
    assert [frame.counts[1, 1, 0] for frame in frames] == [4, 5, 5, 5, 5]
    assert binner.counters.resets == 0


@pytest.mark.parametrize('encoding', ['mono', 'libcaer'])
@pytest.mark.parametrize('size', [5, 0])
def test_a_packet_without_a_whole_event_does_not_turn_time_back(encoding: str, size: int) -> None:
    # A driver's time base may lie far back: libcaer's counts whole 2^31 us, 35 minutes.
    binner = stereo()
    left, right = (steady(Camera(encoding), 10_000_000) for _ in range(2))
    torn = left.pop(7)
    left.insert(7, replace(torn, data=torn.data[:size], time_base_ns=0))
    frames = push(binner, left, right)
    assert [frame.counts[1, 1].tolist() for frame in frames[:2]] == [[5, 0, 5, 0], [4, 0, 5, 0]]
    assert_whole(frames[2:], 3)
    assert binner.counters.resets == 0


@pytest.mark.parametrize('apart_us', [-5_000_000, 5_000_000])
@pytest.mark.parametrize('number', [0, 7])
def test_an_invalid_first_event_gives_no_time(apart_us: int, number: int) -> None:
    binner = stereo()
    left, right = (steady(Camera('libcaer'), 10_000_000) for _ in range(2))
    invalid = np.array([0, 10_000_000 + number * STEP_US + apart_us], '<u4').view(np.uint8)
    spoilt = left[number]
    left[number] = replace(spoilt, data=np.concatenate([invalid, spoilt.data]))
    assert_whole(push(binner, left, right), 5)
    assert binner.counters.resets == 0
    assert binner.counters.cameras[0].words_unknown == 1


def test_reset_forgets_the_open_windows() -> None:
    binner = stereo()
    left, right = steady(Camera('mono'), 0), steady(Camera('mono'), 0)
    push(binner, left[:3], right[:3])
    binner.reset()
    assert binner.counters.windows_discarded == 1
    frames = push(binner, left[5:], right[5:])
    assert_whole(frames, 4)


def test_unrelated_sensor_clocks_are_reported() -> None:
    binner = stereo(sync='sensor')
    right = steady(Camera('mono'), 10**9, -(10**12), steps=300)
    push(binner, steady(Camera('mono'), 0, steps=300), right)
    (problem,) = binner.problems
    assert problem.startswith("the two cameras' sensor times are 1000.00 s apart although")
    assert problem.endswith('sync:=host')
