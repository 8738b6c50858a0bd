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

"""One camera's event topic, whichever of the known types it has."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from event_camera_msgs.msg import EventPacket
from rclpy.node import Node
from rclpy.subscription import Subscription

from spike_depth_ros.events.messages import EVENT_ARRAY, EVENT_PACKET, READERS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.ros import graph, qos
from spike_depth_ros.ros.diagnostics import steady_clock

try:  # no ROS distribution has it
    from dvs_msgs.msg import EventArray
except ImportError:
    EventArray = None

TYPES: Mapping[str, type] = MappingProxyType(
    {EVENT_PACKET: EventPacket} | ({EVENT_ARRAY: EventArray} if EventArray else {})
)
LOOK_PERIOD_S = 0.1


class EventTopic:
    """Subscribe to events as soon as somebody publishes them, in the type that they have.

    take: gets each packet; malformed: gets a sentence about a message that is none. depth: of the
    queue. problem: why nothing can be received, '' if nothing is wrong. Messages are taken as the
    bytes that they are: rclpy would copy every field of them.
    """

    def __init__(
        self,
        node: Node,
        name: str,
        depth: int,
        take: Callable[[Packet], None],
        malformed: Callable[[str], None],
    ) -> None:
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

    def doubt(self, is_silent: bool) -> str:
        """Return why packets are of several cameras or, if none come, missing; else ''."""
        publishers = self._node.get_publishers_info_by_topic(self._name)
        offered = {publisher.topic_type for publisher in publishers}
        if not offered and is_silent:
            found = graph.elsewhere(self._node, TYPES.keys())
            return f'nobody publishes {self._full_name}: start the driver{found}'
        if len(offered) > 1 and self._type in offered:
            types = ', '.join(sorted(offered))
            return f'{self._full_name} carries {types}: only {self._type} is read'
        return graph.rivals(self._node, self._name)

    def _look(self) -> None:
        """See which types are published; subscribe to the first that is known.

        A DDS participant has a topic in one type only, and lets go of it some time after its last
        subscription was destroyed: a new type waits until the next look.
        """
        publishers = self._node.get_publishers_info_by_topic(self._name)
        offered = {publisher.topic_type for publisher in publishers}
        known = [kind for kind in TYPES if kind in offered]
        self.problem = ''
        if offered and not known:
            self.problem = (
                f'{self._full_name} carries {", ".join(sorted(offered))}, but must carry '
                f'{" or ".join(TYPES)}: remap it, or install what is missing'
            )
        if known and self._subscription is None:
            self._subscribe(known[0])
        elif known and self._type not in known:
            self._node.destroy_subscription(self._subscription)
            self._subscription = None

    def _subscribe(self, kind: str) -> None:
        self._type = kind
        try:
            self._subscription = self._create(kind)
        except RuntimeError as error:  # rclpy's own errors derive from it
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
