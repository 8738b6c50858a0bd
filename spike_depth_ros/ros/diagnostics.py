"""Reporting a node's state on /diagnostics, once a second."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

PERIOD_S = 1.0
OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)


@dataclass(slots=True)
class Report:
    """Collect what a node has to say: problems by level, and values in their order."""

    values: dict[str, object] = field(default_factory=dict)
    problems: list[tuple[bytes, str]] = field(default_factory=list)

    def problem(self, level: bytes, sentence: str) -> None:
        """Add a problem of level WARN, ERROR or STALE."""
        self.problems.append((level, sentence))

    def level(self) -> bytes:
        """Return the worst level; nothing coming in (STALE) is worse than anything that did."""
        return max((level for level, _ in self.problems), default=OK)

    def message(self) -> str:
        """Return all problems, the worst first, or 'OK'."""
        worst_first = sorted(self.problems, key=lambda problem: problem[0], reverse=True)
        return '; '.join(sentence for _, sentence in worst_first) or 'OK'


class Diagnostics:
    """Publish a node's report each PERIOD_S of real time, also while a simulated clock stands.

    part: what the report is about; the status is named '<node with its namespace>: <part>'.
    """

    def __init__(self, node: Node, part: str, report: Callable[[], Report]) -> None:
        self._node = node
        self._name = f'{node.get_fully_qualified_name()}: {part}'
        self._report = report
        self._publisher = node.create_publisher(DiagnosticArray, '/diagnostics', 10)
        node.create_timer(PERIOD_S, self.publish, clock=steady_clock())

    def publish(self) -> None:
        """Publish the report as it is now."""
        report = self._report()
        status = DiagnosticStatus(
            level=report.level(),
            name=self._name,
            message=report.message(),
            hardware_id='',
            values=key_values(report.values),
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)


def steady_clock() -> Clock:
    """Return the clock for timers that run in real time whatever use_sim_time says."""
    return Clock(clock_type=ClockType.STEADY_TIME)


def key_values(values: Mapping[str, object]) -> list[KeyValue]:
    """Return a mapping as messages; floats with six significant digits."""
    texts = {k: f'{v:.6g}' if isinstance(v, float) else str(v) for k, v in values.items()}
    return [KeyValue(key=key, value=text) for key, text in texts.items()]
