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

"""Binner node under test, and the peer that publishes its inputs and stores its outputs."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from event_camera_msgs.msg import EventPacket
from sensor_msgs.msg import Image

from spike_depth_ros.frames.spike_frame import CAMERAS, LEFT, RIGHT
from spike_depth_ros.ros.conversions import from_image, to_ns
from stress.soak.stream import CHANNELS, HEIGHT, WIDTH, Scene, StreamClock
from testing import binner_io
from testing.nodes import NodeProcess
from testing.probe import Probe
from testing.waiting import LIMIT_S, holds_within

# The node runs in a namespace, as on robots with several rigs.
NAMESPACE = f'/soak_{os.getpid()}'
STATUS = f'{NAMESPACE}/{binner_io.STATUS}'.lstrip('/')
DEPTH = 1000
# Reliable delivery: DDS loses no packet on a busy machine, so the sender causes every loss.
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
MAX_PROBLEMS = 10


def start_binner(log: IO[str]) -> NodeProcess:
    """Start the node; log: file for its outputs, because a pipe without a reader blocks."""
    return NodeProcess('binner', PARAMETERS, '-r', f'__ns:={NAMESPACE}', output=log)


@dataclass(frozen=True, slots=True)
class Frame:
    """Summary of a spike frame.

    arrived_us: stream time of its arrival. stamp_us: end of its window, stream time. left, right:
    events of each camera. fingerprint: see Scene.
    """

    arrived_us: int
    stamp_us: float
    left: int
    right: int
    fingerprint: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counters of a report by their names there; arrived_us: stream time of its arrival."""

    arrived_us: int
    counters: dict[str, int]
    sync: str


class Peer(Probe):
    """Publishes events to the node and stores its outputs.

    Args:
        scene: source of fingerprints.
        clock: stream time.

    problems: frames whose form is wrong, one sentence each.
    """

    def __init__(self, scene: Scene, clock: StreamClock) -> None:
        super().__init__('soak', NAMESPACE)
        self._scene = scene
        self._clock = clock
        self.frames: list[Frame] = []
        self.snapshots: list[Snapshot] = []
        self.problems: list[str] = []
        self._publishers = [
            self.node.create_publisher(EventPacket, f'{name}/events', DEPTH) for name in CAMERAS
        ]
        self.node.create_subscription(Image, 'spikes', self._take_frame, DEPTH)
        self.node.create_subscription(DiagnosticArray, '/diagnostics', self._take_report, DEPTH)

    def publish(self, camera: int, cdr: bytes) -> None:
        """Publish bytes, valid or not, as an event packet."""
        self._publishers[camera].publish(cdr)

    def holds_within(self, condition: Callable[[], object], seconds: float = LIMIT_S) -> bool:
        """Take messages until a condition holds; return whether it does within a time limit."""
        return holds_within(condition, seconds, self.spin)

    def is_connected(self) -> bool:
        """Return whether the node subscribes both cameras and reports this subscriber."""
        subscribed = all(publisher.get_subscription_count() for publisher in self._publishers)
        latest = self.snapshots[-1].counters if self.snapshots else {}
        return subscribed and latest.get('subscribers') == 1

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
