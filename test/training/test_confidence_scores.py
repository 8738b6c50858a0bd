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

"""Scores of confidence by hand."""

import math

import numpy as np
import pytest

from spike_depth_ros.training.evaluation.confidence_scores import (
    AUC,
    BRIER,
    ConfidenceScores,
    mean_name,
    right_name,
)

TRUTH = np.ones(10, np.float32)
DEPTH = np.array([2.0] * 4 + [1.0] * 6, np.float32)  # the first four are wrong
SURE = np.linspace(0.1, 1.0, 10, dtype=np.float32)


def test_fifths_by_hand() -> None:
    scores = ConfidenceScores()
    scores.add(DEPTH, SURE, TRUTH)
    values = scores.values()
    assert [values[right_name(f'fifth {n}')] for n in range(1, 6)] == [0, 0, 1, 1, 1]
    assert values[mean_name('fifth 1')] == pytest.approx(0.15)
    assert values[mean_name('fifth 5')] == pytest.approx(0.95)


def test_brier_score_and_auc_by_hand() -> None:
    scores = ConfidenceScores()
    depth, sure = np.array([1.05, 1.2, 1.0], np.float32), np.array([0.9, 0.5, 0.3], np.float32)
    for one in range(3):  # window by window
        scores.add(depth[one : one + 1], sure[one : one + 1], TRUTH[:1])
    values = scores.values()
    assert values[BRIER] == pytest.approx((0.1**2 + 0.5**2 + 0.7**2) / 3)
    assert values[AUC] == 0.5  # the wrong pixel is below one right pixel, and above the other


def test_confidence_by_age_leaves_out_what_is_unknown() -> None:
    scores = ConfidenceScores()
    age = np.array([0] * 4 + [2] * 4 + [-1] * 2, np.int8)
    truth = TRUTH.copy()
    truth[7] = np.nan
    scores.add(DEPTH, SURE, truth, age)
    values = scores.values()
    assert (values[right_name('at 0 ms')], values[right_name('at 100 ms')]) == (0, 1)
    assert values[mean_name('at 100 ms')] == pytest.approx(0.6)
    assert math.isnan(values[mean_name('at 800 ms')])


def test_confidence_that_says_nothing_has_an_auc_of_a_half() -> None:
    scores = ConfidenceScores()
    scores.add(DEPTH, np.full(10, 0.6, np.float32), TRUTH)
    values = scores.values()
    assert values[AUC] == 0.5
    assert values[right_name('fifth 1')] == pytest.approx(0.6)  # a part of one bin


def test_scores_of_nothing_are_nan() -> None:
    assert all(math.isnan(value) for value in ConfidenceScores().values().values())
