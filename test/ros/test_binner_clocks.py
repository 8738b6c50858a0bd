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

"""Clocks over DDS: cameras that are not synchronised, and simulated time that jumps back."""

import pytest
from diagnostic_msgs.msg import DiagnosticArray
from rosgraph_msgs.msg import Clock
from spike_depth_msgs.msg import SpikeInfo

from spike_depth_ros.frames.spike_frame import LEFT, RIGHT
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_ns, to_time
from spike_depth_ros.ros.spike_info import to_stream
from testing.binner_io import (
    PATIENT,
    STATUS,
    assert_frames,
    event_publishers,
    expected_frames,
    frames,
    send_both,
)
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.stripes import packets

STAMP_NS = 10**18
APART_US = 7_654_321


def test_cameras_with_unrelated_clocks_are_aligned_by_their_stamps(probe: Probe) -> None:
    with NodeProcess('binner', PATIENT):
        senders = event_publishers(probe)
        images = frames(probe)
        rigs = probe.collect(SpikeInfo, '/spikes/info', qos.latched())
        streams = [
            packets(0, 500_000, stamp_ns=STAMP_NS),
            packets(1, 500_000, 1_000_000 + APART_US, STAMP_NS - APART_US * 1000),
        ]
        expected = expected_frames(streams)
        send_both(senders, streams)
        probe.until(lambda: len(images) == len(expected), 'frames')
        probe.until_value(STATUS, 'sync', 'host')
        probe.until(lambda: rigs, 'spikes/info')

    assert len(expected) >= 9
    assert_frames(images, expected)
    ends_ns = [to_ns(image.header.stamp) for image in images]
    assert all(end_ns % 50_000_000 == 0 for end_ns in ends_ns)  # windows of ROS time
    for counts in list(expected.values())[1:]:
        events = int(counts[..., LEFT].sum()), int(counts[..., RIGHT].sum())
        assert events == pytest.approx((2_000, 2_000), abs=20)
    rig = to_stream(rigs[-1])
    assert rig.sync == 'host'
    values = probe.values(STATUS)
    assert abs(float(values['right clock behind left (ms)']) + APART_US / 1000) < 1
    assert 0 < float(values['left clock spread (ms)']) < 5
    assert values['resets'] == '0'


def test_simulated_time_that_jumps_back_is_one_reset(probe: Probe) -> None:
    clock = probe.node.create_publisher(Clock, '/clock', 10)
    reports = probe.collect(DiagnosticArray, '/diagnostics')
    with NodeProcess('binner', {'use_sim_time': 'true', **PATIENT}):
        probe.until_subscribed('/clock')
        senders = event_publishers(probe)
        images = frames(probe)
        streams = [packets(camera, 1_500_000, stamp_ns=STAMP_NS) for camera in (0, 1)]
        expected = expected_frames(streams)

        def play(shown_ns: int) -> None:
            """Send the streams, and wait for a report that shows a time."""
            before = len(images)
            send_both(senders, streams)
            probe.until(lambda: len(images) == before + len(expected), 'frames')

            def shown() -> bool:
                clock.publish(Clock(clock=to_time(shown_ns)))
                return to_ns(reports[-1].header.stamp) == shown_ns

            probe.until(shown, f'a report at {shown_ns}')

        play(STAMP_NS + 2 * 10**9)
        play(STAMP_NS + 10**9)
        probe.until_value(STATUS, 'resets', 1)

    count = len(expected)
    assert_frames(images[:count], expected)
    assert_frames(images[count:], expected)
