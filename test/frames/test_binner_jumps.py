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

"""Loops, restarts and jumps of time are one reset each, and frames flow again within one window.

The cameras' packets interleave, and one camera may jump a few packets later than the other.
"""

import pytest
from frames.steady import HOUR_NS, STEP_NS, assert_whole, push, steady, stereo

from spike_depth_ros.events import encodings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.units import MS_NS
from testing.cameras import Camera

WINDOW_NS = 50 * MS_NS
LAGS = [0, 3, -3]
START_US = 2 * HOUR_NS // 1000
STEPS = 30
SPAN_US = 300_000


def assert_goes_on(binner: Binner, frames: list[SpikeFrame], new: list[Packet]) -> None:
    """Check that there was one reset, and the frames after it."""
    assert binner.counters.resets == 1
    stamps = range(new[0].stamp_ns + 1, new[-1].stamp_ns + STEP_NS + 1)
    after = [frame for frame in frames if frame.stamp_ns in stamps]
    assert after[0].stamp_ns - new[0].stamp_ns <= WINDOW_NS
    assert_whole(after[-4:], 4)


def assert_unmixed(frames: list[SpikeFrame]) -> None:
    """Check that no frame mixes times from before and after the jump."""
    assert all(frame.counts[1, 1, 0] == frame.counts[1, 1, 2] for frame in frames)


@pytest.mark.parametrize(('lag', 'sync'), [(0, 'auto'), (3, 'auto'), (-3, 'host')])
@pytest.mark.parametrize('jump_ns', [-HOUR_NS, HOUR_NS])
@pytest.mark.parametrize('who', ['sensor', 'stamp', 'both'])
@pytest.mark.parametrize('encoding', encodings.names())
def test_a_jump_of_an_hour(encoding: str, who: str, jump_ns: int, lag: int, sync: str) -> None:
    jump_us = 0 if who == 'stamp' else jump_ns // 1000
    # The sensor's jump alone leaves the header stamps where they were, and the other way round.
    shift_ns = HOUR_NS + {'sensor': -jump_ns, 'stamp': jump_ns, 'both': 0}[who]
    streams = []
    for _ in range(2):
        old = steady(Camera(encoding), START_US, HOUR_NS)
        # A driver's words do not show a jump: use a new encoder, and continue seq.
        camera = Camera(encoding)
        camera.seq = STEPS
        streams.append((old, steady(camera, START_US + SPAN_US + jump_us, shift_ns)))
    (left, new_left), (right, new_right) = streams
    binner = stereo(sync)
    frames = push(binner, left + new_left, right + new_right, lag=lag)
    assert_goes_on(binner, frames, new_left)
    assert_unmixed(frames)
    assert binner.counters.cameras[lag > 0].packets_stale == abs(lag)
    assert binner.sync == ('host' if sync == 'host' else 'sensor')


@pytest.mark.parametrize('lag', LAGS)
@pytest.mark.parametrize('encoding', encodings.names())
def test_a_recording_that_loops(encoding: str, lag: int) -> None:
    left, right = (steady(Camera(encoding), START_US, steps=400) for _ in range(2))
    binner = stereo()
    frames = push(binner, left * 2, right * 2, lag=lag)
    assert_goes_on(binner, frames, left)
    assert_unmixed(frames)
    assert len(frames) >= 2 * 79  # the grid of an evt3 clock begins at a wrap
    assert binner.counters.cameras[lag > 0].packets_stale == abs(lag)
    assert binner.counters.windows_discarded in (1, 2)


@pytest.mark.parametrize('lag', LAGS)
@pytest.mark.parametrize('restarted', [0, 1])
@pytest.mark.parametrize(('clock_us', 'sync'), [(0, 'sensor'), (-HOUR_NS // 1000, 'host')])
@pytest.mark.parametrize('encoding', ['evt3', 'libcaer', 'mono'])
def test_a_driver_that_restarts(
    encoding: str, clock_us: int, sync: str, restarted: int, lag: int
) -> None:
    """seq restarts, the camera's clock continues or restarts, and the stamps are right."""
    streams = []
    for number in range(2):
        camera = Camera(encoding)
        stream = steady(camera, START_US)
        if number == restarted:
            new = steady(Camera(encoding), START_US + SPAN_US + clock_us, -clock_us * 1000)
        else:
            new = steady(camera, START_US + SPAN_US)
        streams.append(stream + new)
    binner = stereo()
    frames = push(binner, *streams, lag=lag)
    assert_goes_on(binner, frames, streams[restarted][STEPS:])
    assert binner.sync == sync


def test_a_driver_that_restarts_with_another_message_type() -> None:
    left, right = Camera('evt3'), Camera('evt3')
    streams = [steady(left, START_US), steady(right, START_US)]
    new = steady(Camera('dvs_msgs'), START_US + SPAN_US)
    streams[0] += new
    streams[1] += steady(right, START_US + SPAN_US)
    binner = stereo()
    frames = push(binner, *streams)
    assert_goes_on(binner, frames, new)
    assert binner.counters.cameras[0].packets_wrong_form == 0


@pytest.mark.parametrize('lag', LAGS)
def test_a_recording_of_less_than_a_second_that_loops(lag: int) -> None:
    """Its first packets look as if others had overtaken them."""
    left, right = (steady(Camera('mono'), START_US, steps=40) for _ in range(2))
    binner = stereo()
    frames = push(binner, left * 3, right * 3, lag=lag)
    assert binner.counters.resets == 2
    whole = [frame.stamp_ns for frame in frames if frame.counts[1, 1].tolist() == [5, 0, 5, 0]]
    assert [whole.count(stamp_ns) for stamp_ns in sorted(set(whole))][2:] == [3] * 5
