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

"""Confidence: limit, image and mean, on pixels by hand."""

import math

import numpy as np
import pytest

from spike_depth_ros.inference.confidence import ConfidenceMeter, is_under, to_confidence_image


def test_under() -> None:
    confidence = np.array([0.1, 0.3, 0.5, math.nan], np.float32)
    assert is_under(confidence, 0.3).tolist() == [True, False, False, True]
    assert is_under(confidence, 1.0).all()
    assert not is_under(confidence, 0.0).any()


def test_image() -> None:
    confidence = np.array([[0.25, 0.5]], np.float32)
    image = to_confidence_image(confidence, np.array([[True, False]]))
    assert image.dtype == np.float32
    np.testing.assert_array_equal(image, [[0.25, math.nan]])
    assert confidence[0, 1] == 0.5


def test_meter() -> None:
    meter = ConfidenceMeter()
    assert meter.take() is None
    mapped = np.array([[True, True], [False, True]])
    meter.add(np.array([[0.25, 0.5], [0.125, 1.0]], np.float32), mapped, 0.5)
    meter.add(np.array([[0.25]], np.float32), np.array([[True]]), 0.0)
    assert meter.take() == pytest.approx((0.5, 0.25))
    assert meter.take() is None


def test_meter_without_mapped_pixels() -> None:
    meter = ConfidenceMeter()
    meter.add(np.ones((1, 2), np.float32), np.zeros((1, 2), np.bool_), 0.5)
    assert meter.take() is None
