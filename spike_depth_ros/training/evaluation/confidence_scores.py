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

"""Scores of confidence, the probability that depth is within 10 % of the truth."""

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.training.evaluation.sequence_truth import AGES_MS
from spike_depth_ros.training.networks.posterior import CONFIDENT

Depth = NDArray[np.float32]
Confidence = NDArray[np.float32]

BRIER, AUC = 'Brier score', 'AUC'
PARTS = 5
BINS = 1000  # of confidence, of equal width


class ConfidenceScores:
    """Confidence against right and wrong depth, added window by window.

    Brier score: mean squared difference of confidence from 1 where depth is right, 0 where it is
    wrong (Brier 1950). AUC: probability that a right pixel has more confidence than a wrong one.
    Fifths: five equal parts of the pixels, by confidence.
    """

    def __init__(self) -> None:
        # Columns: number of pixels, sum of confidence, number of right pixels.
        self._bins = np.zeros((BINS, 3))
        self._ages = np.zeros((len(AGES_MS), 3))
        self._squares = 0.0

    def add(
        self,
        depth: Depth,
        confidence: Confidence,
        truth: Depth,
        age: NDArray[np.int8] | None = None,
    ) -> None:
        """Add windows; pixels of unknown depth are left out.

        Args:
            depth: predicted depth, float32 of any shape, metres.
            confidence: float32 of the same shape.
            truth: true depth, float32 of the same shape, metres; NaN where unknown.
            age: class of AGES_MS by the age of the pixel's last event, of the same shape.
        """
        known = np.isfinite(truth) & np.isfinite(depth)
        sure = confidence[known].astype(np.float64)
        right = np.abs(np.log(depth[known] / truth[known])) <= np.log(CONFIDENT)
        self._squares += float(((sure - right) ** 2).sum())
        _count(self._bins, (sure * BINS).astype(np.int64).clip(0, BINS - 1), sure, right)
        if age is not None:
            some = age[known] >= 0
            _count(self._ages, age[known][some].astype(np.int64), sure[some], right[some])

    def values(self) -> dict[str, float]:
        """Return all scores by name; NaN without pixels."""
        pixels, _, right = self._bins.T
        wrong = pixels - right
        before = np.cumsum(wrong) - wrong
        with np.errstate(invalid='ignore', divide='ignore'):
            brier = np.float64(self._squares) / pixels.sum()
            auc = (right * (before + wrong / 2)).sum() / (right.sum() * wrong.sum())
        return {BRIER: float(brier), AUC: float(auc), **self._fifths(), **self._by_age()}

    def _fifths(self) -> dict[str, float]:
        cumulative = np.concatenate([np.zeros((1, 3)), np.cumsum(self._bins, 0)])
        ends = cumulative[-1, 0] * np.arange(PARTS + 1) / PARTS
        sums = [np.diff(np.interp(ends, cumulative[:, 0], column)) for column in cumulative.T]
        return _means(np.stack(sums, 1), [fifth(number) for number in range(PARTS)])

    def _by_age(self) -> dict[str, float]:
        return _means(self._ages, [f'at {age} ms' for age in AGES_MS])


def fifth(number: int) -> str:
    """Return the name of a fifth of the pixels, from 0."""
    return f'fifth {number + 1}'


def mean_name(part: str) -> str:
    """Return the name of the mean confidence of a part of the pixels."""
    return f'{part}: mean confidence'


def right_name(part: str) -> str:
    """Return the name of the share of right depth in a part of the pixels."""
    return f'{part}: share right'


def _count(
    table: NDArray[np.float64],
    rows: NDArray[np.int64],
    sure: NDArray[np.float64],
    right: NDArray[np.bool_],
) -> None:
    for column, weights in enumerate((None, sure, right)):
        table[:, column] += np.bincount(rows, weights, len(table))


def _means(sums: NDArray[np.float64], parts: list[str]) -> dict[str, float]:
    found = {}
    with np.errstate(invalid='ignore', divide='ignore'):
        for part, (pixels, sure, right) in zip(parts, sums, strict=True):
            found[mean_name(part)] = float(sure / pixels)
            found[right_name(part)] = float(right / pixels)
    return found
