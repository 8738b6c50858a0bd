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

"""Event topics: publishers, and a subscription in the message type that is published."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from event_camera_msgs.msg import EventPacket
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from spike_depth_ros.events.messages import EVENT_ARRAY, EVENT_PACKET, READERS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.diagnostics import steady_clock

try:  # no ROS distribution has it
    from dvs_msgs.msg import EventArray
except ImportError:
    EventArray = None

TOPICS = tuple(f'{camera}/events' for camera in CAMERAS)
TYPES: Mapping[str, type] = MappingProxyType(
    {EVENT_PACKET: EventPacket} | ({EVENT_ARRAY: EventArray} if EventArray else {})
)
LOOK_PERIOD_S = 0.1
PUBLISHER_QUEUE = 1000  # packets


def event_publishers(node: Node, cameras: int) -> list[Publisher]:
    """Return publishers of EventPackets, of one camera or two, as drivers make them."""
    return [
        node.create_publisher(
            EventPacket, topic, qos.events(PUBLISHER_QUEUE), qos_overriding_options=qos.OVERRIDABLE
        )
        for topic in TOPICS[:cameras]
    ]


def reliable_events(end: str, cameras: int, namespace: str = '') -> dict[str, object]:
    """Return parameters that make event topics RELIABLE, for nodes that replay a recording.

    Cameras cannot wait, but a replay can send again what a busy computer has lost.

    Args:
        end: 'publisher' or 'subscription'.
        cameras: number of cameras.
        namespace: namespace of the nodes.
    """
    prefix = f'/{namespace.strip("/")}'.rstrip('/')
    return {
        f'qos_overrides.{prefix}/{topic}.{end}.reliability': 'reliable'
        for topic in TOPICS[:cameras]
    }


class EventTopic:
    """Subscription to the events of one camera, created once a publisher of a known type exists.

    Messages are received serialised: rclpy would copy each field of them.

    Attributes:
        problem: why no events can be received, '' if they can.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        depth: int,
        take: Callable[[Packet], None],
        malformed: Callable[[str], None],
    ) -> None:
        """Look for publishers periodically.

        Args:
            node: the binner node.
            name: name of the topic before remapping.
            depth: depth of the subscription, packets.
            take: called with each packet.
            malformed: called with a sentence about each message that cannot be read.
        """
        self._node = node
        self._name = name
        self._depth = depth
        self._take = take
        self._malformed = malformed
        self._type = ''
        self._subscription: Subscription | None = None
        self._full_name = node.resolve_topic_name(name)
        self.problem = ''
        node.create_timer(LOOK_PERIOD_S, self._look, clock=steady_clock())

    def warning(self, is_silent: bool) -> str:
        """Return a sentence if several publishers mix or, with is_silent, none exists; else ''."""
        offered = self._offered()
        if not offered and is_silent:
            found = graph.similar_topics(self._node, TYPES.keys())
            return f'nobody publishes {self._full_name}: start the driver{found}'
        if len(offered) > 1 and self._type in offered:
            types = ', '.join(sorted(offered))
            return f'{self._full_name} carries {types}: only {self._type} is read'
        return graph.conflict(self._node, self._name)

    def _offered(self) -> set[str]:
        """Return the message types that are published."""
        publishers = self._node.get_publishers_info_by_topic(self._name)
        return {publisher.topic_type for publisher in publishers}

    def _look(self) -> None:
        """Subscribe in the first known type that is published; end a subscription in another.

        A DDS participant has a topic in one type at a time and frees it some time after the last
        subscription was destroyed: the new subscription follows in a later call.
        """
        offered = self._offered()
        known = [kind for kind in TYPES if kind in offered]
        self.problem = ''
        if offered and not known:
            self.problem = (
                f'{self._full_name} carries {", ".join(sorted(offered))}, but must carry '
                f'{" or ".join(TYPES)}: remap it, or install the missing package'
            )
        if known and self._subscription is None:
            self._subscribe(known[0])
        elif known and self._subscription is not None and self._type not in known:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _subscribe(self, kind: str) -> None:
        self._type = kind
        try:
            self._subscription = self._create(kind)
        except RuntimeError as error:  # base class of rclpy's errors
            reason = ' '.join(str(error).split())
            self.problem = f'{self._name} cannot be subscribed as {kind} yet: {reason}'

    def _create(self, kind: str) -> Subscription:
        return self._node.create_subscription(
            TYPES[kind],
            self._name,
            self._receive,
            qos.events(self._depth),
            qos_overriding_options=qos.OVERRIDABLE,
            raw=True,
        )

    def _receive(self, cdr: bytes) -> None:
        try:
            packet = READERS[self._type](cdr)
        except ValueError as error:
            self._malformed(str(error))
            return
        self._take(packet)
