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

"""Images that a subscriber loses which a busy machine stops for 0.9 s every 2 s.

This process publishes, as the depth node does, a camera_info and three images of 346 x 260 pixels
for each window. SIGSTOP stops the subscriber, a process of its own, as a busy machine may.
"""

import signal
import sys
import time
from typing import Any

import numpy as np
import rclpy
from rclpy.node import Node
from rclpy.publisher import Publisher
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header

from bench.stalled import CAMERA_INFO, IMAGES
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_camera_info, to_time
from spike_depth_ros.ros.image_publisher import ImagePublisher
from spike_depth_ros.ros.shared_memory import large_segments
from testing.domains import isolate
from testing.processes import ChildProcess
from testing.waiting import wait_until

RATES_HZ = (20, 100)
WINDOWS = 400
PERIOD_S, STALL_S = 2.0, 0.9
SETTLING_S = 1.0  # the subscriber may discover a publisher later than this process discovers it


def run() -> list[dict[str, Any]]:
    """Return rows of images lost, for 20 and 100 windows a second."""
    isolate('bench')
    rclpy.init()
    with large_segments():
        node = Node('stalls')
    try:
        camera_info = node.create_publisher(CameraInfo, CAMERA_INFO, qos.images())
        images = [ImagePublisher(node, topic) for topic in IMAGES]
        return [row for hz in RATES_HZ for row in _measure(camera_info, images, hz)]
    finally:
        node.destroy_node()
        rclpy.shutdown()


def _measure(
    camera_info: Publisher, images: list[ImagePublisher], rate_hz: int
) -> list[dict[str, Any]]:
    with ChildProcess([sys.executable, '-m', 'bench.stalled']) as subscriber:
        wait_until(
            lambda: camera_info.get_subscription_count() and all(i.subscribers for i in images),
            'the subscriber',
        )
        time.sleep(SETTLING_S)
        pixels = np.zeros((MVSEC_RIG.camera.height, MVSEC_RIG.camera.width), np.float32)
        start_s, is_stopped = time.monotonic(), False
        for number in range(WINDOWS):
            time.sleep(max(0.0, start_s + number / rate_hz - time.monotonic()))
            stops = number / rate_hz % PERIOD_S >= PERIOD_S - STALL_S
            if stops != is_stopped:
                subscriber.send(signal.SIGSTOP if stops else signal.SIGCONT)
                is_stopped = stops
            header = Header(stamp=to_time(number))
            camera_info.publish(to_camera_info(MVSEC_RIG.camera, header))
            for image in images:
                image.publish(pixels, '32FC1', header)
        subscriber.send(signal.SIGCONT)
        received = [int(word) for word in subscriber.finish().stdout.split()]
    name = f'subscriber that stands still for {STALL_S} s of {PERIOD_S:g} s, {rate_hz} Hz'
    topics = (CAMERA_INFO, *IMAGES)
    return [
        {'name': f'{name}: {topic} lost of {WINDOWS}', 'value': WINDOWS - n, 'unit': 'messages'}
        for topic, n in zip(topics, received, strict=True)
    ]
