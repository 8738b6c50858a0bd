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

"""Error tables of data sets on small cases, computed by hand."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from spike_depth_ros import metrics
from spike_depth_ros.protocols import Averaged, Errors, protocol

NAN = math.nan


def values(dataset: str, *images: tuple[list[float], list[float], list[int]]) -> dict[str, float]:
    """Return a table's values over images of predicted depth, true depth and events; f B = 20."""
    errors = Errors(protocol(dataset))
    for predicted, truth, events in images:
        errors.add(np.array(predicted), np.array(truth), np.array(events, bool), 20)
    return errors.values()


def test_mvsec_by_hand() -> None:
    # Disparities 20 and 10 (event pixel), 5 and 4, and in a second image 4 and 5.
    found = values('MVSEC', ([1, 4, NAN], [2, 5, 3], [1, 0, 1]), ([5, 9], [4, 0], [0, 1]))
    assert found == pytest.approx(
        {
            'mean depth error (cm)': 100 * (1 + 1 + 1) / 3,
            'at event pixels (cm)': 100,
            'disparity error (px)': (10 + 1 + 1) / 3,
            '1PA (%)': 100 * 2 / 3,
            '1PA at event pixels (%)': 0,
            'coverage (%)': 100 * 3 / 4,
        }
    )


def test_dsec_by_hand() -> None:
    # Disparity errors 10, 1, and 1.5 (8 and 6.5).
    found = values('DSEC', ([1, 4], [2, 5], [0, 0]), ([2.5], [20 / 6.5], [0]))
    assert found == pytest.approx(
        {
            'MAE (px)': 12.5 / 3,
            '1PE (%)': 100 * 2 / 3,
            '2PE (%)': 100 / 3,
            'RMSE (px)': math.sqrt((100 + 1 + 2.25) / 3),
            'coverage (%)': 100,
        }
    )


def test_dense_cuts_the_truth_off() -> None:
    found = values('DENSE', ([8, 18, 26, 90], [10, 15, 30, 80], [0, 0, 0, 0]))
    assert found['to 10 m (m)'] == 2
    assert found['to 20 m (m)'] == 2.5
    assert found['to 30 m (m)'] == 3
    assert found['RMSE (m)'] == pytest.approx(math.sqrt((4 + 9 + 16 + 100) / 4))


@pytest.mark.parametrize('dataset', ['', 'MVSEC', 'DSEC', 'DENSE'])
def test_images_one_after_the_other_give_what_all_give_at_once(dataset: str) -> None:
    random = np.random.default_rng(3)
    predicted, truth = random.uniform(1, 40, (2, 5, 6, 7))
    truth[random.random(truth.shape) < 0.3] = NAN
    has_events = random.random(truth.shape) < 0.4
    single, whole = Errors(protocol(dataset)), Errors(protocol(dataset))
    whole.add(predicted, truth, has_events, 50)
    for image in zip(predicted, truth, has_events, strict=True):
        single.add(*image, 50)
    one, other = single.values(), whole.values()
    for found in (one, other):
        found.pop('SI log', None)
    assert one == pytest.approx(other)


@pytest.mark.parametrize(('averaged', 'expected'), [('pixels', 250), ('images', 200)])
def test_errors_average_over_pixels_or_over_images(averaged: Averaged, expected: float) -> None:
    # An error of 1 m at one pixel, and of 3 m at three.
    errors = Errors(protocol('MVSEC'), averaged)
    for error, pixels in ((1.0, 1), (3.0, 3)):
        truth = np.full(pixels, 2.0)
        errors.add(truth + error, truth, np.ones(pixels, bool), 1)
    assert errors.values()['mean depth error (cm)'] == expected


def test_the_scale_invariant_error_is_that_of_each_image() -> None:
    def pooled(*images: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
        errors = Errors(protocol('DENSE'))
        for predicted, truth in images:
            errors.add(predicted, truth, np.ones(truth.shape, bool), 1)
        return errors.values()['SI log']

    truth = np.array([1.0, 2.0, 4.0])
    assert pooled((2 * truth, truth), (3 * truth, truth)) == pytest.approx(0)
    worse = np.array([1.0, 3.0, 4.0])
    assert pooled((worse, truth)) == pytest.approx(metrics.si_log(worse, truth))


def test_nothing_valid_is_nan() -> None:
    assert all(math.isnan(value) for value in values('DSEC', ([1], [0], [1])).values())
