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

"""From the binner to whoever infers: handed over in one process, or over DDS."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.conversions import from_image, to_image
from spike_depth_ros.ros.diagnostics import key_values

SPIKES, INFO = 'spikes', 'spikes/info'
NO_SIZE = 'the size of the left sensor is unknown: no packet of it has come yet'


class SpikeWindow(NamedTuple):
    """Hold one spike frame as it travels.

    header: ROS time of the window's end, and the frame. counts: uint8 [height, width, channels];
    nobody writes to them any more.
    """

    header: Header
    counts: npt.NDArray[np.uint8]


class SpikeReceiver(Protocol):
    """Take what the binner makes: the rig, and again when it changes; windows; its trouble."""

    def take_rig(self, rig: SpikeStream) -> None:
        """Take how the windows from now on are counted."""

    def take_window(self, window: SpikeWindow) -> None:
        """Take a window, without making the binner wait."""

    def take_trouble(self, trouble: str) -> None:
        """Take why no windows come, or why their depth may be wrong: a sentence, or ''."""


class SpikePublisher:
    """Send what the binner makes over DDS; windows only while somebody subscribes them."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._name = node.get_fully_qualified_name()
        self._pairs: dict[str, str] = {}
        self._trouble = ''
        self._info = node.create_publisher(DiagnosticStatus, INFO, qos.latched())
        self._spikes = node.create_publisher(
            Image, SPIKES, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )
        self._publish_info()

    @property
    def subscribers(self) -> int:
        """Return how many subscribe the windows."""
        return self._spikes.get_subscription_count()

    @property
    def problem(self) -> str:
        """Return a sentence if another node publishes windows too, else ''."""
        return graph.rivals(self._node, SPIKES)

    def take_rig(self, rig: SpikeStream) -> None:
        """Publish the rig."""
        self._pairs = rig.to_pairs()
        self._publish_info()

    def take_trouble(self, trouble: str) -> None:
        """Publish what is wrong, beside the rig as far as it is known."""
        if trouble != self._trouble:
            self._trouble = trouble
            self._publish_info()

    def _publish_info(self) -> None:
        message = self._trouble or ('' if self._pairs else NO_SIZE)
        self._info.publish(
            DiagnosticStatus(
                level=DiagnosticStatus.WARN if message else DiagnosticStatus.OK,
                name=f'{self._name}: rig',
                message=message or 'OK',
                values=key_values(self._pairs),
            )
        )

    def take_window(self, window: SpikeWindow) -> None:
        """Publish a window."""
        if self.subscribers:
            encoding = f'8UC{window.counts.shape[2]}'
            self._spikes.publish(to_image(window.counts, encoding, window.header))


class TopicReceiver(SpikeReceiver, Protocol):
    """Take also messages of the topics that cannot be read."""

    def lose_rig(self, problem: str) -> None:
        """Take a sentence about a rig that cannot be read."""

    def drop_malformed(self, problem: str) -> None:
        """Take a sentence about an image that is no window."""


class SpikeSubscriber:
    """Receive what a binner in another process sends."""

    def __init__(self, node: Node, receiver: TopicReceiver) -> None:
        self._node = node
        self._receiver = receiver
        node.create_subscription(DiagnosticStatus, INFO, self._on_info, qos.latched())
        node.create_subscription(
            Image, SPIKES, self._on_spikes, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )

    @property
    def problem(self) -> str:
        """Return a sentence if nobody publishes windows, or more than one node does, else ''."""
        if not graph.publishers(self._node, SPIKES):
            elsewhere = graph.elsewhere(self._node, {'sensor_msgs/msg/Image'}, f'/{SPIKES}')
            return (
                f'no binner publishes {self._node.resolve_topic_name(SPIKES)}: start it{elsewhere}'
            )
        return graph.rivals(self._node, SPIKES)

    def _on_info(self, message: DiagnosticStatus) -> None:
        self._receiver.take_trouble(
            '' if message.level == DiagnosticStatus.OK else message.message
        )
        if not message.values and message.level != DiagnosticStatus.OK:
            return
        try:
            rig = SpikeStream.from_pairs({pair.key: pair.value for pair in message.values})
        except ValueError as error:
            self._receiver.lose_rig(str(error))
            return
        self._receiver.take_rig(rig)

    def _on_spikes(self, message: Image) -> None:
        try:
            counts = from_image(message)
        except ValueError as error:
            self._receiver.drop_malformed(str(error))
            return
        self._receiver.take_window(SpikeWindow(message.header, counts))
