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

"""Who takes the depth in the end-to-end benchmark."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import to_ns

STEP_S = 0.1


class Listener:
    """Subscribe depth/image_rect and /diagnostics.

    arrivals_ns: when each depth image came, monotonic ns by stamp, ROS time. reports: the latest
    values of each node, by the name of its status.
    """

    def __init__(self, context: Context) -> None:
        self.arrivals_ns: dict[int, int] = {}
        self.reports: dict[str, dict[str, str]] = {}
        self.node = Node('listener', context=context)
        self.node.create_subscription(Image, 'depth/image_rect', self._take_depth, qos.images())
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._take_reports, 10)
        self._executor = EventsExecutor(context=context)
        self._executor.add_node(self.node)

    def wait(self) -> None:
        """Take what comes, or wait a moment."""
        self._executor.spin_once(timeout_sec=STEP_S)

    def close(self) -> None:
        """Stop listening."""
        self._executor.shutdown()
        self.node.destroy_node()

    def _take_depth(self, message: Image) -> None:
        now_ns = time.monotonic_ns()
        self.arrivals_ns[to_ns(message.header.stamp)] = now_ns

    def _take_reports(self, message: DiagnosticArray) -> None:
        for status in message.status:
            self.reports[status.name] = {pair.key: pair.value for pair in status.values}


@contextmanager
def listening() -> Iterator[Listener]:
    """Listen in a ROS context of its own."""
    context = Context()
    context.init()
    listener = Listener(context)
    try:
        yield listener
    finally:
        listener.close()
        context.try_shutdown()
