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

"""Publication of a node's state on /diagnostics once a second, as diagnostic_updater does."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

PERIOD_S = 1.0
WARNING_PERIOD_S = 5.0  # shortest time between repetitions of a warning in the log
NUMBER = re.compile(r'[+-]?\d[\d.]*')
OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)


@dataclass(slots=True)
class Report:
    """State of a node.

    Args:
        values: measurements and counters by key, in the order of publication.
        problems: level and sentence of each problem.
    """

    values: dict[str, object] = field(default_factory=dict)
    problems: list[tuple[bytes, str]] = field(default_factory=list)

    def problem(self, level: bytes, sentence: str) -> None:
        """Add a problem of level WARN, ERROR or STALE."""
        self.problems.append((level, sentence.rstrip('.')))  # they are joined by semicolons

    def level(self) -> bytes:
        """Return the worst level, OK without a problem; STALE (no input) is the worst of all."""
        return max((level for level, _ in self.problems), default=OK)

    def message(self) -> str:
        """Return the sentences, the worst first, without repetitions; 'OK' without a problem."""
        sentences: list[str] = []
        for _, sentence in sorted(self.problems, key=lambda problem: problem[0], reverse=True):
            if not any(sentence in known for known in sentences):
                sentences = [known for known in sentences if known not in sentence] + [sentence]
        return '; '.join(sentences) or 'OK'


class Diagnostics:
    """Publisher of a node's report.

    It publishes each PERIOD_S of real time, also while simulated time stands still.
    """

    def __init__(
        self, node: Node, part: str, hardware_id: str, report: Callable[[], Report]
    ) -> None:
        """Create the publisher and its timer.

        Args:
            node: the node that the report is about.
            part: end of the status name '<node with its namespace>: <part>'.
            hardware_id: device that the report is about.
            report: called for each report.
        """
        self._node = node
        self._name = f'{node.get_fully_qualified_name().lstrip("/")}: {part}'
        self._hardware_id = hardware_id
        self._report = report
        self._now_ns = -1
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        node.create_timer(PERIOD_S, self.publish, clock=steady_clock())

    def publish(self) -> None:
        """Publish a report."""
        report = self._report()
        if problem := self._clock_problem():
            report.problem(WARN, problem)
        status = DiagnosticStatus(
            level=report.level(),
            name=self._name,
            message=report.message(),
            hardware_id=self._hardware_id,
            values=key_values(report.values),
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)

    def _clock_problem(self) -> str:
        """Return a sentence if use_sim_time is set but /clock does not run, else ''."""
        before_ns, self._now_ns = self._now_ns, self._node.get_clock().now().nanoseconds
        if not self._node.get_parameter('use_sim_time').value:
            return ''
        if not self._node.count_publishers('/clock'):
            return (
                'use_sim_time is true, but nothing publishes /clock: start a publisher (ros2 bag '
                'play --clock, or replay with publish_clock), or set use_sim_time to false'
            )
        if self._now_ns == before_ns:
            return 'use_sim_time is true, but /clock stands still: resume its publisher'
        return ''


def steady_clock() -> Clock:
    """Return a clock for timers in real time, regardless of use_sim_time."""
    return Clock(clock_type=ClockType.STEADY_TIME)


def in_words(counter: str) -> str:
    """Return the key of a counter: 'windows_in' is reported as 'windows in'."""
    return counter.replace('_', ' ')


def without_numbers(sentence: str) -> str:
    """Return a sentence without its numbers, in which those of one problem differ."""
    return NUMBER.sub('', sentence)


def key_values(values: Mapping[str, object]) -> list[KeyValue]:
    """Return values as messages; floats with six significant digits."""
    texts = {k: f'{v:.6g}' if isinstance(v, float) else str(v) for k, v in values.items()}
    return [KeyValue(key=key, value=text) for key, text in texts.items()]
