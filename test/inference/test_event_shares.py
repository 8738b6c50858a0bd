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

"""Shares of pixels with events around a place, counted by hand and pixel by pixel."""

import numpy as np
import pytest

from spike_depth_ros.inference.event_shares import AROUND, CELL, cells_of, event_shares


def test_the_share_is_that_of_the_left_camera() -> None:
    frame = np.zeros((2, 5, 4), np.uint8)
    frame[0, :3, 0] = frame[0, 2:4, 1] = 1
    frame[1, :, 2] = 1
    np.testing.assert_array_equal(event_shares(frame), [[0.4]])
    np.testing.assert_array_equal(event_shares(frame[..., :2]), [[0.4]])


def test_shares_are_those_of_the_pixels_around_a_cell() -> None:
    frame = (np.random.default_rng(1).random((100, 130, 4)) < 0.1).astype(np.uint8)
    shares, active = event_shares(frame), frame[..., :2].any(-1)
    assert shares.shape == (13, 17)
    for row, column in np.ndindex(shares.shape):
        rows, columns = (
            slice(max(0, CELL * (at - AROUND)), CELL * (at + AROUND + 1)) for at in (row, column)
        )
        assert shares[row, column] == pytest.approx(active[rows, columns].mean())


@pytest.mark.parametrize('pixels', [1, 2, 4, 8])
@pytest.mark.parametrize('height', [16, 17, 100, 260])
def test_each_row_of_a_layer_belongs_to_the_cell_of_its_pixels(pixels: int, height: int) -> None:
    rows, cells = -(-height // 16) * 16 // pixels, -(-height // CELL)
    expected = [min(row * pixels // CELL, cells - 1) for row in range(rows)]
    assert cells_of(rows, cells).tolist() == expected
