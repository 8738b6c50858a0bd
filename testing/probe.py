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

"""Probe: ROS node in the test's process that talks to the nodes under test over DDS."""

import time
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from event_camera_msgs.msg import EventPacket
from rcl_interfaces.srv import SetParameters
from rclpy.client import Client
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile
from std_msgs.msg import Header

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.ros.conversions import to_ns, to_time
from testing.waiting import STEP_S, wait_until

RETRY_S = 2.0


class Probe:
    """Node that collects messages and statuses, and calls services of the nodes under test.

    Callbacks run in `spin` and in the methods that wait.

    Args:
        name: node name.
        namespace: ROS namespace, '' for the root.
    """

    def __init__(self, name: str = 'probe', namespace: str = '') -> None:
        self.context = Context()
        self.context.init()
        self.node = Node(name, context=self.context, namespace=namespace)
        self._executor = EventsExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.status: dict[str, DiagnosticStatus] = {}
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._store_status, 100)

    def close(self) -> None:
        """Destroy the node and its context."""
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def __enter__(self) -> 'Probe':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def spin(self, seconds: float = STEP_S) -> None:
        """Run the callbacks of the next message, or return after a time limit."""
        self._executor.spin_once(timeout_sec=seconds)

    def collect(self, kind: type, topic: str, qos: QoSProfile | int = 100) -> list[Any]:
        """Return the list to which the messages of a topic will be added."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def until(self, condition: Callable[[], object], subject: str) -> None:
        """Take messages until a condition holds; TimeoutError names the subject."""
        try:
            wait_until(condition, subject, self.spin)
        except TimeoutError as error:
            error.add_note(f'latest statuses: {self.status}')
            raise

    def until_subscribed(self, *topics: str) -> None:
        """Wait until each of these topics, which the probe publishes, has a subscriber."""
        publishers = [p for p in self.node.publishers if p.topic_name in topics]
        assert len(publishers) == len(topics)
        self.until(
            lambda: all(publisher.get_subscription_count() for publisher in publishers),
            f'subscribers of {topics}',
        )

    def values(self, name: str) -> dict[str, str]:
        """Return the latest values of a status, {} before the first report."""
        status = self.status.get(name)
        return {pair.key: pair.value for pair in status.values} if status else {}

    def until_value(self, name: str, key: str, value: object) -> None:
        """Wait until a status has a value under a key."""
        self.until(lambda: self.values(name).get(key) == str(value), f'{name} {key}={value}')

    def text(self, name: str) -> str:
        """Return the latest message of a status, '' before the first report."""
        return self.status[name].message if name in self.status else ''

    def until_text(self, name: str, part: str) -> None:
        """Wait until the message of a status contains a text."""
        self.until(lambda: part in self.text(name), f'{name}: {part}')

    def set_parameter(self, node: str, name: str, value: object) -> tuple[bool, str]:
        """Set a parameter of a running node; return success, and the reason of a failure."""
        client = self.node.create_client(SetParameters, f'{node}/set_parameters')
        self.until(client.service_is_ready, f'the parameter service of {node}')
        parameter = Parameter(name, value=value).to_parameter_msg()
        response = self.call(client, SetParameters.Request(parameters=[parameter]))
        self.node.destroy_client(client)
        (result,) = response.results
        return result.successful, result.reason

    def call(self, client: Client, request: object) -> Any:
        """Return the response of a service; repeat the request every RETRY_S until one comes.

        A server may discover the client's request writer before its response reader. Responses
        sent in between are lost (ros2/rmw_fastrtps issue 392).
        """
        futures: list[Any] = []
        deadline = time.monotonic()

        def answered() -> bool:
            nonlocal deadline
            if time.monotonic() >= deadline:
                futures.append(client.call_async(request))
                deadline = time.monotonic() + RETRY_S
            return any(future.done() for future in futures)

        self.until(answered, f'a response of {client.srv_name}')
        return next(future.result() for future in futures if future.done())

    def _store_status(self, message: DiagnosticArray) -> None:
        self.status |= {status.name: status for status in message.status}


def from_packet(packet: Packet, frame_id: str) -> EventPacket:
    """Return an event packet as a driver's message."""
    return EventPacket(
        header=Header(stamp=to_time(packet.stamp_ns), frame_id=frame_id),
        width=packet.width,
        height=packet.height,
        seq=packet.seq,
        time_base=packet.time_base_ns,
        encoding=packet.encoding,
        is_bigendian=packet.big_endian,
        events=array('B', packet.data.tobytes()),
    )


def to_packet(message: EventPacket) -> Packet:
    """Return a driver's message as an event packet."""
    return Packet(
        encoding=message.encoding,
        width=message.width,
        height=message.height,
        seq=message.seq,
        stamp_ns=to_ns(message.header.stamp),
        time_base_ns=message.time_base,
        big_endian=message.is_bigendian,
        data=np.frombuffer(bytes(message.events), np.uint8),
        frame_id=message.header.frame_id,
    )
