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

"""Temporal filters by hand."""

import numpy as np
import pytest

from spike_depth_ros.training.evaluation.temporal_filters import (
    ExponentialFilter,
    RecursiveFilter,
)

NAN = np.nan


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def sure(confidence: float) -> np.ndarray:
    return row(confidence)


def test_the_recursive_filter_weighs_by_variance() -> None:
    one = RecursiveFilter(noise=0.0)
    assert one.filtered(row(1), sure(0.5), None) == pytest.approx(1)
    # Without a walk and with equal confidence, log depth is the mean of all windows.
    assert one.filtered(row(np.exp(1)), sure(0.5), 50.0) == pytest.approx(np.exp(1 / 2))
    assert one.filtered(row(np.exp(1)), sure(0.5), 50.0) == pytest.approx(np.exp(2 / 3))
    assert one.filtered(row(5), sure(0.5), None) == pytest.approx(5)


def test_the_recursive_filter_takes_its_variance_from_the_confidence() -> None:
    # Spread s = log 1.1 / log 2 for a confidence of 1/2: P = 2 s^2, and then P + q^2.
    variance = 2 * (np.log(1.1) / np.log(2)) ** 2
    one = RecursiveFilter(noise=0.2)
    one.filtered(row(1), sure(0.5), None)
    gain = (variance + 0.04) / (2 * variance + 0.04)
    assert one.filtered(row(np.exp(1)), sure(0.5), 50.0) == pytest.approx(np.exp(gain), rel=1e-5)
    assert one.filtered(row(9), sure(1e-6), 50.0) == pytest.approx(np.exp(gain), rel=1e-3)


def test_overlapping_windows_count_for_their_new_part() -> None:
    long, short = RecursiveFilter(noise=0.0), RecursiveFilter(noise=0.0)
    long.filtered(row(1), sure(0.5), None)
    expected = long.filtered(row(2), sure(0.5), 50.0)
    short.filtered(row(1), sure(0.5), None)
    for _ in range(5):
        found = short.filtered(row(2), sure(0.5), 10.0)
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_recursive_filter_needs_confidence() -> None:
    with pytest.raises(ValueError, match='confidence'):
        RecursiveFilter().filtered(row(1), None, None)


def test_the_exponential_filter_averages_disparity_under_the_threshold() -> None:
    one = ExponentialFilter(12.0, alpha=0.5, threshold_px=1.5)
    one.filtered(row(2, 2), None, None)  # 6 px
    found = one.filtered(row(12 / 5, 12 / 4), None, 50.0)  # 1 px and 2 px less
    assert found[0].tolist() == pytest.approx([12 / 5.5, 12 / 4])
    half = one.filtered(row(12 / 5, 12 / 4), None, 25.0)
    assert half[0, 0] == pytest.approx(12 / (5.5 - (1 - 0.5**0.5) * 0.5))


def test_a_missing_pixel_keeps_its_value_if_it_was_valid_often_enough() -> None:
    one, present, missing = ExponentialFilter(12.0), row(2, 2, 2), row(NAN, 2, NAN)
    one.filtered(row(NAN, 2, NAN), None, None)
    assert np.isnan(one.filtered(missing, None, 50.0)[0, [0, 2]]).all()
    one.filtered(present, None, 50.0)
    # Pixel 0 was valid in 1 of the last 4 windows: too few; then in 2 of them.
    assert np.isnan(one.filtered(missing, None, 50.0)[0, 0])
    one.filtered(present, None, 50.0)
    kept = [one.filtered(missing, None, 50.0)[0, 0] for _ in range(3)]
    assert kept[:2] == [2, 2] and np.isnan(kept[2])


def test_another_surface_begins_a_new_history() -> None:
    one = ExponentialFilter(12.0)
    for depth in (2, 2, 2, 6):
        one.filtered(row(depth), None, 50.0)
    assert np.isnan(one.filtered(row(NAN), None, 50.0)).all()


def test_a_reset_forgets() -> None:
    one = ExponentialFilter(12.0)
    for _ in range(3):
        one.filtered(row(2), None, 50.0)
    assert np.isnan(one.filtered(row(NAN), None, None)).all()
