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

"""The depth node's counters, and its report on /diagnostics."""

from collections.abc import Sequence
from dataclasses import asdict
from threading import Lock

from spike_depth_ros.inference.confidence import Confidence, ConfidenceMeter
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.energy import estimate
from spike_depth_ros.inference.engine import Inference
from spike_depth_ros.inference.health import (
    Activity,
    ActivityMeter,
    LatencyMeter,
    RateMeter,
    outside_envelope,
)
from spike_depth_ros.ros.depth_counters import DepthCounters, DepthIdleness
from spike_depth_ros.ros.diagnostics import ERROR, STALE, WARN, Report
from spike_depth_ros.units import SECOND_NS

SILENT_NS = 1_000_000_000
# Fewer pixels beyond 65 m are a distant background.
MAX_CUT = 0.05
# Clocks of two machines differ by less.
FUTURE_MS = 20.0
# Later than any queue explains: the stamps come from another clock.
ABSURD_LATENCY_MS = 3_000
# Under this share of pixels with depth there is none to speak of.
MIN_VALID, MAX_UNDER = 0.01, 0.95


# Counters that stand still while all is well, and what their rise means.
_PROBLEMS = (
    ('windows_dropped', WARN, 'windows dropped: inference cannot keep up'),
    ('windows_incomplete', WARN, 'windows without depth: one camera saw nothing'),
    ('windows_malformed', WARN, 'windows malformed'),
    ('windows_failed', ERROR, 'windows failed'),
)


class DepthReport:
    """Keep what the node reports between two reports.

    Windows end in the worker's thread or where they come in; the rest is the executor's. now_ns:
    monotonic time.
    """

    def __init__(self, contract: ModelContract, now_ns: int) -> None:
        self.counters = DepthCounters()
        self._last_problem = ''
        self._contract = contract
        self._lock = Lock()
        self._latency = LatencyMeter()
        self._activity = ActivityMeter(contract)
        self._confidence = ConfidenceMeter()
        self._last_stamp_ns = 0
        self._rates = {'input': RateMeter(now_ns), 'output': RateMeter(now_ns)}
        self._before = DepthCounters()
        self._idleness = DepthIdleness()
        self._cut = 0.0
        self._valid: float | None = None  # most of the images since the report before
        self._heard_ns = now_ns

    def window_in(self, now_ns: int) -> None:
        """Count a window that came."""
        self.counters.windows_in += 1
        self._rates['input'].add()
        self._heard_ns = now_ns

    def window_out(
        self, stamp_ns: int, published_ns: int, events: int, inference: Inference
    ) -> None:
        """Count a depth image: its stamp and when it was published, both ROS time.

        events: of the window that it was inferred from.
        """
        with self._lock:
            if stamp_ns < self._last_stamp_ns:  # time jumped back
                self._latency.reset()
            self._last_stamp_ns = stamp_ns
            self.counters.windows_out += 1
            self._rates['output'].add()
            if published_ns:  # 0: simulated time has not begun
                self._latency.add(published_ns - stamp_ns)
            self._activity.add(events, inference.firing_rates, inference.mean_spikes)

    def confidence_out(self, confidence: Confidence, min_confidence: float) -> None:
        """Count the confidence of a depth image's mapped pixels, float32 [n].

        min_confidence: the least that was asked of them.
        """
        with self._lock:
            self._confidence.add(confidence, min_confidence)

    def depth_out(self, valid: float) -> None:
        """Record the share of a depth image's mapped pixels that have depth, 0 to 1."""
        with self._lock:
            self._valid = max(valid, self._valid or 0.0)

    def depth_cut(self, share: float) -> None:
        """Record the share of a depth image's pixels that its encoding cannot hold, 0 to 1."""
        with self._lock:
            self._cut = max(self._cut, share)

    def without_depth(self, counter: str, problem: str = '', cameras: Sequence[int] = ()) -> None:
        """Count a window without depth.

        problem: the sentence that says why, if there is one. cameras: events of each camera.
        """
        with self._lock:
            self._idleness.events = cameras or self._idleness.events
            setattr(self.counters, counter, getattr(self.counters, counter) + 1)
            self._last_problem = problem or self._last_problem

    def make(self, now_ns: int, reason: str, upstream: str, min_events: int) -> Report:
        """Return the report and start another.

        reason: why nothing is inferred, or ''. upstream: what is wrong with the binner's windows,
        or ''. min_events: under which a window yields no depth.
        """
        report = Report()
        with self._lock:
            now = DepthCounters(**asdict(self.counters))
            self._add_figures(report, now, now_ns)
            last_problem, self._last_problem = self._last_problem, ''
        if reason:
            report.problem(ERROR, f'{reason}: {upstream}' if upstream else reason)
        elif upstream:
            report.problem(WARN, upstream)
        self._add_problems(report, now, now_ns)
        if idleness := self._idleness.update(now, now_ns, min_events):
            report.problem(WARN, idleness)
        if last_problem:
            report.problem(WARN, last_problem)
        self._before = now
        return report

    def _add_figures(self, report: Report, now: DepthCounters, now_ns: int) -> None:
        for name, meter in self._rates.items():
            report.values[f'{name} rate (Hz)'] = meter.take(now_ns)
        median_ms = self._latency.percentile_ms(50)
        report.values['latency median (ms)'] = median_ms
        report.values['latency p99 (ms)'] = self._latency.percentile_ms(99)
        if median_ms > ABSURD_LATENCY_MS:
            report.problem(
                WARN,
                f'depth comes {median_ms / 1e3:.3g} s after its stamp: set the clocks of this '
                "computer and of the cameras' (NTP, PTP), or, if a recording is replayed with its "
                'own stamps or slowly, replay with /clock and set use_sim_time',
            )
        report.values |= {name.replace('_', ' '): n for name, n in asdict(now).items()}
        if median_ms < -FUTURE_MS:
            report.problem(
                WARN,
                f'depth comes {-median_ms / 1e3:.3g} s before its stamp: set the clocks of this '
                "computer and of the cameras' (NTP, PTP), or, with use_sim_time, let /clock run "
                'and be of the same time as the events',
            )
        if self._cut > MAX_CUT:
            report.problem(
                WARN,
                f'{self._cut:.0%} of the depth is over 65.535 m, which 16UC1 cannot hold: set '
                'depth_encoding to 32FC1',
            )
        self._cut = 0.0
        activity = self._activity.take()
        if activity is not None:
            self._add_firing_rates(report, activity)
            self._add_energy(report, activity)
        certainty = self._confidence.take()
        if certainty is not None:
            report.values['mean confidence'] = certainty.mean
            report.values['share under min_confidence'] = certainty.share_under
            if certainty.share_under > MAX_UNDER:
                report.problem(
                    WARN,
                    f'{certainty.share_under:.0%} of the pixels have less confidence than '
                    'min_confidence asks for, and so no depth: lower it',
                )
        if self._valid is not None:
            report.values['pixels with depth (%)'] = 100 * self._valid
            if self._valid < MIN_VALID:
                report.problem(
                    WARN,
                    f'{self._valid:.1%} of the pixels have depth: the others are nearer than the '
                    "model's range, or under min_confidence",
                )
        self._valid = None

    def _add_firing_rates(self, report: Report, activity: Activity) -> None:
        rates = activity.firing_rates
        report.values['firing rate'] = sum(rates.values()) / len(rates)
        report.values |= {f'firing rate {layer}': rate for layer, rate in rates.items()}
        if sentence := outside_envelope(self._contract, rates):
            report.problem(WARN, sentence)

    def _add_energy(self, report: Report, activity: Activity) -> None:
        """Add what the estimate is made of, and the estimate."""
        spikes = activity.mean_spikes
        energy = estimate(self._contract, activity)
        report.values |= {f'mean spikes {layer}': mean for layer, mean in spikes.items()}
        report.values['events (a window)'] = activity.events
        millions = energy.synaptic_operations / 1e6
        report.values['synaptic operations (million a window)'] = millions
        report.values['energy estimate (mJ a window)'] = energy.energy_mj
        report.values['energy estimate, dense network (mJ a window)'] = energy.dense_mj

    def _add_problems(self, report: Report, now: DepthCounters, now_ns: int) -> None:
        silent_ns = now_ns - self._heard_ns
        if silent_ns > SILENT_NS:
            report.problem(STALE, f'no spike frame for {silent_ns / SECOND_NS:.1f} s')
        for name, level, meaning in _PROBLEMS:
            new = getattr(now, name) - getattr(self._before, name)
            if new:
                report.problem(level, f'{new} {meaning}')
