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

from collections.abc import Sequence
from dataclasses import asdict, replace
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
from spike_depth_ros.ros.diagnostics import ERROR, STALE, WARN, Report, in_words
from spike_depth_ros.units import SECOND_NS

# No spike frame is reported as STALE after this time.
SILENT_NS = SECOND_NS
# Largest tolerated share of pixels beyond the range of 16UC1: a distant background.
MAX_CUT = 0.05
# Tolerated negative latency: clocks of two machines differ by less.
FUTURE_MS = 20.0
# Latency that no queue explains: the stamps come from another clock.
ABSURD_LATENCY_MS = 3_000
# Least share of mapped pixels with depth, and largest share under min_confidence.
MIN_VALID, MAX_UNDER = 0.01, 0.95
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
        self._valid: float | None = None
        self._received_ns = now_ns

    def window_in(self, now_ns: int) -> None:
        """Count a window received at now_ns, monotonic nanoseconds."""
        self.counters.windows_in += 1
        self._rates['input'].add()
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
            if stamp_ns < self._last_stamp_ns:  # time jumped back
                self._latency.reset()
            self._last_stamp_ns = stamp_ns
            self.counters.windows_out += 1
            self._rates['output'].add()
            if published_ns:
                self._latency.add(published_ns - stamp_ns)
            self._activity.add(events, inference.firing_rates, inference.mean_spikes)

    def confidence_out(self, confidence: Confidence, min_confidence: float) -> None:
        """Measure the confidence of a depth image's mapped pixels, float32 [n]."""
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

    def make(self, now_ns: int, reason: str, upstream: str, min_events: int) -> Report:
        """Return the report and start the next.

        Args:
            now_ns: monotonic time, nanoseconds.
            reason: why no window is inferred, or ''.
            upstream: problem of the binner's spike frames, or ''.
            min_events: least number of events in a window that yields depth.
        """
        report = Report()
        with self._lock:
            now = replace(self.counters)
            self._add_rates(report, now_ns)
            self._add_latency(report)
            report.values |= {in_words(name): count for name, count in asdict(now).items()}
            self._add_network(report)
            self._add_confidence(report)
            self._add_valid(report)
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

    def _add_rates(self, report: Report, now_ns: int) -> None:
        for name, meter in self._rates.items():
            report.values[f'{name} rate (Hz)'] = meter.take(now_ns)

    def _add_latency(self, report: Report) -> None:
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
        if median_ms < -FUTURE_MS:
            report.problem(
                WARN,
                f'depth comes {-median_ms / 1e3:.3g} s before its stamp: set the clocks of this '
                "computer and of the cameras' (NTP, PTP), or, with use_sim_time, let /clock run "
                'and be of the same time as the events',
            )

    def _add_network(self, report: Report) -> None:
        activity = self._activity.take()
        if activity is not None:
            self._add_firing_rates(report, activity)
            self._add_energy(report, activity)

    def _add_firing_rates(self, report: Report, activity: Activity) -> None:
        rates = activity.firing_rates
        report.values['firing rate'] = sum(rates.values()) / len(rates)
        report.values |= {f'firing rate {layer}': rate for layer, rate in rates.items()}
        if sentence := outside_envelope(self._contract, rates):
            report.problem(WARN, sentence)

    def _add_energy(self, report: Report, activity: Activity) -> None:
        """Add the energy estimate and the measurements that it depends on."""
        spikes = activity.mean_spikes
        energy = estimate(self._contract, activity)
        report.values |= {f'mean spikes {layer}': mean for layer, mean in spikes.items()}
        report.values['events (a window)'] = activity.events
        millions = energy.synaptic_operations / 1e6
        report.values['synaptic operations (million a window)'] = millions
        report.values['energy estimate (mJ a window)'] = energy.energy_mj
        report.values['energy estimate, dense network (mJ a window)'] = energy.dense_mj

    def _add_confidence(self, report: Report) -> None:
        certainty = self._confidence.take()
        if certainty is None:
            return
        report.values['mean confidence'] = certainty.mean
        report.values['share under min_confidence'] = certainty.share_under
        if certainty.share_under > MAX_UNDER:
            report.problem(
                WARN,
                f'{certainty.share_under:.0%} of the pixels have less confidence than '
                'min_confidence asks for, and so no depth: lower it',
            )

    def _add_valid(self, report: Report) -> None:
        """Add the share of pixels with depth, and of those that the encoding cannot hold."""
        if self._cut > MAX_CUT:
            report.problem(
                WARN,
                f'{self._cut:.0%} of the depth is over 65.535 m, which 16UC1 cannot hold: set '
                'depth_encoding to 32FC1',
            )
        if self._valid is not None:
            report.values['pixels with depth (%)'] = 100 * self._valid
        if self._valid is not None and self._valid < MIN_VALID:
            report.problem(
                WARN,
                f'{self._valid:.1%} of the pixels have depth: the others are nearer than the '
                "model's range, or under min_confidence",
            )
        self._cut, self._valid = 0.0, None

    def _add_problems(self, report: Report, now: DepthCounters, now_ns: int) -> None:
        silent_ns = now_ns - self._received_ns
        if silent_ns > SILENT_NS:
            report.problem(STALE, f'no spike frame for {silent_ns / SECOND_NS:.1f} s')
        for name, level, meaning in PROBLEMS:
            new = getattr(now, name) - getattr(self._before, name)
            if new:
                report.problem(level, f'{new} {meaning}')
