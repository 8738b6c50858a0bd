"""From the binner to whoever infers: handed over in one process, or over DDS."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.node import Node
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from spike_depth_ros.frames.rig import Rig
from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_image
from spike_depth_ros.ros.diagnostics import key_values

SPIKES, INFO = 'spikes', 'spikes/info'


class SpikeWindow(NamedTuple):
    """Hold one spike frame as it travels.

    header: ROS time of the window's end, and the frame. counts: uint8 [height, width, channels];
    nobody writes to them any more.
    """

    header: Header
    counts: npt.NDArray[np.uint8]


class SpikeReceiver(Protocol):
    """Take what the binner makes: first the rig, and again when it changes; then windows."""

    def take_rig(self, rig: Rig) -> None:
        """Take how the windows from now on are counted."""

    def take_window(self, window: SpikeWindow) -> None:
        """Take a window, without making the binner wait."""


class SpikePublisher:
    """Send what the binner makes over DDS; windows only while somebody subscribes them."""

    def __init__(self, node: Node) -> None:
        self._name = node.get_fully_qualified_name()
        self._info = node.create_publisher(DiagnosticStatus, INFO, qos.latched())
        self._spikes = node.create_publisher(
            Image, SPIKES, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )

    @property
    def subscribers(self) -> int:
        """Return how many subscribe the windows."""
        return self._spikes.get_subscription_count()

    def take_rig(self, rig: Rig) -> None:
        """Publish the rig."""
        self._info.publish(
            DiagnosticStatus(
                name=f'{self._name}: rig',
                message='how spikes are counted',
                values=key_values(rig.to_pairs()),
            )
        )

    def take_window(self, window: SpikeWindow) -> None:
        """Publish a window."""
        if self.subscribers:
            encoding = f'8UC{window.counts.shape[2]}'
            self._spikes.publish(to_image(window.counts, encoding, window.header))


class TopicReceiver(SpikeReceiver, Protocol):
    """Take also what on the topics is not what it should be."""

    def lose_rig(self, problem: str) -> None:
        """Take a sentence about a rig that cannot be read."""

    def drop_malformed(self, problem: str) -> None:
        """Take a sentence about an image that is no window."""


class SpikeSubscriber:
    """Receive what a binner in another process sends."""

    def __init__(self, node: Node, receiver: TopicReceiver) -> None:
        self._receiver = receiver
        node.create_subscription(DiagnosticStatus, INFO, self._on_info, qos.latched())
        node.create_subscription(
            Image, SPIKES, self._on_spikes, qos.images(), qos_overriding_options=qos.OVERRIDABLE
        )

    def _on_info(self, message: DiagnosticStatus) -> None:
        try:
            rig = Rig.from_pairs({pair.key: pair.value for pair in message.values})
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
