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

"""Run of a recording through replay, binner and depth node, three processes."""

import time
from collections.abc import Callable
from math import nan

from spike_depth_ros.ros.conversions import to_ns
from spike_depth_ros.ros.demo import foreign
from spike_depth_ros.ros.demo.errors import DemoError
from spike_depth_ros.ros.demo.evaluation_node import EvaluationNode
from spike_depth_ros.ros.demo.listener import listening
from spike_depth_ros.ros.demo.measuring import measure
from spike_depth_ros.ros.demo.processes import Processes
from spike_depth_ros.ros.demo.result import Counts, Result, mean_firing_rates
from spike_depth_ros.ros.demo.source import Source
from spike_depth_ros.ros.demo.status_line import StatusLine
from spike_depth_ros.ros.demo.window_store import WindowStore
from spike_depth_ros.ros.event_topic import reliable_events
from spike_depth_ros.units import SECOND_NS

# The first start compiles the decoders, which takes most of this time.
START_LIMIT_S = 180.0
# Each node reports once a second.
REPORT_LIMIT_S = 15.0
# Time that a replay may take beyond the length of the recording: start, discovery, delivery.
REPLAY_MARGIN_S = 120.0
# A long queue: on a busy machine the demo shows windows late rather than dropping them.
QUEUE = 20
# Nodes that run already are discovered within this time.
DISCOVERY_S = 1.5
GRAPH_PERIOD_S = 0.5


class Run:
    """A run of a recording through the nodes."""

    def __init__(self, source: Source, store: WindowStore, check: Callable[[], None]) -> None:
        """Prepare the run.

        Args:
            source: recording and model.
            store: stores the images.
            check: called between messages; an error that it raises ends the run.
        """
        self._source = source
        self._store = store
        self._check = check
        self._next_look_s = 0.0

    def result(self) -> Result:
        """Run the recording, with a status line; return the result.

        Raises DemoError if a node fails or does not report, or if another node interferes.
        """
        with (
            Processes() as self._processes,
            listening(self._store) as (self._node, self._spin_once),
            StatusLine() as self._line,
        ):
            self._discover()
            self._start()
            self._replay()
        return _result(self._source, self._node, self._store)

    def _discover(self) -> None:
        """Receive for DISCOVERY_S, in which nodes that run already are found."""
        end_s = time.monotonic() + DISCOVERY_S
        while time.monotonic() < end_s:
            self._take_messages()

    def _start(self) -> None:
        source = self._source
        reliable = reliable_events('subscription', len(source.cameras))
        self._processes.start('binner', source.binner_parameters() | reliable)
        self._processes.start('depth', {'model': str(source.model), 'queue': QUEUE})
        failure = f'the nodes did not start in {START_LIMIT_S:g} s'
        self._until(self._node.is_connected, START_LIMIT_S, failure)

    def _replay(self) -> None:
        source, node = self._source, self._node
        reliable = reliable_events('publisher', len(source.cameras))
        # True depth is read after the run.
        parameters = source.replay_parameters() | reliable | {'publish_truth': False}
        self._processes.start('replay', parameters)
        self._until(
            lambda: 'replay' in self._processes.exit_codes(),
            2 * source.duration_s + REPLAY_MARGIN_S,
            f'the replay of {source.duration_s:.0f} s did not end within twice the time and '
            f'{REPLAY_MARGIN_S:g} s more',
        )
        # The next report of a node may lack its last window; the one after it has all.
        enough = {name: count + 2 for name, count in node.reports.items()}
        self._until(
            lambda: all(node.reports[name] >= count for name, count in enough.items()),
            REPORT_LIMIT_S,
            f'the nodes reported nothing on /diagnostics for {REPORT_LIMIT_S:g} s',
        )

    def _until(self, condition: Callable[[], bool], limit_s: float, failure: str) -> None:
        """Receive messages until a condition holds; raise DemoError after the limit."""
        deadline = time.monotonic() + limit_s
        while not condition():
            self._take_messages()
            if time.monotonic() > deadline:
                raise DemoError(failure)

    def _take_messages(self) -> None:
        """Receive messages, or wait for a moment.

        Raises DemoError if a node has failed, or another node interferes.
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
        foreign.check_publishers(self._node, running)
        if foreign.REPLAY not in running:  # later subscribers do no harm
            foreign.check_subscribers(self._node, running)


def _result(source: Source, node: EvaluationNode, store: WindowStore) -> Result:
    error, problem = measure(source, store, node.replay)
    return Result(
        counts=Counts.of(node.binner, node.depth),
        most_windows=source.most_windows,
        hop_s=source.hop_ns / SECOND_NS,
        duration_s=_duration_s(node),
        latency_ms=(
            (node.depth.latency_median_ms, node.depth.latency_p99_ms) if node.depth else (nan, nan)
        ),
        firing_rates=mean_firing_rates(node.firing_rates),
        has_truth=source.truth is not None,
        no_truth=source.no_truth,
        tested=len(source.tested) if source.tested else None,
        error=error,
        binner_problem=node.info.problem if node.info else '',
        depth_problem=node.depth_message,
        warnings=[*node.warnings, *filter(None, [problem])],
    )


def _duration_s(node: EvaluationNode) -> float:
    """Return the time that all windows took, seconds.

    It begins one hop before the first window. The last window is left out, as it waits for
    max_wait_ms, and counted as one hop.
    """
    if node.first_s is None or node.info is None:
        return 0.0
    hop_s = to_ns(node.info.hop) / SECOND_NS
    return hop_s if node.before_s is None else node.before_s - node.first_s + 2 * hop_s
