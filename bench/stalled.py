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

"""Subscriber of `bench.stalls`: prints the messages of each topic once no more come."""

import time
from functools import partial

import rclpy
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from sensor_msgs.msg import CameraInfo, Image

from spike_depth_ros.ros import qos

CAMERA_INFO = 'stalls/camera_info'
IMAGES = ('stalls/image_rect', 'stalls/confidence', 'stalls/age')
END_S = 8.0  # after the latest message; Fast DDS offers lost ones again every 3 s


def main() -> None:
    """Count the messages of each topic."""
    rclpy.init()
    node = Node('stalled')
    executor = EventsExecutor()
    executor.add_node(node)
    topics = (CAMERA_INFO, *IMAGES)
    received = dict.fromkeys(topics, 0)
    latest_s = [float('inf')]

    def take(topic: str, _: bytes) -> None:
        received[topic] += 1
        latest_s[0] = time.monotonic()

    for topic in topics:
        kind = CameraInfo if topic == CAMERA_INFO else Image
        node.create_subscription(kind, topic, partial(take, topic), qos.images(), raw=True)
    while time.monotonic() < latest_s[0] + END_S:
        executor.spin_once(timeout_sec=0.1)
    print(*received.values())
    executor.shutdown()
    node.destroy_node()
    rclpy.shutdown()


if __name__ == '__main__':
    main()
