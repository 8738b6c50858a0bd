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

"""Report of the depth node on /diagnostics."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from threading import Lock

import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.confidence import Confidence
from spike_depth_ros.inference.continuity import Reset
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import Inference
from spike_depth_ros.ros.depth_counters import DepthCounters, DepthIdleness
from spike_depth_ros.ros.depth_meters import DepthMeters
from spike_depth_ros.ros.diagnostics import ERROR, STALE, WARN, Report, in_words
from spike_depth_ros.ros.memory_report import MemoryReport
from spike_depth_ros.units import MS_NS, SECOND_NS

# No spike frame is reported as STALE after this time.
SILENT_NS = SECOND_NS
# Counters that stand still on a healthy rig, with the level and the meaning of an increase.
PROBLEMS = (
    ('windows_dropped', WARN, 'windows dropped: inference cannot keep up'),
    ('windows_incomplete', WARN, 'windows without depth: one camera saw nothing'),
    ('windows_malformed', WARN, 'windows malformed'),
    ('windows_failed', ERROR, 'windows failed'),
)


class DepthReport:
    """Measurements and problems between two reports of the depth node.

    The worker's thread and the executor both call it.

    Attributes:
        counters: numbers of windows since the start.
    """

    def __init__(self, contract: ModelContract, now_ns: int) -> None:
        """Start the first report.

        Args:
            contract: contract of the model.
            now_ns: monotonic time, nanoseconds.
        """
        self.counters = DepthCounters()
        self._last_problem = ''
        self._meters = DepthMeters(contract, now_ns)
        self._lock = Lock()
        self._before = DepthCounters()
        self._idleness = DepthIdleness()
        self._received_ns = now_ns
        self._age_ns: int | None = None
        self._memory = MemoryReport()

    def window_in(self, now_ns: int) -> None:
        """Count a window received at now_ns, monotonic nanoseconds."""
        self.counters.windows_in += 1
        self._meters.window_in()
        self._received_ns = now_ns

    def window_out(
        self, stamp_ns: int, published_ns: int, events: int, inference: Inference
    ) -> None:
        """Count a depth image.

        Args:
            stamp_ns: stamp of the image, ROS time in nanoseconds.
            published_ns: ROS time of its publication; 0 before simulated time begins.
            events: number of events in its window.
            inference: output of the network.
        """
        with self._lock:
            self.counters.windows_out += 1
            self._age_ns = 0
            self._meters.window_out(stamp_ns, published_ns, events, inference)

    def window_held(self, age_ns: int) -> None:
        """Count a depth image of an earlier window; age_ns: age of the depth, nanoseconds."""
        with self._lock:
            self.counters.windows_held += 1
            self._age_ns = age_ns
            self._meters.window_held()

    def confidence_out(
        self, confidence: Confidence, mapped: npt.NDArray[np.bool_], min_confidence: float
    ) -> None:
        """Measure the confidence of a depth image's mapped pixels; see ConfidenceMeter.add."""
        with self._lock:
            self._meters.confidence_out(confidence, mapped, min_confidence)

    def depth_out(self, valid: float) -> None:
        """Record the share of a depth image's mapped pixels that have depth, 0 to 1."""
        with self._lock:
            self._meters.depth_out(valid)

    def depth_cut(self, share: float) -> None:
        """Record the share of a depth image's pixels that its encoding cannot hold, 0 to 1."""
        with self._lock:
            self._meters.depth_cut(share)

    def without_depth(self, counter: str, problem: str = '', cameras: Sequence[int] = ()) -> None:
        """Count a window that yields no depth.

        Args:
            counter: name of the counter.
            problem: sentence that gives the reason, or ''.
            cameras: number of events of each camera if the window had too few.
        """
        with self._lock:
            self._idleness.events = cameras or self._idleness.events
            setattr(self.counters, counter, getattr(self.counters, counter) + 1)
            self._last_problem = problem or self._last_problem

    def make(
        self,
        now_ns: int,
        reason: str,
        upstream: str,
        min_events: int,
        resets: Mapping[Reset, int],
        half_lives_ms: tuple[float, float] | None = None,
    ) -> Report:
        """Return the report and start the next.

        Args:
            now_ns: monotonic time, nanoseconds.
            reason: why no window is inferred, or ''.
            upstream: problem of the binner's spike frames, or ''.
            min_events: least number of events in a window that yields depth.
            resets, half_lives_ms: see MemoryReport.
        """
        report = Report()
        with self._lock:
            now = replace(self.counters)
            report.values |= {in_words(name): count for name, count in asdict(now).items()}
            if self._age_ns is not None:
                report.values['depth age (ms)'] = self._age_ns / MS_NS
            self._meters.add_to(report, now_ns)
            last_problem, self._last_problem = self._last_problem, ''
        if reason:
            report.problem(ERROR, f'{reason}: {upstream}' if upstream else reason)
        elif upstream:
            report.problem(WARN, upstream)
        self._memory.add_to(report, resets, half_lives_ms)
        self._add_problems(report, now, now_ns)
        if idleness := self._idleness.update(now, now_ns, min_events):
            report.problem(WARN, idleness)
        if last_problem:
            report.problem(WARN, last_problem)
        self._before = now
        return report

    def _add_problems(self, report: Report, now: DepthCounters, now_ns: int) -> None:
        silent_ns = now_ns - self._received_ns
        if silent_ns > SILENT_NS:
            report.problem(STALE, f'no spike frame for {silent_ns / SECOND_NS:.1f} s')
        for name, level, meaning in PROBLEMS:
            new = getattr(now, name) - getattr(self._before, name)
            if new:
                report.problem(level, f'{new} {meaning}')
