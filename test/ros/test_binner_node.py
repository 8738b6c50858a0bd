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

"""Binner node over DDS: packets in, spike frames and spikes/info out."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from rclpy.publisher import Publisher
from rclpy.serialization import serialize_message
from spike_depth_msgs.msg import SpikeInfo

from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.frames.spike_stream import is_same
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image
from spike_depth_ros.ros.spike_info import to_stream
from testing.binner_io import (
    PATIENT,
    RECTIFIED,
    STATUS,
    assert_frames,
    event_publishers,
    expected_frames,
    frames,
    send,
    send_both,
)
from testing.nodes import NodeProcess, is_quiet
from testing.probe import Probe, from_packet
from testing.stripes import HEIGHT, WIDTH, packets


@pytest.fixture
def binner() -> Iterator[NodeProcess]:
    with NodeProcess('binner', PATIENT) as process:
        yield process


@pytest.fixture
def senders(probe: Probe, binner: NodeProcess) -> list[Publisher]:
    return event_publishers(probe)


def test_frames_of_two_cameras(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    infos = probe.collect(SpikeInfo, '/spikes/info')
    streams = [packets(camera, 500_000, stamp_ns=10**18) for camera in (0, 1)]
    expected = expected_frames(streams)

    send_both(senders, streams)
    probe.until(lambda: len(images) == len(expected), f'{len(expected)} frames')

    assert len(expected) >= 9
    assert_frames(images, expected)
    for image in images:
        assert (image.encoding, image.header.frame_id) == ('8UC4', 'camera0')
    probe.until(lambda: any(info.ready for info in infos), 'spikes/info')
    described = [to_stream(info) for info in infos if info.ready]
    assert all(is_same(stream, described[0]) for stream in described)


def test_a_late_subscriber_gets_spikes_info(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    for camera in (0, 1):
        send(senders[camera], packets(camera, 200_000))
    probe.until(lambda: images, 'a frame')

    infos = probe.collect(SpikeInfo, '/spikes/info', qos.latched())
    probe.until(lambda: infos, 'spikes/info')

    (info,) = infos
    assert info.header.frame_id == 'camera0'
    assert (info.camera.header, info.problem) == (info.header, '')
    rig = to_stream(info)
    assert (rig.window_ns, rig.hop_ns, rig.channels) == (50_000_000, 50_000_000, 4)
    assert (rig.camera, rig.sync) == (MVSEC_RIG.camera, 'sensor')
    assert rig.baseline_m == MVSEC_RIG.baseline_m
    assert rig.mapped.all()


def test_one_camera(probe: Probe) -> None:
    with NodeProcess('binner', {'stereo': 'false', **RECTIFIED}):
        (sender,) = event_publishers(probe, cameras=1)
        images = frames(probe)
        stream = packets(0, 300_000)
        expected = expected_frames([stream])
        send(sender, stream)
        probe.until(lambda: len(images) == len(expected), f'{len(expected)} frames')

    assert_frames(images, expected)
    assert {image.encoding for image in images} == {'8UC2'}


def test_a_silent_camera_is_reported(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    send(senders[0], packets(0, 500_000))

    probe.until(lambda: images, 'a frame after max_wait_ms')
    probe.until_text(STATUS, 'no packets from the right camera yet')
    probe.until(lambda: int(probe.values(STATUS)['windows incomplete']) > 0, 'incomplete windows')

    assert not from_image(images[0])[..., 2:].any()


def test_bad_packets_are_counted_and_the_stream_goes_on(
    probe: Probe, senders: list[Publisher]
) -> None:
    images = frames(probe)
    stream = packets(0, 1_000_000)
    send(senders[1], packets(1, 1_000_000))
    send(senders[0], stream[:50])
    probe.until(lambda: images, 'a frame')
    before = len(images)

    address = np.frombuffer(b'\xff\x23', np.uint8)  # ADDR_X, x = 1023
    bad = [
        replace(stream[50], encoding='evt99'),
        replace(stream[51], width=640),
        stream[45],
        replace(stream[52], data=stream[52].data[:-1]),
        replace(stream[53], data=np.concatenate([stream[53].data, address])),
    ]
    send(senders[0], bad)
    senders[0].publish(serialize_message(from_packet(stream[54], 'camera0'))[:50])
    send(senders[0], stream[54:])
    probe.until(lambda: len(images) > before + 5, 'frames after the bad packets')

    keys = (
        'left packets malformed',
        'left packets unknown encoding',
        'left packets wrong form',
        'left packets out of order',
        'left packets truncated',
        'left events outside',
    )
    for key in keys:
        probe.until_value(STATUS, key, 1)
    assert [probe.values(STATUS)[key] for key in keys] == ['1'] * len(keys)


def test_noise_filters_change_while_running(probe: Probe, senders: list[Publisher]) -> None:
    images = frames(probe)
    streams = [packets(camera, 500_000) for camera in (0, 1)]
    core = Binner(2, 50_000_000, 50_000_000, 10**9, WIDTH, HEIGHT)

    send_both(senders, [stream[:50] for stream in streams])
    for name in CAMERAS:
        probe.until_value(STATUS, f'{name} packets', 50)
    expected = expected_frames([stream[:50] for stream in streams], core)
    assert probe.values(STATUS)['left events background'] == '0'

    assert probe.set_parameter('/binner', 'background_ms', 5.0) == (True, '')
    core.set_noise(NoiseSettings(support_ns=5_000_000))
    send_both(senders, [stream[50:] for stream in streams])
    probe.until(
        lambda: float(probe.values(STATUS)['left removed as background (%)']) > 0, 'the share'
    )
    expected |= expected_frames([stream[50:] for stream in streams], core)
    probe.until(lambda: len(images) == len(expected), f'{len(expected)} frames')

    assert_frames(images, expected)
    removed = core.counters.cameras[0].events_background
    assert 0 < removed < 10_000
    probe.until_value(STATUS, 'left events background', removed)


def test_a_refused_change_has_a_reason(probe: Probe, binner: NodeProcess) -> None:
    assert probe.set_parameter('/binner', 'max_wait_ms', 20.0) == (True, '')
    for name, value, part in (
        ('max_wait_ms', -1.0, 'Min: 1.0, Max: 1000.0'),
        ('hot_pixel_hz', -1.0, 'Min: 0.0'),
        ('refractory_ms', 'long', 'type'),
        ('window_ms', 20.0, 'read-only'),
        ('width', 640, 'read-only'),
        ('calibration', '/rig.yaml', 'read-only'),
        ('sync', 'host', 'read-only'),
    ):
        successful, reason = probe.set_parameter('/binner', name, value)
        assert not successful
        assert part in reason


def test_an_interrupt_ends_the_node_without_output(probe: Probe, binner: NodeProcess) -> None:
    probe.until(lambda: STATUS in probe.status, 'a report')

    assert is_quiet(binner.interrupt())
