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

"""Measurements of the depth node between two reports."""

import numpy as np
import numpy.typing as npt

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
from spike_depth_ros.ros.diagnostics import WARN, Report

# Largest tolerated share of pixels beyond the range of 16UC1: a distant background.
MAX_CUT = 0.05
# Tolerated negative latency: clocks of two machines differ by less.
FUTURE_MS = 20.0
# Latency that no queue explains: the stamps come from another clock.
ABSURD_LATENCY_MS = 3_000
# Least share of mapped pixels with depth, and largest share under min_confidence.
MIN_VALID, MAX_UNDER = 0.01, 0.95
FIRING_RATE = 'firing rate'  # of all layers; of one with its name behind


class DepthMeters:
    """Meters of rate, latency, activity, confidence and valid pixels; not safe for threads."""

    def __init__(self, contract: ModelContract, now_ns: int) -> None:
        """Start all meters.

        Args:
            contract: contract of the model.
            now_ns: monotonic time, nanoseconds.
        """
        self._contract = contract
        self._rates = {'input': RateMeter(now_ns), 'output': RateMeter(now_ns)}
        self._latency = LatencyMeter()
        self._activity = ActivityMeter(contract)
        self._confidence = ConfidenceMeter()
        self._last_stamp_ns = 0
        self._cut = 0.0
        self._valid: float | None = None

    def window_in(self) -> None:
        """Count a window received."""
        self._rates['input'].add()

    def window_out(
        self, stamp_ns: int, published_ns: int, events: int, inference: Inference
    ) -> None:
        """Measure a depth image; see DepthReport.window_out."""
        if stamp_ns < self._last_stamp_ns:  # time jumped back
            self._latency.reset()
        self._last_stamp_ns = stamp_ns
        self._rates['output'].add()
        if published_ns:
            self._latency.add(published_ns - stamp_ns)
        self._activity.add(events, inference.firing_rates, inference.mean_spikes)

    def window_held(self) -> None:
        """Count a depth image of an earlier window."""
        self._rates['output'].add()

    def confidence_out(
        self, confidence: Confidence, mapped: npt.NDArray[np.bool_], min_confidence: float
    ) -> None:
        """Measure the confidence of a depth image's mapped pixels; see ConfidenceMeter.add."""
        self._confidence.add(confidence, mapped, min_confidence)

    def depth_out(self, valid: float) -> None:
        """Record the share of a depth image's mapped pixels that have depth, 0 to 1."""
        self._valid = max(valid, self._valid or 0.0)

    def depth_cut(self, share: float) -> None:
        """Record the share of a depth image's pixels that its encoding cannot hold, 0 to 1."""
        self._cut = max(self._cut, share)

    def add_to(self, report: Report, now_ns: int) -> None:
        """Add the measurements to a report, and restart the meters; now_ns: monotonic time."""
        for name, meter in self._rates.items():
            report.values[f'{name} rate (Hz)'] = meter.take(now_ns)
        self._add_latency(report)
        self._add_network(report)
        self._add_confidence(report)
        self._add_valid(report)

    def _add_latency(self, report: Report) -> None:
        median_ms = self._latency.percentile_ms(50)
        report.values['latency median (ms)'] = median_ms
        report.values['latency p99 (ms)'] = self._latency.percentile_ms(99)
        if median_ms > ABSURD_LATENCY_MS:
            report.problem(
                WARN,
                f'depth comes {median_ms / 1e3:.3g} s after its stamp: set the clocks of this '
                "computer and of the cameras' hosts (NTP, PTP), or, if a recording is replayed "
                'with its own stamps or slowly, replay with /clock and set use_sim_time',
            )
        if median_ms < -FUTURE_MS:
            report.problem(
                WARN,
                f'depth comes {-median_ms / 1e3:.3g} s before its stamp: set the clocks of this '
                "computer and of the cameras' hosts (NTP, PTP), or, with use_sim_time, publish "
                'a /clock that shows the time of the events',
            )

    def _add_network(self, report: Report) -> None:
        activity = self._activity.take()
        if activity is not None:
            self._add_firing_rates(report, activity)
            self._add_energy(report, activity)

    def _add_firing_rates(self, report: Report, activity: Activity) -> None:
        rates = activity.firing_rates
        report.values[FIRING_RATE] = sum(rates.values()) / len(rates)
        report.values |= {f'{FIRING_RATE} {layer}': rate for layer, rate in rates.items()}
        if self._contract.analog:
            report.values['layers'] = 'analog: all send in each window, so firing rates are 100 %'
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
