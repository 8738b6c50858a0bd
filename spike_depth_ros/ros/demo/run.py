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

"""Running a recording through replay, binner and depth node, each a process of its own."""

import time
from collections.abc import Callable

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.ros.demo import foreign
from spike_depth_ros.ros.demo.errors import DemoError
from spike_depth_ros.ros.demo.evaluation_node import EvaluationNode
from spike_depth_ros.ros.demo.listener import listening
from spike_depth_ros.ros.demo.processes import Processes
from spike_depth_ros.ros.demo.result import Counts, Result, depth_error, mean_firing
from spike_depth_ros.ros.demo.source import HOP_S, Source
from spike_depth_ros.ros.demo.status_line import StatusLine
from spike_depth_ros.ros.demo.window_store import WindowStore

# Compiling the decoders the first time takes most of it.
START_LIMIT_S = 180.0
# Each node reports once a second.
REPORT_LIMIT_S = 15.0
# How much longer than the recording a replay may take: to start, to be heard, and to be delivered.
REPLAY_MARGIN_S = 120.0
# On a busy machine the demo rather shows a window late than not at all; the table has the latency.
QUEUE = 20
# Nodes that are there already are discovered within this time.
DISCOVERY_S = 1.5
GRAPH_PERIOD_S = 0.5


class Run:
    """A run of a recording through the nodes.

    check: called between messages; what it raises ends the run.
    """

    def __init__(self, source: Source, store: WindowStore, check: Callable[[], None]) -> None:
        self._source = source
        self._store = store
        self._check = check
        self._next_look_s = 0.0

    def result(self) -> Result:
        """Run the recording, showing a status line; return the figures.

        Raises DemoError when a node fails, does not answer, or is not alone.
        """
        with (
            Processes() as self._processes,
            listening(self._source.truth.topic, self._store) as (self._node, self._spin_once),
            StatusLine() as self._line,
        ):
            self._look_around()
            self._start()
            self._replay()
        return _result(self._source, self._node, self._store)

    def _look_around(self) -> None:
        """Take part for a moment, in which other nodes are found that are there already."""
        end_s = time.monotonic() + DISCOVERY_S
        while time.monotonic() < end_s:
            self._take_messages()

    def _start(self) -> None:
        contract = self._source.contract
        binner = {
            'stereo': len(self._source.cameras) == 2,
            'window_ms': contract.window_ns / 1e6,
            'hop_ms': HOP_S * 1e3,
            'width': contract.width,
            'height': contract.height,
            'focal_length': contract.f,
            'cx': contract.cx,
            'cy': contract.cy,
            'baseline': contract.baseline_m,
            # Simulated cameras are the network's own.
            'calibration': 'rectified' if self._source.simulated else '',
        }
        self._processes.start('binner', binner)
        self._processes.start('depth', {'model': str(self._source.model), 'queue': QUEUE})
        failure = f'the nodes did not start in {START_LIMIT_S:g} s'
        self._until(self._node.sees_nodes, START_LIMIT_S, failure)

    def _replay(self) -> None:
        source, node = self._source, self._node
        topics = dict(zip(CAMERAS, source.cameras, strict=False))
        self._processes.start('replay', {'recording': str(source.path), **topics})
        self._until(
            lambda: 'replay' in self._processes.exit_codes(),
            source.duration_s + REPLAY_MARGIN_S,
            f'the replay of {source.duration_s:.0f} s did not end within '
            f'{REPLAY_MARGIN_S:g} s more',
        )
        # The next report of each node was perhaps begun before its last window; the second has it.
        enough = {name: count + 2 for name, count in node.reports.items()}
        self._until(
            lambda: all(node.reports[name] >= count for name, count in enough.items()),
            REPORT_LIMIT_S,
            f'the nodes reported nothing on /diagnostics for {REPORT_LIMIT_S:g} s',
        )

    def _until(self, condition: Callable[[], bool], limit_s: float, failure: str) -> None:
        """Take messages until a condition holds; raise DemoError after the limit."""
        deadline = time.monotonic() + limit_s
        while not condition():
            self._take_messages()
            if time.monotonic() > deadline:
                raise DemoError(failure)

    def _take_messages(self) -> None:
        """Take messages for a moment.

        Raises DemoError when a node has ended that should not have, or another takes part.
        """
        self._spin_once()
        self._check()
        self._line.show(self._node)
        for name, code in self._processes.exit_codes().items():
            if code or name != 'replay':
                raise DemoError(f'the {name} node ended with exit code {code}')
        now_s = time.monotonic()
        if now_s >= self._next_look_s:
            self._next_look_s = now_s + GRAPH_PERIOD_S
            self._check_others()

    def _check_others(self) -> None:
        running = (*self._processes.started(), foreign.DEMO)
        foreign.check_publishers(self._node, self._source.truth.topic, running)
        if foreign.REPLAY not in running:  # whoever comes later may only watch
            foreign.check_subscribers(self._node, running)


def _result(source: Source, node: EvaluationNode, store: WindowStore) -> Result:
    nan = float('nan')
    return Result(
        counts=Counts.read(node.binner, node.depth),
        most_windows=source.most_windows,
        duration_s=_duration_s(node),
        latency_ms=(
            float(node.depth.get('latency median (ms)', nan)),
            float(node.depth.get('latency p99 (ms)', nan)),
        ),
        firing=mean_firing(node.firing),
        truth=source.truth,
        error=depth_error(store.windows()),
        problem=node.messages.get('depth', ''),
        warnings=node.warnings,
    )


def _duration_s(node: EvaluationNode) -> float:
    """Return the time that all windows took; the last comes late, as nothing follows it."""
    if node.first_s is None:
        return 0.0
    return HOP_S if node.before_s is None else node.before_s - node.first_s + 2 * HOP_S
