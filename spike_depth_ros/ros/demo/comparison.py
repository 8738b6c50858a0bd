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
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros import metrics
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.protocols import Errors, protocol
from spike_depth_ros.recordings.truth_view import TrueDepth

Depth = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

# The best constant is the median over every fourth pixel in both directions.
STRIDE = 4
# Edges of the bins of true depth, 0.1 % wide, from 1 cm to 20 km.
BINS_M = np.geomspace(0.01, 20_000.0, 14_512)
# Windows, and true depths, that wait for each other: 2 s at 20 Hz.
MOST_WAITING = 40


@dataclass(frozen=True, slots=True)
class DepthError:
    """Error of the depth against the true depth.

    Args:
        windows: number of windows compared.
        mean_m: mean over the windows of the mean depth error, metres.
        constant_m: mean depth error of the best constant depth, for comparison.
        coverage: share of the pixels with true depth that have depth.
        protocol: errors in the protocol of the data set by name; empty for an unknown one.
    """

    windows: int
    mean_m: float
    constant_m: float
    coverage: float
    protocol: Mapping[str, float]


class Comparison:
    """Comparison of true depth with depth: each image with the nearest window in time."""

    def __init__(
        self,
        truth: TrueDepth,
        dataset: str,
        focal_baseline: float,
        tolerance_ns: int,
        frames: range | None = None,
        nearest_valid_m: float = 0.0,
    ) -> None:
        """Wait for windows and true depth.

        Args:
            truth: stream of the true depth and its view.
            dataset: data set whose protocol is measured, '' for an unknown one.
            focal_baseline: depth in metres times disparity in pixels in the network's image.
            tolerance_ns: largest distance of a true depth's stamp from its window's.
            frames: numbers of the true depths that count, from 0; None: all.
            nearest_valid_m: true depth up to which pixels do not count, metres.
        """
        self._truth = truth
        self._focal_baseline = focal_baseline
        self._in_view = _view_of_disparities(truth)
        self._tolerance_ns = tolerance_ns
        self._frames = frames
        self._nearest_valid_m = nearest_valid_m
        self._number = 0
        self._events: dict[int, Mask] = {}
        self._depths: dict[int, Depth] = {}
        self._truths: dict[int, tuple[Depth, Depth]] = {}  # in its own view, and mapped
        self._errors = Errors(protocol(dataset)) if dataset else None
        self._means = _Mean()
        self._coverages = _Mean()
        self._counts = np.zeros(len(BINS_M) + 1, np.int64)

    def add_events(self, stamp_ns: int, has_events: Mask) -> None:
        """Add the pixels of a window that have events, bool [h, w]."""
        _add(self._events, stamp_ns, has_events)

    def add_depth(self, stamp_ns: int, depth: Depth) -> None:
        """Add the depth of a window, float32 [h, w], metres."""
        _add(self._depths, stamp_ns, depth)
        self._compare(before_ns=stamp_ns - self._tolerance_ns)

    def add_truth(self, stamp_ns: int, depth: Depth) -> Depth:
        """Add true depth in its own view, metres; return it in the network's image.

        Raises ValueError for another size than the view's.
        """
        depth = np.where(depth > self._nearest_valid_m, depth, np.float32(np.nan))
        mapped = self._truth.view.to_network(depth)
        if self._frames is None or self._number in self._frames:
            _add(self._truths, stamp_ns, (depth if self._in_view else mapped, mapped))
        self._number += 1
        return mapped

    def result(self) -> DepthError | None:
        """Compare what waits; return the error, None if no window could be compared."""
        self._compare(before_ns=None)
        if not self._means.count:
            return None
        return DepthError(
            windows=self._means.count,
            mean_m=self._means.value,
            constant_m=_constant_error(self._counts),
            coverage=self._coverages.value,
            protocol=self._errors.values() if self._errors else {},
        )

    def _compare(self, before_ns: int | None) -> None:
        """Compare the true depths before a time: no nearer window will come."""
        for truth_ns in sorted(self._truths):
            if before_ns is not None and truth_ns >= before_ns:
                return
            truth = self._truths.pop(truth_ns)
            nearest = min(self._depths, key=lambda stamp: abs(stamp - truth_ns), default=None)
            if nearest is not None and abs(nearest - truth_ns) <= self._tolerance_ns:
                self._measure(self._depths[nearest], *truth, self._events.get(nearest))

    def _measure(
        self, predicted: Depth, truth: Depth, mapped: Depth, has_events: Mask | None
    ) -> None:
        events = np.zeros(predicted.shape, np.bool_) if has_events is None else has_events
        self._means.add(metrics.mean_depth_error(predicted, mapped))
        self._coverages.add(metrics.coverage(predicted, mapped))
        samples = mapped[::STRIDE, ::STRIDE]
        known = samples[np.isfinite(samples) & (samples > 0)]
        bins = np.searchsorted(BINS_M, known)
        self._counts += np.bincount(bins, minlength=len(self._counts))
        if self._errors is None:
            return
        if self._in_view:
            view, focal_baseline = self._in_view
            in_view = view.to_view(predicted), truth, view.mask_to_view(events)
            self._errors.add(*in_view, focal_baseline)
        else:
            self._errors.add(predicted, mapped, events, self._focal_baseline)


def _view_of_disparities(truth: TrueDepth) -> tuple[RectifiedView, float] | None:
    """Return the view in which a file of disparities is compared, and depth times disparity.

    None for a file of depths, which is compared in the network's image.
    """
    view, focal_baseline = truth.view, truth.stream.disparity_focal_baseline
    return (view, focal_baseline) if focal_baseline and isinstance(view, RectifiedView) else None


class _Mean:
    """Mean of the numbers added, without NaN."""

    def __init__(self) -> None:
        self._sum, self.count = 0.0, 0

    def add(self, value: float) -> None:
        if np.isfinite(value):
            self._sum, self.count = self._sum + value, self.count + 1

    @property
    def value(self) -> float:
        return self._sum / self.count if self.count else nan


def _add(waiting: dict[int, Any], stamp_ns: int, item: Any) -> None:
    """Add an item; the oldest of MOST_WAITING makes room."""
    waiting[stamp_ns] = item
    if len(waiting) > MOST_WAITING:
        del waiting[next(iter(waiting))]


def _constant_error(counts: npt.NDArray[np.int64]) -> float:
    """Return the mean depth error of the median, metres, from the counts of the bins."""
    centres = np.concatenate([BINS_M[:1], np.sqrt(BINS_M[:-1] * BINS_M[1:]), BINS_M[-1:]])
    if not counts.any():
        return nan
    half = (counts.sum() + 1) // 2
    median = centres[int(np.searchsorted(np.cumsum(counts), half))]
    return float(np.sum(counts * np.abs(centres - median)) / counts.sum())
