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

"""Real nodes in processes of their own, and a probe that talks to them over DDS."""

import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Callable
from typing import Any

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
from spike_depth_ros.ros.conversions import to_time
from spike_depth_ros.ros.domains import first_free

# Generous, as the machine may be busy: a limit only ends a test that would never pass.
LIMIT_S = 60.0
STEP_S = 0.05
RETRY_S = 2.0


class NodeProcess:
    """A node of the package, started with parameters and remappings."""

    def __init__(
        self, name: str, parameters: dict[str, object] | None = None, *arguments: str
    ) -> None:
        command = [sys.executable, '-m', 'spike_depth_ros.ros', name, '--ros-args']
        for key, value in (parameters or {}).items():
            command += ['-p', f'{key}:={value}']
        self.process = subprocess.Popen(
            [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait(self) -> tuple[int, str]:
        """Return exit code and standard error once the node has ended."""
        _, error = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, error

    def interrupt(self) -> tuple[int, str]:
        """End the node as Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()

    def __enter__(self) -> 'NodeProcess':
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Probe:
    """A node in the test's own process."""

    def __init__(self, name: str = 'probe') -> None:
        self.context = Context()
        self.context.init()
        self.node = Node(name, context=self.context)
        self._executor = EventsExecutor(context=self.context)
        self._executor.add_node(self.node)
        self.status: dict[str, DiagnosticStatus] = {}
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._keep_status, 100)

    def close(self) -> None:
        self._executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()

    def collect(self, kind: type, topic: str, qos: QoSProfile | int = 100) -> list[Any]:
        """Return the list to which the messages of a topic will be added."""
        messages: list[Any] = []
        self.node.create_subscription(kind, topic, messages.append, qos)
        return messages

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Take messages until a condition holds."""
        deadline = time.monotonic() + LIMIT_S
        while not condition():
            assert time.monotonic() < deadline, f'waited in vain: {what}; {self.status}'
            self._executor.spin_once(timeout_sec=STEP_S)

    def until_subscribed(self, *topics: str) -> None:
        """Wait until somebody else listens to each topic that the probe publishes."""
        publishers = [p for p in self.node.publishers if p.topic_name in topics]
        assert len(publishers) == len(topics)
        self.until(
            lambda: all(publisher.get_subscription_count() for publisher in publishers),
            f'subscribers of {topics}',
        )

    def values(self, name: str) -> dict[str, str]:
        """Return the latest values that a node reported, by the name of the status."""
        status = self.status.get(name)
        return {pair.key: pair.value for pair in status.values} if status else {}

    def until_value(self, name: str, key: str, value: object) -> None:
        """Wait until a node reports a value."""
        self.until(lambda: self.values(name).get(key) == str(value), f'{name} {key}={value}')

    def text(self, name: str) -> str:
        """Return the latest message that a node reported, '' before any."""
        return self.status[name].message if name in self.status else ''

    def until_text(self, name: str, part: str) -> None:
        """Wait until the message that a node reports holds some words."""
        self.until(lambda: part in self.text(name), f'{name}: {part}')

    def set_parameter(self, node: str, name: str, value: object) -> tuple[bool, str]:
        """Ask a running node to change a parameter; return whether it did, and why not."""
        client = self.node.create_client(SetParameters, f'{node}/set_parameters')
        self.until(client.service_is_ready, f'the parameter service of {node}')
        parameter = Parameter(name, value=value).to_parameter_msg()
        response = self.call(client, SetParameters.Request(parameters=[parameter]))
        self.node.destroy_client(client)
        (result,) = response.results
        return result.successful, result.reason

    def call(self, client: Client, request: object) -> Any:
        """Return the response of a service, asking again while none comes.

        A server may know the client's requests before its responses: those it gives until then
        are lost, and the client waits for ever (ros2/rmw_fastrtps issue 392).
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

    def _keep_status(self, message: DiagnosticArray) -> None:
        self.status |= {status.name: status for status in message.status}


def from_packet(packet: Packet, frame_id: str) -> EventPacket:
    """Return an event packet as the message that a driver sends."""
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


def isolate() -> None:
    """Keep the nodes of this test session to themselves; their children inherit it."""
    # The demo chooses from 40 to 100; 0 is a robot's.
    domains = (2 + (os.getpid() + step) % 37 for step in range(37))
    os.environ['ROS_DOMAIN_ID'] = str(first_free(domains))
    os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'


def is_quiet(ended: tuple[int, str]) -> bool:
    """Return whether a node ended with exit code 0 and wrote nothing but information."""
    code, error = ended
    return code == 0 and all('[INFO]' in line for line in error.splitlines())


def one_sentence(error: str) -> str:
    """Return the last line of an error output, which must hold nothing like a traceback."""
    assert 'Traceback' not in error, error
    return error.strip().splitlines()[-1]
