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

"""Binner reports over DDS: streams that lead to wrong depth, or to none."""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from event_camera_msgs.msg import EventPacket
from rclpy.publisher import Publisher
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo
from spike_depth_msgs.msg import SpikeInfo

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_time
from testing.binner_io import PATIENT, RELIABLE, STATUS, TOPICS, event_publishers, send
from testing.nodes import NodeProcess, run_to_the_end
from testing.probe import Probe
from testing.stripes import packets


class Stream:
    """One camera's packets, sent one by one."""

    def __init__(self, publisher: Publisher, change: Callable[[Packet], Packet]) -> None:
        self._publisher = publisher
        self._packets = iter(packets(0, 15_000_000))
        self._change = change

    def send(self, count: int = 2) -> None:
        for _ in range(count):
            send(self._publisher, [self._change(next(self._packets))])


def until_reported(
    probe: Probe, part: str, change: Callable[[Packet], Packet] = lambda packet: packet
) -> DiagnosticStatus:
    """Send both cameras' packets until the binner's report holds some words; return it."""
    streams = [Stream(publisher, change) for publisher in event_publishers(probe)]

    def is_reported() -> bool:
        for stream in streams:
            stream.send()
        return part in probe.text(STATUS)

    probe.until(is_reported, part)
    return probe.status[STATUS]


def without_events(packet: Packet) -> Packet:
    return replace(packet, data=np.zeros(0, np.uint8))


@pytest.mark.parametrize(
    ('change', 'reported'),
    [
        (
            lambda packet: replace(packet, width=packet.height, height=packet.width),
            'lie off its sensor of 260 x 346 pixels: are the width and height',
        ),
        (without_events, "s: the left camera's packets hold no events and the right"),
        (lambda packet: replace(packet, stamp_ns=0), "the left camera's header stamps are zero"),
        (lambda packet: replace(packet, stamp_ns=10**18), 'header stamps are zero or stand still'),
        (lambda packet: replace(packet, encoding='EVT3'), "camera's packets have an unknown enc"),
    ],
)
def test_faulty_streams_are_reported(
    probe: Probe, change: Callable[[Packet], Packet], reported: str
) -> None:
    with NodeProcess('binner', PATIENT):
        assert until_reported(probe, reported, change).level >= DiagnosticStatus.WARN


def test_a_rig_without_a_calibration_is_named_at_the_start_and_always(probe: Probe) -> None:
    with NodeProcess('binner', RELIABLE) as process:
        assert (
            until_reported(probe, 'not calibrated, so depth may be wrong: set the binner').level
            >= DiagnosticStatus.WARN
        )
        code, error = process.interrupt()
    assert code == 0
    assert error.count('not calibrated') == 1


def test_two_cameras_on_one_topic_are_refused() -> None:
    both = ('-r', 'left/events:=/cam/events', '-r', 'right/events:=/cam/events')
    code, error = run_to_the_end('binner', PATIENT, *both)
    assert code == 1
    assert 'left/events and right/events are both remapped to /cam/events' in error


def test_two_drivers_on_one_topic_and_two_binners_are_named(probe: Probe) -> None:
    with NodeProcess('binner', PATIENT), NodeProcess('binner', PATIENT):
        probe.until_text(STATUS, '/spikes has 2 publishers (/binner, /binner)')
        assert probe.status[STATUS].level != DiagnosticStatus.OK
        event_publishers(probe)
        probe.node.create_publisher(EventPacket, TOPICS[0], 10)
        probe.until_text(STATUS, '/left/events has 2 publishers (/probe, /probe)')
        assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_simulated_time_that_nobody_publishes(probe: Probe) -> None:
    with NodeProcess('binner', {'use_sim_time': 'true', **PATIENT}):
        probe.until_text(STATUS, 'use_sim_time is true, but nothing publishes /clock')
        assert probe.status[STATUS].level != DiagnosticStatus.OK
        publisher = probe.node.create_publisher(Clock, '/clock', 10)

        def is_well() -> bool:
            publisher.publish(Clock(clock=to_time(time.monotonic_ns())))
            return '/clock' not in probe.text(STATUS)

        probe.until(is_well, 'nothing wrong with /clock')


def test_latched_camera_info_from_before_the_start(probe: Probe) -> None:
    for name, column in (('left', 0.0), ('right', -20.0)):
        info = CameraInfo(width=346, height=260, distortion_model='plumb_bob', d=[0.0] * 5)
        info.k = [199.65, 0.0, 173.0, 0.0, 199.65, 130.0, 0.0, 0.0, 1.0]
        info.r = np.eye(3).reshape(-1)
        info.p = [199.65, 0.0, 173.0, column, 0.0, 199.65, 130.0, 0.0, 0.0, 0.0, 1.0, 0.0]
        topic = f'/{name}/camera_info'
        probe.node.create_publisher(CameraInfo, topic, qos.latched()).publish(info)
    rigs = probe.collect(SpikeInfo, '/spikes/info', qos.latched())
    with NodeProcess('binner', {**PATIENT, 'calibration': 'camera_info'}) as process:
        streams = [
            Stream(publisher, lambda packet: packet) for publisher in event_publishers(probe)
        ]

        def has_rig() -> bool:
            for stream in streams:
                stream.send()
            return any(info.ready for info in rigs)

        probe.until(has_rig, 'the rig')
        code, error = process.interrupt()
    assert code == 0
    assert 'QoS' not in error


def test_packets_without_a_frame_id(probe: Probe) -> None:
    with NodeProcess('binner', PATIENT):
        (publisher, _) = event_publishers(probe)

        def is_reported() -> bool:
            send(publisher, packets(0, 5_000), frame_id='')
            return "the left camera's packets have no frame_id" in probe.text(STATUS)

        probe.until(is_reported, 'the missing frame_id')
        assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_drivers_on_another_topic_are_named(probe: Probe) -> None:
    probe.node.create_publisher(EventPacket, '/cam/events', 10)
    with NodeProcess('binner', PATIENT):
        probe.until_text(
            STATUS,
            'nobody publishes /left/events: start the driver, or remap it or set the namespace, '
            'as there is /cam/events',
        )
        assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_a_clock_that_stands_still(probe: Probe) -> None:
    publisher = probe.node.create_publisher(Clock, '/clock', 10)
    with NodeProcess('binner', {'use_sim_time': 'true', **PATIENT}):
        probe.until_subscribed('/clock')
        publisher.publish(Clock())
        probe.until_text(STATUS, 'use_sim_time is true, but /clock stands still')
        assert probe.status[STATUS].level != DiagnosticStatus.OK


def test_sensors_of_two_sizes_without_a_calibration(probe: Probe) -> None:
    with NodeProcess('binner', PATIENT):
        left, right = event_publishers(probe)
        streams = [packets(camera, 5_000_000) for camera in (0, 1)]
        sent = [0]

        def is_reported() -> bool:
            send(left, streams[0][sent[0] : sent[0] + 1])
            send(
                right,
                [
                    replace(packet, width=640, height=480)
                    for packet in streams[1][sent[0] : sent[0] + 1]
                ],
            )
            sent[0] += 1
            return (
                'the left sensor has 346 x 260 pixels and the right one 640 x 480'
                in probe.text(STATUS)
            )

        probe.until(is_reported, 'two sizes')
        assert probe.status[STATUS].level != DiagnosticStatus.OK


@pytest.mark.parametrize(
    ('parameters', 'part'),
    [
        ({'cx': 0.0, 'cy': 0.0}, 'the parameters cx=0 and cy=0 are far from the middle of the'),
        ({'baseline': 2.3}, 'the baseline is 2.3 m, but event cameras stand 0.01 to 2 m apart'),
        ({'background_ms': 0.001}, 'removed as noise: change background_ms, or set it to 0'),
    ],
)
def test_implausible_parameters_are_reported(
    probe: Probe, parameters: dict[str, float], part: str
) -> None:
    with NodeProcess('binner', {**PATIENT, **parameters}):
        assert until_reported(probe, part).level >= DiagnosticStatus.WARN
