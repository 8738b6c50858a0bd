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

"""Colours of the preview."""

import math

import numpy as np
import pytest

from spike_depth_ros.inference.preview import INVALID_COLOUR, colour, colour_table


def test_by_hand() -> None:
    depth = np.array([[0.5, 50.0, 5.0], [0.1, math.inf, 80.0]], dtype=np.float32)
    picture = colour(depth, 0.5, 50.0)
    table = colour_table()
    assert picture.dtype == np.uint8
    assert picture.shape == (2, 3, 3)
    nearest, farthest = table[0].tolist(), table[255].tolist()
    # The logarithm of 5 m lies half-way, at shade 127.5.
    half_way = picture[0, 2].tolist()
    assert half_way in (table[127].tolist(), table[128].tolist())
    assert picture.tolist() == [[nearest, farthest, half_way], [nearest, farthest, farthest]]


@pytest.mark.parametrize('value', [math.nan, 0.0, -1.0, -math.inf])
def test_invalid(value: float) -> None:
    picture = colour(np.full((2, 2), value, dtype=np.float32), 0.5, 10.0)
    assert (picture == INVALID_COLOUR).all()


def test_lightness_falls_with_depth() -> None:
    """Lightness shows depth in grey prints too; no depth has the colour of invalid pixels."""
    table = colour_table().astype(float)
    lightness = table @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(lightness) <= 0.5).all()
    assert lightness[0] - lightness[-1] > 150
    assert np.abs(table - INVALID_COLOUR).max(axis=1).min() > 40
