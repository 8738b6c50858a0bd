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

"""Depth images: NaN, infinity, scale and millimetres, pixel by pixel."""

import math

import numpy as np
import pytest

from spike_depth_ros.inference.depth_image import to_metres, to_millimetres


def in_metres(value: float, scale: float = 1.0, mapped: bool = True) -> float:
    """Return the depth image's value of one pixel; the training range is 0.5 to 10 m."""
    depth = np.array([[value]], dtype=np.float32)
    return float(to_metres(depth, np.array([[mapped]]), 0.5, 10.0, scale)[0, 0])


@pytest.mark.parametrize('value', [math.nan, 0.0, -0.0, -3.0, 0.499, -math.inf])
def test_no_depth_is_nan(value: float) -> None:
    assert math.isnan(in_metres(value))


@pytest.mark.parametrize('value', [10.001, 1e30, math.inf])
def test_beyond_the_range_is_infinite(value: float) -> None:
    assert in_metres(value) == math.inf
    assert math.isnan(in_metres(value, mapped=False))


def test_within_the_range() -> None:
    assert in_metres(0.5) == 0.5
    assert in_metres(10.0) == 10.0
    assert math.isnan(in_metres(2.0, mapped=False))


def test_scale_of_another_baseline() -> None:
    """Half the baseline: half the depth, and half the range too."""
    assert in_metres(10.0, scale=0.5) == 5.0
    assert in_metres(0.6, scale=0.5) == pytest.approx(0.3)
    assert math.isnan(in_metres(0.4, scale=0.5))
    assert in_metres(10.5, scale=0.5) == math.inf


@pytest.mark.parametrize(
    ('confidence', 'min_confidence', 'is_depth'),
    [
        (0.3, 0.3, True),
        (0.2999, 0.3, False),
        (1.0, 1.0, True),
        (0.001, 0.0, True),
        (math.nan, 0.3, False),
        (math.nan, 0.0, True),
    ],
)
@pytest.mark.parametrize(('value', 'metres'), [(2.0, 4.0), (20.0, math.inf)])
def test_too_little_confidence_is_nan(
    value: float, metres: float, confidence: float, min_confidence: float, is_depth: bool
) -> None:
    depth, sure = (np.array([[number]], np.float32) for number in (value, confidence))
    (found,) = to_metres(depth, np.array([[True]]), 0.5, 10.0, 2.0, sure, min_confidence)[0]
    assert found == metres if is_depth else math.isnan(found)


def test_confidence_gives_no_depth_where_there_is_none() -> None:
    depth, sure = np.array([[0.1, 2.0]], np.float32), np.ones((1, 2), np.float32)
    assert np.isnan(to_metres(depth, np.array([[True, False]]), 0.5, 10.0, 1.0, sure, 0.5)).all()


def test_image_keeps_type_and_input() -> None:
    depth = np.array([[0.1, 2.0], [20.0, 3.0]], dtype=np.float32)
    mapped = np.array([[True, True], [True, False]])
    image = to_metres(depth, mapped, 0.5, 10.0, 2.0)
    assert image.dtype == np.float32
    assert image.flags.c_contiguous
    assert image[0, 1] == 4.0
    assert np.array_equal(depth, np.array([[0.1, 2.0], [20.0, 3.0]], dtype=np.float32))


@pytest.mark.parametrize(
    ('metres', 'millimetres'),
    [
        (1.0, 1000),
        (1.2344, 1234),
        (1.2346, 1235),
        (0.0006, 1),
        (0.0004, 0),
        (65.535, 65535),
        (65.5354, 65535),
        (65.536, 0),
        (100.0, 0),
        (math.inf, 0),
        (-math.inf, 0),
        (math.nan, 0),
        (0.0, 0),
        (-1.0, 0),
    ],
)
def test_millimetres(metres: float, millimetres: int) -> None:
    image = to_millimetres(np.array([[metres]], dtype=np.float32))
    assert image.dtype == np.uint16
    assert image[0, 0] == millimetres
