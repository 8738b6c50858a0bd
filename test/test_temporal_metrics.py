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

"""Metrics over consecutive windows, by hand."""

import numpy as np
import pytest

from spike_depth_ros.temporal_metrics import (
    at_earlier_place,
    flicker,
    right_share,
    settling_windows,
    temporal_error,
)

NAN = np.nan


def row(*values: float) -> np.ndarray:
    return np.array([values], np.float32)


def test_temporal_error_follows_the_surface() -> None:
    # focal_baseline 12. The point of pixel 0 was at pixel 1 before.
    flow = np.zeros((1, 3, 2), np.float32)
    flow[0, 0, 0] = 1
    flow[0, 2] = NAN  # new
    truth, before = row(2, 3, 4), row(3, 3, NAN)
    predicted, predicted_before = row(2, 4, 9), row(7, 6, 9)
    error = temporal_error(predicted, predicted_before, truth, before, flow, 12.0)
    # Pixel 0: predicted 6 - 2 px, truth 6 - 4 px. Pixel 1: predicted 3 - 2 px, truth 0.
    assert error == pytest.approx((2 + 1) / 2)
    mask = np.array([[False, True, True]])
    masked = temporal_error(predicted, predicted_before, truth, before, flow, 12.0, mask)
    assert masked == pytest.approx(1)
    new = temporal_error(predicted, predicted_before, truth, before, flow, 12.0, ~mask & mask)
    assert np.isnan(new)


def test_flicker_is_the_change_beyond_the_true_one() -> None:
    found = flicker(row(2, 4, NAN), row(1, 4, 1), row(2, 1, 1), row(1, 2, 1))
    # Pixel 0 changes as the truth; pixel 1 should have halved.
    assert found == pytest.approx(np.log(2) / 2)


def test_an_offset_that_stays_does_not_flicker() -> None:
    now, before = row(1, 2, 5), row(1.5, 2, 4)
    assert flicker(3 * now, 3 * before, now, before) == pytest.approx(0)


def test_missing_depth_is_wrong() -> None:
    assert right_share(row(1.05, 1.2, NAN, 1), row(1, 1, 1, NAN), 1.1) == pytest.approx(1 / 3)
    assert np.isnan(right_share(row(1), row(NAN), 1.1))


def test_depth_settles_in_the_first_window_with_most_of_the_share() -> None:
    settled = np.array([0.5, 0.5, 0.4, 0.5])
    assert settling_windows(np.array([0.2, 0.44, 0.37, 0.4]), settled) == 3
    assert settling_windows(np.array([0.2, 0.3]), settled[:2]) == 3  # not within them


def test_values_of_the_earlier_place() -> None:
    flow = np.zeros((2, 2, 2), np.float32)
    flow[0, 0] = [0.6, 1.4]
    flow[0, 1] = [0.6, 0]  # outside
    flow[1, 1] = NAN
    found = at_earlier_place(np.array([[1, 2], [3, 4]], np.float32), flow)
    np.testing.assert_array_equal(found, [[4, NAN], [3, NAN]])


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match='shape'):
        flicker(row(1), row(1), row(1, 2), row(1))
