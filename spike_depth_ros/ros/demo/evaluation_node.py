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

"""The demo's own node: it listens to what the others publish."""

import re
import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import CompressedImage, Image

from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_ns
from spike_depth_ros.ros.demo.window_store import WindowStore

# More than one report of each node may wait here while the demo reads something else.
DIAGNOSTICS_QUEUE = 100
# A node works while these are not 0; before and after, silence is no fault.
INPUT_RATES = ('left packets (1/s)', 'right packets (1/s)', 'input rate (Hz)')
NUMBER = re.compile(r'[\d.]+')


class EvaluationNode(Node):
    """Collect windows, depth, true depth and diagnostics.

    binner, depth: the latest values that the nodes reported. messages: the latest word of each.
    warnings: what they reported while packets or windows came, each sentence once.
    reports: how many reports of each came. firing: all firing rates that were reported. first_s,
    last_s, before_s: when the first, the latest and the one before it came (monotonic), None
    before any.
    """

    def __init__(self, context: Context, truth_topic: str, store: WindowStore) -> None:
        super().__init__('demo', context=context)
        self.binner: dict[str, str] = {}
        self.depth: dict[str, str] = {}
        self.messages: dict[str, str] = {}
        self._warnings: dict[str, str] = {}
        self.reports = {'binner': 0, 'depth': 0}
        self.firing: list[dict[str, float]] = []
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.before_s: float | None = None
        self._store = store
        self.create_subscription(Image, 'spikes', self._on_spikes, qos.images())
        self.create_subscription(Image, 'depth/image_rect', self._on_depth, qos.images())
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, DIAGNOSTICS_QUEUE
        )
        if truth_topic:
            self.create_subscription(CompressedImage, truth_topic, self._on_truth, qos.truth())

    @property
    def warnings(self) -> list[str]:
        """Return the sentences that the nodes reported while they worked, without repetitions."""
        return list(self._warnings.values())

    def sees_nodes(self) -> bool:
        """Return whether frames reach the depth node and this one, and depth this one.

        The nodes find each other in any order: only the binner knows whether it is heard.
        """
        return bool(self.depth) and int(self.binner.get('subscribers', 0)) > 1

    def _on_spikes(self, message: Image) -> None:
        self.before_s, self.last_s = self.last_s, time.monotonic()
        if self.first_s is None:
            self.first_s = self.last_s
        self._store.add_events(to_ns(message.header.stamp), from_image(message))

    def _on_depth(self, message: Image) -> None:
        self._store.add_depth(to_ns(message.header.stamp), from_image(message))

    def _on_truth(self, message: CompressedImage) -> None:
        self._store.add_truth(to_ns(message.header.stamp), bytes(message.data))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            node = status.name.partition(':')[0].lstrip('/')  # another namespace is not ours
            if node in self.reports:
                self._take(node, status)

    def _take(self, node: str, status: DiagnosticStatus) -> None:
        values = {pair.key: pair.value for pair in status.values}
        setattr(self, node, values)
        self.messages[node] = status.message
        inputs = [float(text) for key, text in values.items() if key in INPUT_RATES]
        if status.level != DiagnosticStatus.OK and inputs and all(inputs):
            for sentence in status.message.split('; '):
                self._warnings[NUMBER.sub('', sentence)] = f'the {node} reports: {sentence}'
        self.reports[node] += 1
        prefix = 'firing rate'
        firing = {key: float(text) for key, text in values.items() if key.startswith(prefix)}
        if firing:
            self.firing.append(firing)
