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

"""Pixel tables without a calibration: square pixels, the whole sensor in the middle."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros.geometry.pixel_table import PixelTable, resize_table


def test_equal_sizes_give_the_identity() -> None:
    table = resize_table(346, 260, 346, 260)
    assert np.array_equal(table.index, np.arange(260 * 346).reshape(260, 346))
    assert table.mapped.all()


def test_halving_puts_two_by_two_pixels_on_one() -> None:
    table = resize_table(4, 2, 2, 1)
    assert table.index.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1]]


def test_a_tall_sensor_is_centred_between_unmapped_columns() -> None:
    table = resize_table(2, 4, 4, 4)
    assert table.index.tolist() == [[1, 2], [5, 6], [9, 10], [13, 14]]
    assert table.mapped.tolist() == [[False, True, True, False]] * 4


def test_an_enlarged_sensor_leaves_no_unmapped_grid() -> None:
    table = resize_table(2, 2, 6, 6)
    assert table.mapped.all()
    assert table.index.tolist() == [[7, 10], [25, 28]]


@given(*[st.integers(1, 60)] * 4)
def test_every_raw_pixel_lands_on_a_mapped_pixel(
    raw_width: int, raw_height: int, width: int, height: int
) -> None:
    table = resize_table(raw_width, raw_height, width, height)
    assert 0 <= table.index.min() <= table.index.max() < width * height
    assert table.mapped.reshape(-1)[table.index].all()


def test_the_median_counts_raw_pixels_on_mapped_pixels_alone() -> None:
    mapped = np.array([[True, True, True, False]])
    table = PixelTable(np.array([[0, 0, 0, 2], [0, 2, -1, -1]], np.int32), mapped)
    assert table.median_raw_pixels == 2
    assert resize_table(1280, 960, 640, 480).median_raw_pixels == 4
    assert resize_table(2, 2, 6, 6).median_raw_pixels == 0


def test_a_table_that_maps_nothing_has_a_median_of_zero() -> None:
    nothing = PixelTable(np.full((2, 2), -1, np.int32), np.zeros((3, 3), np.bool_))
    assert nothing.median_raw_pixels == 0
