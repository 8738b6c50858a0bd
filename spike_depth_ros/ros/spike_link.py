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

"""Transport of spike frames from the binner to the depth node: in one process, or over DDS."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from rclpy.node import Node
from sensor_msgs.msg import Image
from spike_depth_msgs.msg import SpikeInfo
from std_msgs.msg import Header

from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.conversions import from_image
from spike_depth_ros.ros.image_publisher import ImagePublisher
from spike_depth_ros.ros.spike_info import SpikeInfoError, to_spike_info, to_stream

SPIKES, INFO = 'spikes', 'spikes/info'
INFO_TYPE = 'spike_depth_msgs/msg/SpikeInfo'
NO_INFO = 'no spikes/info yet'
NO_SIZE = 'the size of the left sensor is unknown: no packet of it has come yet'


class SpikeWindow(NamedTuple):
    """One spike frame.

    Args:
        header: ROS time of the end of the window; optical frame.
        counts: uint8 [height, width, channels], read-only.
    """

    header: Header
    counts: npt.NDArray[np.uint8]


class SpikeReceiver(Protocol):
    """Receiver of what the binner produces."""

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Take the description and the optical frame of all windows until the next call."""

    def take_window(self, window: SpikeWindow) -> None:
        """Take a spike frame; must return without waiting."""

    def take_problem(self, problem: str) -> None:
        """Take the reason why no spike frames come or why depth may be wrong; '': no problem."""


class SpikePublisher:
    """Publisher of `spikes` and `spikes/info`; spike frames only while somebody subscribes."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._stream: SpikeStream | None = None
        self._frame_id = ''
        self._problem = ''
        self._info = node.create_publisher(SpikeInfo, INFO, qos.latched())
        self._spikes = ImagePublisher(node, SPIKES)
        self._publish_info()

    @property
    def subscribers(self) -> int:
        """Return the number of subscribers of `spikes`."""
        return self._spikes.subscribers

    @property
    def conflict(self) -> str:
        """Return a sentence if another node publishes `spikes` too, else ''."""
        return graph.conflict(self._node, SPIKES)

    def take_stream(self, stream: SpikeStream, frame_id: str) -> None:
        """Publish a description of the spike frames."""
        self._stream, self._frame_id = stream, frame_id
        self._publish_info()

    def take_problem(self, problem: str) -> None:
        """Publish a problem that differs from the last one."""
        if problem != self._problem:
            self._problem = problem
            self._publish_info()

    def take_window(self, window: SpikeWindow) -> None:
        """Publish a spike frame."""
        if self.subscribers:
            encoding = f'8UC{window.counts.shape[2]}'
            self._spikes.publish(window.counts, encoding, window.header)

    def _publish_info(self) -> None:
        stamp = self._node.get_clock().now().to_msg()
        header = Header(stamp=stamp, frame_id=self._frame_id)
        info = to_spike_info(self._stream, header) if self._stream else SpikeInfo(header=header)
        info.problem = self._problem or ('' if self._stream else NO_SIZE)
        self._info.publish(info)


class TopicReceiver(SpikeReceiver, Protocol):
    """Receiver that also takes messages it cannot use."""

    def reject_stream(self, problem: str) -> None:
        """Take the reason why a message on `spikes/info` is invalid."""

    def drop_malformed(self, problem: str) -> None:
        """Take the reason why an image on `spikes` is no spike frame."""


class SpikeSubscriber:
    """Subscriber of `spikes` and `spikes/info`, which a binner in another process publishes."""

    def __init__(self, node: Node, receiver: TopicReceiver) -> None:
        self._node = node
        self._receiver = receiver
        node.create_subscription(SpikeInfo, INFO, self._on_info, qos.latched())
        node.create_subscription(
            Image, SPIKES, self._on_spikes, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )

    @property
    def conflict(self) -> str:
        """Return a sentence unless one binner of this version publishes, else ''."""
        if not graph.publishers(self._node, SPIKES):
            similar = graph.similar_topics(self._node, {'sensor_msgs/msg/Image'}, f'/{SPIKES}')
            return (
                f'no binner publishes {self._node.resolve_topic_name(SPIKES)}: start it{similar}'
            )
        return graph.conflict(self._node, SPIKES) or graph.wrong_type(self._node, INFO, INFO_TYPE)

    def _on_info(self, message: SpikeInfo) -> None:
        self._receiver.take_problem(message.problem)
        if not message.ready:  # of a binner that starts again, maybe for another rig
            self._receiver.reject_stream(NO_INFO)
            return
        try:
            stream = to_stream(message)
        except SpikeInfoError as error:
            self._receiver.reject_stream(str(error))
            return
        self._receiver.take_stream(stream, message.header.frame_id)

    def _on_spikes(self, message: Image) -> None:
        try:
            counts = from_image(message)
        except ValueError as error:
            self._receiver.drop_malformed(str(error))
            return
        self._receiver.take_window(SpikeWindow(message.header, counts))
