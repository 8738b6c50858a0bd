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

"""Figures that tell whether a running network is well: rate, latency, activity.

Each meter holds a bounded amount, whatever arrives, and takes the time from its caller.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.units import MS_NS, SECOND_NS

# A minute at 20 Hz: long enough for a 99th percentile, short enough to show a change.
_LATENCIES = 1200

PerLayer = npt.NDArray[np.floating]


class RateMeter:
    """Count things and tell how many came per second since it was last asked."""

    def __init__(self, now_ns: int) -> None:
        self._since_ns = now_ns
        self._count = 0

    def add(self, count: int = 1) -> None:
        """Count some more."""
        self._count += count

    def take(self, now_ns: int) -> float:
        """Return the rate, 1/s, since the last call (0 if no time has passed); start anew."""
        elapsed_ns = now_ns - self._since_ns
        rate = self._count / (elapsed_ns / SECOND_NS) if elapsed_ns > 0 else 0.0
        self._since_ns, self._count = now_ns, 0
        return rate


class LatencyMeter:
    """Keep the latest 1200 latencies and tell their percentiles."""

    def __init__(self) -> None:
        self._latencies_ns: deque[int] = deque(maxlen=_LATENCIES)

    def add(self, latency_ns: int) -> None:
        """Keep one latency, forgetting the oldest when full."""
        self._latencies_ns.append(latency_ns)

    def percentile_ms(self, percent: float) -> float:
        """Return a percentile, milliseconds, interpolated; NaN before the first latency."""
        if not self._latencies_ns:
            return float('nan')
        return float(np.percentile(self._latencies_ns, percent)) / MS_NS

    def reset(self) -> None:
        """Forget everything: time jumped."""
        self._latencies_ns.clear()


@dataclass(frozen=True, slots=True)
class Activity:
    """Hold the mean activity over some windows.

    events: in a window. firing_rates, mean_spikes: by layer, the share of values that are not
    zero and their mean.
    """

    events: float
    firing_rates: dict[str, float]
    mean_spikes: dict[str, float]


class ActivityMeter:
    """Average what goes into a model and on in its layers, between two reports."""

    def __init__(self, contract: ModelContract) -> None:
        self._layers = contract.layers
        self._events = 0
        self._sums = np.zeros((2, len(contract.layers)))
        self._windows = 0

    def add(self, events: int, firing_rates: PerLayer, mean_spikes: PerLayer) -> None:
        """Count one window: its events, and what the layers did, float [L]."""
        self._events += events
        self._sums += firing_rates, mean_spikes
        self._windows += 1

    def take(self) -> Activity | None:
        """Return the mean since the last call, None without any window; start anew."""
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
    """Return a sentence about layers that fire outside their envelope on the validation set.

    A layer that falls silent or saturates says that the input is unlike what the model knows.
    """
    bounds = zip(contract.layers, contract.firing_rate_low, contract.firing_rate_high, strict=True)
    outside = [
        f'{layer} at {rates[layer]:.1%} instead of {low:.1%} to {high:.1%}'
        for layer, low, high in bounds
        if not low <= rates[layer] <= high
    ]
    if not outside:
        return ''
    return (
        f'{len(outside)} of {len(rates)} layers fire as they never did in validation '
        f'({outside[0]}): the events are unlike the training data'
    )
