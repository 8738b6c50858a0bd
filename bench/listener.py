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

"""Subscriber of depth in the end-to-end benchmark."""

import time

from sensor_msgs.msg import Image

from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_ns
from testing.probe import Probe


class Listener(Probe):
    """Probe that stores the arrival times of depth images.

    Attributes:
        arrivals_ns: monotonic arrival time, ns, by the image's stamp in ROS time, ns.
    """

    def __init__(self) -> None:
        super().__init__('listener')
        self.arrivals_ns: dict[int, int] = {}
        self.node.create_subscription(Image, 'depth/image_rect', self._take_depth, qos.images())

    def _take_depth(self, message: Image) -> None:
        now_ns = time.monotonic_ns()
        self.arrivals_ns[to_ns(message.header.stamp)] = now_ns
