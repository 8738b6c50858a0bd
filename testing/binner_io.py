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

"""Inputs and outputs of the binner node: publishers of packets, expected spike frames."""

from typing import Any

import numpy as np
from event_camera_msgs.msg import EventPacket
from rclpy.publisher import Publisher
from sensor_msgs.msg import Image

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.ros.conversions import from_image, to_ns
from spike_depth_ros.ros.event_topic import reliable_events
from testing.probe import Probe, from_packet
from testing.stripes import HEIGHT, TOPICS, WIDTH

STATUS = 'binner: spike frames'
# Reliable delivery: no packet is lost between a test and its node.
RELIABLE = reliable_events('subscription', len(TOPICS))
RECTIFIED = {'calibration': 'rectified', **RELIABLE}
PATIENT = {'max_wait_ms': 1000.0, 'qos_overrides./spikes.publisher.depth': 1000, **RECTIFIED}


def event_publishers(probe: Probe, cameras: int = 2, kind: type = EventPacket) -> list[Publisher]:
    """Return publishers of events, once the binner subscribes them."""
    topics = TOPICS[:cameras]
    publishers = [probe.node.create_publisher(kind, topic, 1000) for topic in topics]
    probe.until_subscribed(*topics)
    return publishers


def send(publisher: Publisher, stream: list[Packet], frame_id: str = 'camera0') -> None:
    """Publish packets, one after the other."""
    for packet in stream:
        publisher.publish(from_packet(packet, frame_id))


def send_both(publishers: list[Publisher], streams: list[list[Packet]]) -> None:
    """Publish the packets of two cameras in turn."""
    for left, right in zip(*streams, strict=True):
        send(publishers[0], [left], 'camera0')
        send(publishers[1], [right], 'camera1')


def frames(probe: Probe) -> list[Image]:
    """Return the list to which spike frames will be added, once the binner knows the probe."""
    images = probe.collect(Image, '/spikes')
    probe.until_value(STATUS, 'subscribers', 1)
    return images


def expected_frames(
    streams: list[list[Packet]], binner: Binner | None = None, **settings: Any
) -> dict[int, np.ndarray]:
    """Return the frames that the core counts, by stamp.

    Args:
        streams: packets of each camera.
        binner: binner to use, or None for a new one.
        settings: further arguments of a new Binner.
    """
    if binner is None:
        size = WIDTH, HEIGHT
        binner = Binner(len(streams), 50_000_000, 50_000_000, 10**9, *size, **settings)
    counted = []
    for pair in zip(*streams, strict=True):
        for camera, packet in enumerate(pair):
            counted += binner.push(camera, packet, now_ns=0)
    return {frame.stamp_ns: frame.counts for frame in counted}


def assert_frames(images: list[Image], expected: dict[int, np.ndarray]) -> None:
    """Check stamps and counts of images bit for bit."""
    assert [to_ns(image.header.stamp) for image in images] == list(expected)
    for image, counts in zip(images, expected.values(), strict=True):
        np.testing.assert_array_equal(from_image(image), counts)
