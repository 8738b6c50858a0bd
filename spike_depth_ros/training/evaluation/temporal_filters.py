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

"""Temporal filters on depth, which models with memory are compared with.

Both filters work on each pixel by itself. Their strengths are for windows that do not overlap;
where windows overlap, a window has a share of new events, and a smaller weight.
"""

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.training.networks.posterior import CONFIDENT

Depth = NDArray[np.float32]
Confidence = NDArray[np.float32]
Values = NDArray[np.floating]

HISTORY = 8  # windows
# A confidence of 0 or 1 would have an infinite or no spread.
SURELY_WRONG, SURELY_RIGHT = 1e-3, 1 - 1e-6


class DepthFilter(Protocol):
    """Filter of the depth of consecutive windows."""

    def filtered(
        self, depth: Depth, confidence: Confidence | None, elapsed_ms: float | None
    ) -> Depth:
        """Return the filtered depth of a window, float32 [h, w], metres; NaN where missing.

        Args:
            depth: depth of the window, float32 [h, w], metres; NaN where missing.
            confidence: its confidence, float32 [h, w]; None without one.
            elapsed_ms: time since the end of the window before, ms; None forgets it.
        """
        ...


class RecursiveFilter:
    """Kalman filter of log depth: a random walk, measured with a variance from the confidence.

    Confidence c is the probability of an error under 10 %. Errors of log depth have a Laplace
    distribution of spread s, so c = 1 - 1.1^(-1/s), and their variance is 2 s^2.

    Args:
        noise: standard deviation by which log depth wanders within a window.
        window_ms: length of a window, ms.
    """

    def __init__(self, noise: float = 0.3, window_ms: float = 50.0) -> None:
        self._noise, self._window_ms = noise, window_ms
        self._state: tuple[Values, Values] | None = None

    def filtered(
        self, depth: Depth, confidence: Confidence | None, elapsed_ms: float | None
    ) -> Depth:
        """Return filtered depth; see DepthFilter. Raises ValueError without confidence."""
        if confidence is None:
            raise ValueError('The recursive filter needs the confidence of a model.')
        measured, variance = np.log(depth), _variance(confidence)
        if self._state is None or elapsed_ms is None:
            self._state = measured, variance
            return depth
        level, spread = self._state
        windows = elapsed_ms / self._window_ms
        spread = spread + np.float32(self._noise**2 * windows)
        gain = spread / (spread + variance / np.float32(min(1.0, windows)))
        level = level + gain * (measured - level)
        self._state = level, (1 - gain) * spread
        filtered: Depth = np.exp(level).astype(np.float32)
        return filtered


def _variance(confidence: Confidence) -> Values:
    sure = confidence.clip(SURELY_WRONG, SURELY_RIGHT)
    spread = np.float32(math.log(CONFIDENT)) / -np.log1p(-sure)
    variance: Values = 2 * spread**2
    return variance


class ExponentialFilter:
    """Exponential average of disparity with a threshold and persistence.

    It does what the temporal filter of Intel's RealSense SDK does, with its defaults: alpha 0.4, a
    threshold of 20 steps of 1/32 px, and the last value for a missing one whose pixel was valid in
    2 of the last 4 windows (librealsense 2, "Post-Processing Filters", Temporal filter). A larger
    change than the threshold replaces the average, and begins a new history.

    Args:
        focal_baseline: depth in metres times disparity in pixels.
        alpha: weight of a new window that does not overlap with the one before, 0 to 1.
        threshold_px: change of disparity from which on it is a new surface, pixels.
        valid, of: number of valid windows among the last ones (at most 8) that lets the last value
            stand for a missing one.
        window_ms: length of a window, ms.
    """

    def __init__(
        self,
        focal_baseline: float,
        alpha: float = 0.4,
        threshold_px: float = 20 / 32,
        valid: int = 2,
        of: int = 4,
        window_ms: float = 50.0,
    ) -> None:
        self._focal_baseline, self._alpha = focal_baseline, alpha
        self._threshold_px, self._valid, self._of = threshold_px, valid, of
        self._window_ms = window_ms
        self._average: Depth = np.zeros((0, 0), np.float32)
        self._history = np.zeros((HISTORY, 0, 0), np.bool_)  # the last window first

    def filtered(
        self, depth: Depth, confidence: Confidence | None, elapsed_ms: float | None
    ) -> Depth:
        """Return filtered depth; see DepthFilter. Confidence is not used."""
        disparity = np.float32(self._focal_baseline) / depth
        present = np.isfinite(disparity)
        if elapsed_ms is None or self._average.shape != depth.shape:
            self._average = np.full(depth.shape, np.nan, np.float32)
            self._history = np.zeros((HISTORY, *depth.shape), np.bool_)
            elapsed_ms = self._window_ms
        agrees = np.abs(disparity - self._average) < self._threshold_px
        weight = 1 - (1 - self._alpha) ** (elapsed_ms / self._window_ms)
        smooth = self._average + np.float32(weight) * (disparity - self._average)
        current = np.where(agrees, smooth, disparity)
        persists = ~present & (self._history[: self._of].sum(0) >= self._valid)
        found = np.where(persists, self._average, current)
        self._average = np.where(present, current, self._average)
        self._history[:, present & ~agrees] = False
        self._history = np.concatenate([present[None], self._history[:-1]])
        return (np.float32(self._focal_baseline) / found).astype(np.float32)
