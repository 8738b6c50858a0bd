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

"""Evaluation node of the demo: receives what the other nodes publish."""

import time

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.context import Context
from rclpy.node import Node
from sensor_msgs.msg import Image
from spike_depth_msgs.msg import SpikeInfo

from spike_depth_ros.ros import qos
from spike_depth_ros.ros.conversions import from_image, to_ns
from spike_depth_ros.ros.demo.node_status import BinnerStatus, DepthStatus, ReplayStatus
from spike_depth_ros.ros.demo.window_store import WindowStore
from spike_depth_ros.ros.diagnostics import without_numbers

# Several reports of each node may wait while the demo is busy.
DIAGNOSTICS_QUEUE = 100


class EvaluationNode(Node):
    """Collect spike frames, depth and reports.

    Attributes:
        info: latest message of spikes/info, None before any.
        binner, depth, replay: latest numbers of each node, None before any.
        depth_message: latest message of the depth node's report, '' before any.
        reports: number of reports of the binner and the depth node.
        firing_rates: firing rates of each report that has them.
        first_s, last_s, before_s: monotonic time in seconds at which the first spike frame, the
            latest and the one before it arrived, None before any.
    """

    def __init__(self, context: Context, store: WindowStore) -> None:
        """Subscribe the topics; store: stores the images."""
        super().__init__('demo', context=context)
        self.info: SpikeInfo | None = None
        self.binner: BinnerStatus | None = None
        self.depth: DepthStatus | None = None
        self.replay: ReplayStatus | None = None
        self.depth_message = ''
        self._warnings: dict[str, str] = {}
        self.reports = {'binner': 0, 'depth': 0}
        self.firing_rates: list[dict[str, float]] = []
        self.first_s: float | None = None
        self.last_s: float | None = None
        self.before_s: float | None = None
        self._store = store
        self.create_subscription(SpikeInfo, 'spikes/info', self._on_info, qos.latched())
        self.create_subscription(Image, 'spikes', self._on_spikes, qos.images())
        self.create_subscription(Image, 'depth/image_rect', self._on_depth, qos.images())
        self.create_subscription(
            DiagnosticArray, '/diagnostics', self._on_diagnostics, DIAGNOSTICS_QUEUE
        )

    @property
    def warnings(self) -> list[str]:
        """Return the problems that the nodes reported while they had input, each once."""
        return list(self._warnings.values())

    def is_connected(self) -> bool:
        """Return whether spike frames reach the depth node and this one, and reports this one.

        Only the binner knows its subscribers: nodes discover each other in any order.
        """
        subscribers = self.binner.subscribers if self.binner else 0
        return self.depth is not None and subscribers > 1

    def _on_info(self, message: SpikeInfo) -> None:
        self.info = message

    def _on_spikes(self, message: Image) -> None:
        self.before_s, self.last_s = self.last_s, time.monotonic()
        if self.first_s is None:
            self.first_s = self.last_s
        self._store.add_events(to_ns(message.header.stamp), from_image(message))

    def _on_depth(self, message: Image) -> None:
        self._store.add_depth(to_ns(message.header.stamp), from_image(message))

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        for status in message.status:
            values = {pair.key: pair.value for pair in status.values}
            # A node with a namespace does not belong to the demo.
            node = status.name.partition(':')[0].lstrip('/')
            if node == 'binner':
                self.binner = BinnerStatus.from_values(values)
                self._count_report(node, status, self.binner.is_working)
            elif node == 'depth':
                self.depth = DepthStatus.from_values(values)
                self.depth_message = status.message
                if self.depth.firing_rates:
                    self.firing_rates.append(self.depth.firing_rates)
                self._count_report(node, status, self.depth.is_working)
            elif node == 'replay':
                self.replay = ReplayStatus.from_values(values)

    def _count_report(self, node: str, status: DiagnosticStatus, is_working: bool) -> None:
        """Count a report; keep its problems if the node has input, without which it must warn."""
        self.reports[node] += 1
        if is_working and status.level != DiagnosticStatus.OK:
            for sentence in status.message.split('; '):
                self._warnings[without_numbers(sentence)] = f'the {node} reports: {sentence}'
