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

"""Meters of a running network: rate, latency, activity.

Each meter has bounded memory and takes the time from its caller.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.units import MS_NS, SECOND_NS

# A minute at 20 Hz: long enough for a 99th percentile, short enough to show a change.
MARGIN = 0.1  # of the ends of an envelope
_LATENCIES = 1200

PerLayer = npt.NDArray[np.floating]


class RateMeter:
    """Rate of events such as windows, per second since the previous call of `take`."""

    def __init__(self, now_ns: int) -> None:
        self._since_ns = now_ns
        self._count = 0

    def add(self, count: int = 1) -> None:
        """Add to the count."""
        self._count += count

    def take(self, now_ns: int) -> float:
        """Return the rate, 1/s, since the previous call (0 if no time has passed), and reset."""
        elapsed_ns = now_ns - self._since_ns
        rate = self._count / (elapsed_ns / SECOND_NS) if elapsed_ns > 0 else 0.0
        self._since_ns, self._count = now_ns, 0
        return rate


class LatencyMeter:
    """Percentiles of the latest 1200 latencies."""

    def __init__(self) -> None:
        self._latencies_ns: deque[int] = deque(maxlen=_LATENCIES)

    def add(self, latency_ns: int) -> None:
        """Add one latency; the oldest of 1200 is dropped."""
        self._latencies_ns.append(latency_ns)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile, milliseconds, interpolated; NaN before the first latency."""
        if not self._latencies_ns:
            return float('nan')
        return float(np.percentile(self._latencies_ns, percent)) / MS_NS

    def reset(self) -> None:
        """Drop all latencies, after a time jump."""
        self._latencies_ns.clear()


@dataclass(frozen=True, slots=True)
class Activity:
    """Mean activity over some windows.

    Attributes:
        events: events per window.
        firing_rates: non-zero share of each layer's output, by layer name.
        mean_spikes: mean of each layer's output, by layer name.
    """

    events: float
    firing_rates: dict[str, float]
    mean_spikes: dict[str, float]


class ActivityMeter:
    """Average events and layer activity over the windows between two reports."""

    def __init__(self, contract: ModelContract) -> None:
        self._layers = contract.layers
        self._events = 0
        self._sums = np.zeros((2, len(contract.layers)))
        self._windows = 0

    def add(self, events: int, firing_rates: PerLayer, mean_spikes: PerLayer) -> None:
        """Add one window, unless its activity was not computed.

        Args:
            events: number of events.
            firing_rates, mean_spikes: float [L], or [0] if they were not computed.
        """
        if not len(firing_rates):
            return
        self._events += events
        self._sums += firing_rates, mean_spikes
        self._windows += 1

    def take(self) -> Activity | None:
        """Return the mean since the previous call, None without a window, and reset."""
        if not self._windows:
            return None
        rates, spikes = (
            dict(zip(self._layers, means, strict=True))
            for means in (self._sums / self._windows).tolist()
        )
        activity = Activity(self._events / self._windows, rates, spikes)
        self._sums[:], self._events, self._windows = 0, 0, 0
        return activity


def outside_envelope(contract: ModelContract, rates: dict[str, float]) -> str:
    """Return a sentence about layers that fire outside their validation envelope, or ''.

    A layer that falls silent or saturates is a sign of input unlike the training data. The
    envelope is of some hundred windows: others exceed it by a little.
    """
    bounds = zip(contract.layers, contract.firing_rate_low, contract.firing_rate_high, strict=True)
    outside = [
        f'{layer} at {rates[layer]:.1%} instead of {low:.1%} to {high:.1%}'
        for layer, low, high in bounds
        if not (1 - MARGIN) * low <= rates[layer] <= (1 + MARGIN) * high
    ]
    if not outside:
        return ''
    return (
        f'{len(outside)} of {len(rates)} layers fire as they never did in validation '
        f'({outside[0]}): the events are unlike the training data'
    )
