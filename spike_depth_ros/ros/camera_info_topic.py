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

"""Subscription to one camera's CameraInfo, whose content should not change."""

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from rclpy.node import Node
from rclpy.qos import QoSDurabilityPolicy
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo

from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.diagnostics import steady_clock
from spike_depth_ros.units import SECOND_NS

LOOK_PERIOD_S = 0.5
# A changed CameraInfo is used after this time without a message that contradicts it.
STEADY_NS = SECOND_NS
# A warning about alternating CameraInfo is reported for this time.
WARNING_NS = 5 * SECOND_NS


class Pending(NamedTuple):
    """A CameraInfo that differs from the one in use, and the monotonic time of its first arrival.

    Args:
        info: the message.
        since_ns: monotonic time, nanoseconds.
    """

    info: CameraInfo
    since_ns: int


class CameraInfoTopic:
    """Subscription to the CameraInfo of one camera.

    Cameras repeat the message with every image. Only a change of the content counts, and it waits
    for STEADY_NS: each change resets the binner, and two publishers may alternate.

    Attributes:
        info: CameraInfo in use; None before the first.
    """

    def __init__(self, node: Node, topic: str, changed: Callable[[], None]) -> None:
        """Subscribe the topic.

        Args:
            node: the binner node.
            topic: name of the topic before remapping.
            changed: called when `info` has changed.
        """
        self.info: CameraInfo | None = None
        self._node = node
        self._topic = topic
        self._changed = changed
        self._pending: Pending | None = None
        self._alternated_ns: int | None = None  # monotonic time of the last alternation
        self._latched: Subscription | None = None
        node.create_subscription(
            CameraInfo,
            topic,
            self._take,
            qos.calibration(),
            qos_overriding_options=qos.OVERRIDABLE_DURABILITY,
        )
        node.create_timer(LOOK_PERIOD_S, self._look, clock=steady_clock())

    @property
    def missing(self) -> str:
        """Return the topic and its publishers while no message has come, else ''."""
        if self.info is not None:
            return ''
        publishers = ', '.join(graph.publishers(self._node, self._topic)) or 'nobody'
        return f'{self._node.resolve_topic_name(self._topic)} ({publishers} publishes it)'

    @property
    def warnings(self) -> list[str]:
        """Return a sentence for each reason to doubt the content."""
        warnings = [graph.conflict(self._node, self._topic)]
        alternated_ns = self._alternated_ns
        if alternated_ns is not None and time.monotonic_ns() - alternated_ns < WARNING_NS:
            warnings.append(
                f'{self._node.resolve_topic_name(self._topic)} carries different calibrations in '
                'turn, of which the first is used: let one node publish one calibration'
            )
        return [warning for warning in warnings if warning]

    def _look(self) -> None:
        """Add a latched subscription where a publisher latches; adopt a change that is steady.

        A latched subscription from the start would make publishers that do not latch warn of
        incompatible QoS.
        """
        infos = self._node.get_publishers_info_by_topic(self._topic)
        latches = QoSDurabilityPolicy.TRANSIENT_LOCAL
        if self._latched is None and any(i.qos_profile.durability == latches for i in infos):
            self._latched = self._node.create_subscription(
                CameraInfo, self._topic, self._take, qos.latched()
            )
        pending = self._pending
        if pending and time.monotonic_ns() - pending.since_ns >= STEADY_NS:
            self._adopt(pending.info)

    def _take(self, info: CameraInfo) -> None:
        """Adopt the first message; let one of another content wait."""
        if self.info is None:
            self._adopt(info)
        elif _content(info) == _content(self.info):
            if self._pending:
                self._pending, self._alternated_ns = None, time.monotonic_ns()
        elif self._pending is None or _content(info) != _content(self._pending.info):
            self._pending = Pending(info, time.monotonic_ns())

    def _adopt(self, info: CameraInfo) -> None:
        self.info, self._pending = info, None
        self._changed()


def _content(info: CameraInfo) -> tuple[object, ...]:
    """Return the fields that a calibration depends on; NaN equals NaN."""
    numbers = (info.d, info.k, info.r, info.p)
    exact = (np.array(values, np.float64).tobytes() for values in numbers)
    return (info.width, info.height, info.distortion_model, *exact)
