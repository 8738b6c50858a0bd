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

"""The binner node in a process of its own, and who listens to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import IO

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from event_camera_msgs.msg import EventPacket
from rclpy.context import Context
from rclpy.experimental import EventsExecutor
from rclpy.node import Node
from sensor_msgs.msg import Image

from spike_depth_ros.frames.spike_frame import CAMERAS, LEFT, RIGHT
from spike_depth_ros.ros.conversions import from_image, to_ns
from stress.soak.stream import CHANNELS, HEIGHT, WIDTH, Scene, StreamClock

# Nobody else's, should another session have chosen the same DDS domain.
NAMESPACE = f'/soak_{os.getpid()}'
STATUS = f'{NAMESPACE}/binner: spike frames'.lstrip('/')
DEPTH = 1000
# DDS loses nothing on its way, however busy the machine: every loss is one that the sender made.
PARAMETERS = {
    'window_ms': 50.0,
    'hop_ms': 50.0,
    'width': WIDTH,
    'height': HEIGHT,
    'calibration': 'rectified',
    **{
        f'qos_overrides.{NAMESPACE}/{name}/events.subscription.reliability': 'reliable'
        for name in CAMERAS
    },
    f'qos_overrides.{NAMESPACE}/spikes.publisher.depth': 100,
}
LIMIT_S = 60.0
MAX_PROBLEMS = 10


class BinnerProcess:
    """Run the node, and measure it; log: what it prints goes there."""

    def __init__(self, log: IO[str]) -> None:
        command = [sys.executable, '-m', 'spike_depth_ros.ros', 'binner', '--ros-args']
        command += ['-r', f'__ns:={NAMESPACE}']
        for name, value in PARAMETERS.items():
            command += ['-p', f'{name}:={value}']
        self._process = subprocess.Popen(command, stdout=log, stderr=log)

    @property
    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return self._process.poll() is None

    def rss_kb(self) -> int:
        """Return the memory that it occupies."""
        pages = int(self._proc('statm').split()[1])
        return pages * os.sysconf('SC_PAGE_SIZE') // 1024

    def cpu_s(self) -> float:
        """Return the processor time that it has used."""
        user, system = self._proc('stat').rpartition(')')[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf('SC_CLK_TCK')

    def interrupt(self) -> int:
        """End it as Ctrl-C does, and return the exit code."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(LIMIT_S)

    def _proc(self, name: str) -> str:
        with open(f'/proc/{self._process.pid}/{name}') as file:
            return file.read()

    def __enter__(self) -> 'BinnerProcess':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.is_alive:
            self._process.kill()
        self._process.wait()


@dataclass(frozen=True, slots=True)
class Frame:
    """Hold what is kept of a spike frame that came at a stream time; stamp_us: of its end."""

    came_us: int
    stamp_us: float
    left: int
    right: int
    fingerprint: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold the counters that a report of the node has, by their name there."""

    came_us: int
    counters: dict[str, int]
    sync: str


class Peer:
    """Publish events to the node and keep what it publishes; everything runs in `spin`.

    problems: what is wrong with the form of frames.
    """

    def __init__(self, scene: Scene, clock: StreamClock) -> None:
        self._context = Context()
        self._context.init()
        self._node = Node('soak', context=self._context, namespace=NAMESPACE)
        self._executor = EventsExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._scene = scene
        self._clock = clock
        self.frames: list[Frame] = []
        self.snapshots: list[Snapshot] = []
        self.problems: list[str] = []
        self._publishers = [
            self._node.create_publisher(EventPacket, f'{name}/events', DEPTH) for name in CAMERAS
        ]
        self._node.create_subscription(Image, 'spikes', self._take_frame, DEPTH)
        self._node.create_subscription(DiagnosticArray, '/diagnostics', self._take_report, DEPTH)

    def close(self) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        self._context.try_shutdown()

    def publish(self, camera: int, cdr: bytes) -> None:
        """Publish bytes as an event packet, whatever they are."""
        self._publishers[camera].publish(cdr)

    def spin(self, seconds: float) -> None:
        """Take one message, or wait so long for one."""
        self._executor.spin_once(timeout_sec=seconds)

    def until(self, condition: Callable[[], object], seconds: float = LIMIT_S) -> bool:
        """Take messages until a condition holds; say whether it did in time."""
        deadline = time.monotonic() + seconds
        while not condition() and time.monotonic() < deadline:
            self.spin(0.05)
        return bool(condition())

    def is_connected(self) -> bool:
        """Return whether the node hears both cameras and knows that it is heard."""
        heard = all(publisher.get_subscription_count() for publisher in self._publishers)
        latest = self.snapshots[-1].counters if self.snapshots else {}
        return heard and latest.get('subscribers') == 1

    def _take_frame(self, image: Image) -> None:
        expected = ('8UC4', WIDTH, HEIGHT, WIDTH * CHANNELS, 'camera')
        found = (image.encoding, image.width, image.height, image.step, image.header.frame_id)
        if found != expected:
            if len(self.problems) < MAX_PROBLEMS:
                self.problems.append(f'a frame has {found} instead of {expected}')
            return
        pixels = from_image(image)
        events = pixels.sum(axis=(0, 1), dtype=np.int64)
        left, right = int(events[LEFT].sum()), int(events[RIGHT].sum())
        stamp_us = (to_ns(image.header.stamp) - self._clock.stamp_ns) / 1000
        fingerprint = self._scene.fingerprint(pixels)
        self.frames.append(Frame(self._clock.now_us(), stamp_us, left, right, fingerprint))

    def _take_report(self, message: DiagnosticArray) -> None:
        for status in message.status:
            if status.name == STATUS:
                values = {pair.key: pair.value for pair in status.values}
                counters = {key: int(value) for key, value in values.items() if _is_count(value)}
                snapshot = Snapshot(self._clock.now_us(), counters, values.get('sync', ''))
                self.snapshots.append(snapshot)


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()
