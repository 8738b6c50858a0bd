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

"""Errors of a run's depth against the true depth, image by image, in constant memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
import numpy.typing as npt

from spike_depth_ros import metrics
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.protocols import Errors, protocol
from spike_depth_ros.recordings.truth_view import TrueDepth
from spike_depth_ros.ros.demo.window_store import StoredWindow
from spike_depth_ros.temporal_metrics import flicker
from spike_depth_ros.units import MS_NS

Depth = npt.NDArray[np.float32]

# The best constant is the median over every fourth pixel in both directions.
STRIDE = 4
# Largest share of the time between two true depths by which their windows are nearer or further.
MISFIT = 0.1
# Edges of the bins of true depth, 0.1 % wide, from 1 cm to 20 km.
BINS_M = np.geomspace(0.01, 20_000.0, 14_512)


@dataclass(frozen=True, slots=True)
class DepthError:
    """Error of the depth against the true depth.

    Args:
        windows: number of true depths compared, each with a window.
        truths: number of true depths that were to be compared.
        distance_ms: largest time between a true depth and the end of its window, milliseconds.
        mean_m: mean over the windows of the mean depth error, metres.
        constant_m: mean depth error of the best constant depth, for comparison.
        coverage: share of the pixels with true depth that have depth.
        flicker: mean change of log depth beyond the truth's from one window to the next; NaN
            without two windows in a row that are as far apart as their true depths.
        protocol: errors in the protocol of the data set by name; empty for an unknown one.
    """

    windows: int
    truths: int
    distance_ms: float
    mean_m: float
    constant_m: float
    coverage: float
    flicker: float
    protocol: Mapping[str, float]


class Comparison:
    """Comparison of true depth with the depth of windows."""

    def __init__(
        self,
        truth: TrueDepth,
        dataset: str,
        focal_baseline: float,
        hop_ns: int,
        nearest_valid_m: float = 0.0,
    ) -> None:
        """Start all means.

        Args:
            truth: stream of the true depth and its view.
            dataset: data set whose protocol is measured, '' for an unknown one.
            focal_baseline: depth in metres times disparity in pixels in the network's image.
            hop_ns: time from one window to the next, nanoseconds.
            nearest_valid_m: true depth up to which pixels do not count, metres.
        """
        self._truth = truth
        self._focal_baseline = focal_baseline
        self._hop_ns = hop_ns
        self._in_view = _view_of_disparities(truth)
        self._nearest_valid_m = nearest_valid_m
        self._errors = Errors(protocol(dataset)) if dataset else None
        self._means = metrics.RunningMean()
        self._coverages = metrics.RunningMean()
        self._flicker = metrics.RunningMean()
        # Stamps of window and true depth, and both depths.
        self._before: tuple[int, int, Depth, Depth] | None = None
        self._truths = self._distance_ns = 0
        self._counts = np.zeros(len(BINS_M) + 1, np.int64)

    def to_network(self, truth: Depth) -> Depth:
        """Return true depth of its own view in the network's image, metres.

        Raises ValueError for another size than the view's.
        """
        return self._truth.view.to_network(self._valid(truth))

    def expect(self) -> None:
        """Count a true depth that is to be compared, whether a window is at its time or not."""
        self._truths += 1

    def add(self, window: StoredWindow, truth_ns: int, truth: Depth, mapped: Depth) -> None:
        """Compare a window that has depth; call it in the order of the windows' stamps.

        Args:
            window: the window.
            truth_ns: time of the true depth, nanoseconds, by the clock of the window's stamp.
            truth: true depth in its own view, float32, metres.
            mapped: the same in the network's image; see to_network.
        """
        predicted = window.depth
        assert predicted is not None
        self._means.add(metrics.mean_depth_error(predicted, mapped))
        self._coverages.add(metrics.coverage(predicted, mapped))
        self._distance_ns = max(self._distance_ns, abs(window.stamp_ns - truth_ns))
        self._add_flicker((window.stamp_ns, truth_ns), predicted, mapped)
        samples = mapped[::STRIDE, ::STRIDE]
        known = samples[np.isfinite(samples) & (samples > 0)]
        bins = np.searchsorted(BINS_M, known)
        self._counts += np.bincount(bins, minlength=len(self._counts))
        if self._errors is None:
            return
        if self._in_view:
            view, focal_baseline = self._in_view
            in_view = view.to_view(predicted), self._valid(truth)
            self._errors.add(*in_view, view.mask_to_view(window.has_events), focal_baseline)
        else:
            self._errors.add(predicted, mapped, window.has_events, self._focal_baseline)

    def result(self) -> DepthError | None:
        """Return the error, None if no window was compared."""
        if not self._means.count:
            return None
        return DepthError(
            windows=self._means.count,
            truths=self._truths,
            distance_ms=self._distance_ns / MS_NS,
            mean_m=self._means.value,
            constant_m=_constant_error(self._counts),
            coverage=self._coverages.value,
            flicker=self._flicker.value,
            protocol=self._errors.values() if self._errors else {},
        )

    def _add_flicker(self, times_ns: tuple[int, int], predicted: Depth, mapped: Depth) -> None:
        """Measure the change since the window before; of two true depths the first counts.

        Args:
            times_ns: stamps of the window and of the true depth.
            predicted, mapped: depth of the window, and the true one.
        """
        stamp_ns, truth_ns = times_ns
        if self._before is not None:
            before_ns, truth_before_ns, *before = self._before
            if stamp_ns == before_ns:
                return
            apart_ns, true_ns = stamp_ns - before_ns, truth_ns - truth_before_ns
            fits = abs(apart_ns - true_ns) <= MISFIT * true_ns
            if fits and apart_ns < 1.5 * self._hop_ns:
                self._flicker.add(flicker(predicted, before[0], mapped, before[1]))
        self._before = stamp_ns, truth_ns, predicted, mapped

    def _valid(self, truth: Depth) -> Depth:
        """Return true depth with NaN up to nearest_valid_m."""
        return np.where(truth > self._nearest_valid_m, truth, np.float32(np.nan))


def _view_of_disparities(truth: TrueDepth) -> tuple[RectifiedView, float] | None:
    """Return the view in which a file of disparities is compared, and depth times disparity.

    None for a file of depths, which is compared in the network's image.
    """
    view, focal_baseline = truth.view, truth.stream.disparity_focal_baseline
    return (view, focal_baseline) if focal_baseline and isinstance(view, RectifiedView) else None


def _constant_error(counts: npt.NDArray[np.int64]) -> float:
    """Return the mean depth error of the median, metres, from the counts of the bins."""
    centres = np.concatenate([BINS_M[:1], np.sqrt(BINS_M[:-1] * BINS_M[1:]), BINS_M[-1:]])
    if not counts.any():
        return nan
    half = (counts.sum() + 1) // 2
    median = centres[int(np.searchsorted(np.cumsum(counts), half))]
    return float(np.sum(counts * np.abs(centres - median)) / counts.sum())
