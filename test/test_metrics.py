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

"""Depth metrics on small cases, computed by hand."""

import math
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros import metrics

NAN = math.nan
PAIR_METRICS = [
    metrics.mean_depth_error,
    metrics.median_depth_error,
    metrics.abs_rel,
    metrics.sq_rel,
    metrics.rmse,
    metrics.rmse_log,
    metrics.si_log,
    metrics.delta1,
    metrics.delta2,
    metrics.delta3,
    metrics.coverage,
    partial(metrics.mean_disparity_error, focal_baseline=20.0),
    partial(metrics.pixel_accuracy, focal_baseline=20.0, within_px=1.0),
    partial(metrics.rmse_disparity, focal_baseline=20.0),
    partial(metrics.bad_pixels, focal_baseline=20.0, over_px=1.0),
]

# Valid pairs: (2, 1), (4, 4), (3, 4). The truth of 1 m in the middle has no valid prediction.
PREDICTED = np.array([[2.0, 4.0, 3.0, NAN], [9.0, 9.0, 9.0, np.inf]], dtype=np.float32)
TRUTH = np.array([[1.0, 4.0, 4.0, 1.0], [0.0, NAN, np.inf, 1.0]], dtype=np.float32)


def test_running_mean() -> None:
    mean = metrics.RunningMean()
    assert math.isnan(mean.value)
    mean.add(np.array([0.1, NAN, 0.2]))
    mean.add(0.6)
    mean.add(NAN)
    assert mean.value == pytest.approx(0.3) and mean.count == 3


def test_by_hand() -> None:
    assert metrics.mean_depth_error(PREDICTED, TRUTH) == pytest.approx((1 + 0 + 1) / 3)
    assert metrics.median_depth_error(PREDICTED, TRUTH) == 1.0
    assert metrics.abs_rel(PREDICTED, TRUTH) == pytest.approx((1 + 0 + 0.25) / 3)
    assert metrics.delta1(PREDICTED, TRUTH) == pytest.approx(1 / 3)
    assert metrics.sq_rel(PREDICTED, TRUTH) == pytest.approx((1 + 0 + 0.25) / 3)
    assert metrics.rmse(PREDICTED, TRUTH) == pytest.approx(math.sqrt((1 + 0 + 1) / 3))
    assert metrics.delta2(PREDICTED, TRUTH) == pytest.approx(2 / 3)
    assert metrics.delta3(PREDICTED, TRUTH) == pytest.approx(2 / 3)
    assert metrics.coverage(PREDICTED, TRUTH) == pytest.approx(3 / 5)
    assert metrics.best_constant(TRUTH) == 1.0


def test_logarithmic_errors_by_hand() -> None:
    predicted, truth = np.array([math.e, 4.0]), np.array([1.0, 4.0])
    assert metrics.rmse_log(predicted, truth) == pytest.approx(math.sqrt(1 / 2))
    assert metrics.si_log(predicted, truth) == pytest.approx(1 / 2)
    assert metrics.si_log(3 * truth, truth) == pytest.approx(0)
    assert metrics.rmse_log(3 * truth, truth) == pytest.approx(math.log(3))


def test_disparity_by_hand() -> None:
    # f * B = 20: disparities 20 and 10, 5 and 4, 4 and 5
    predicted, truth = np.array([1.0, 4.0, 5.0]), np.array([2.0, 5.0, 4.0])
    assert metrics.mean_disparity_error(predicted, truth, 20) == pytest.approx((10 + 1 + 1) / 3)
    assert metrics.pixel_accuracy(predicted, truth, 20, within_px=1) == pytest.approx(2 / 3)
    assert metrics.pixel_accuracy(predicted, truth, 20, within_px=10) == 1
    assert metrics.bad_pixels(predicted, truth, 20, over_px=1) == pytest.approx(1 / 3)
    root = metrics.rmse_disparity(predicted, truth, 20)
    assert root == pytest.approx(math.sqrt((100 + 1 + 1) / 3))
    near = metrics.mean_disparity_error(predicted, truth, 20, mask=truth <= 2)
    assert near == pytest.approx(10)


def test_mask_takes_pixels_out() -> None:
    mask = np.zeros(TRUTH.shape, dtype=bool)
    mask[0, 2] = True
    assert metrics.mean_depth_error(PREDICTED, TRUTH, mask) == 1.0
    assert metrics.abs_rel(PREDICTED, TRUTH, mask) == 0.25
    assert metrics.coverage(PREDICTED, TRUTH, mask) == 1.0
    assert metrics.best_constant(TRUTH, mask) == 4.0


def test_zero_and_negative_predictions_are_not_depth() -> None:
    predicted = np.array([0.0, -1.0, 2.0])
    truth = np.array([1.0, 1.0, 1.0])
    assert metrics.mean_depth_error(predicted, truth) == 1.0
    assert metrics.delta1(predicted, truth) == 0.0
    assert metrics.coverage(predicted, truth) == pytest.approx(1 / 3)


@pytest.mark.parametrize('metric', PAIR_METRICS)
def test_nothing_valid_is_nan(metric: Callable[..., float]) -> None:
    nothing = np.full((2, 2), NAN)
    assert math.isnan(metric(nothing, nothing))


def test_best_constant_of_nothing_is_nan() -> None:
    assert math.isnan(metrics.best_constant(np.zeros(3)))


@pytest.mark.parametrize('metric', PAIR_METRICS)
def test_shapes_must_agree(metric: Callable[..., float]) -> None:
    with pytest.raises(ValueError, match=r'shape \(3,\), but the truth has \(1, 3\)'):
        metric(np.ones(3), np.ones((1, 3)))
    with pytest.raises(ValueError, match=r'The mask has shape \(2,\)'):
        metric(np.ones(3), np.ones(3), mask=np.ones(2, dtype=bool))


@given(st.lists(st.floats(0.1, 100), min_size=1, max_size=9), st.floats(0.1, 100))
def test_no_constant_beats_the_best(truth: list[float], other: float) -> None:
    true = np.array(truth)
    best = np.full_like(true, metrics.best_constant(true))
    rival = np.full_like(true, other)
    least = metrics.mean_depth_error(best, true)
    assert least <= metrics.mean_depth_error(rival, true) + 1e-9
