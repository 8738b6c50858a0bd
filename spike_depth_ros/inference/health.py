"""Figures that tell whether a running network is well: rate, latency, firing rates.

Each meter holds a bounded amount, whatever arrives, and takes the time from its caller.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.contract import ModelContract

_SECOND_NS = 1e9
_MILLISECOND_NS = 1e6
# A minute at 20 Hz: long enough for a 99th percentile, short enough to show a change.
_LATENCIES = 1200

Rates = npt.NDArray[np.floating]


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
        rate = self._count / (elapsed_ns / _SECOND_NS) if elapsed_ns > 0 else 0.0
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
        return float(np.percentile(self._latencies_ns, percent)) / _MILLISECOND_NS

    def reset(self) -> None:
        """Forget everything: time jumped."""
        self._latencies_ns.clear()


class FiringMeter:
    """Average the firing rates of a model's layers between two reports."""

    def __init__(self, contract: ModelContract) -> None:
        self._contract = contract
        self._sum = np.zeros(len(contract.layers))
        self._frames = 0

    def add(self, firing_rates: Rates) -> None:
        """Count the firing rates, float [L], of one inference."""
        self._sum += firing_rates
        self._frames += 1

    def take(self) -> dict[str, float] | None:
        """Return each layer's mean rate since the last call, None without any; start anew."""
        if not self._frames:
            return None
        means = dict(zip(self._contract.layers, (self._sum / self._frames).tolist(), strict=True))
        self._sum[:], self._frames = 0, 0
        return means


def outside_envelope(contract: ModelContract, rates: dict[str, float]) -> list[str]:
    """Return a sentence for each layer that fires outside its envelope on the validation set.

    A layer that falls silent or saturates says that the input is unlike what the model knows.
    """
    bounds = zip(contract.layers, contract.firing_rate_low, contract.firing_rate_high, strict=True)
    return [
        f'Layer {layer} fires at {rates[layer]:.1%}, but fired at {low:.1%} to {high:.1%} in '
        f'validation: the input is unlike the training data.'
        for layer, low, high in bounds
        if not low <= rates[layer] <= high
    ]
