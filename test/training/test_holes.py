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

"""Holes filled by hand."""

import numpy as np

from spike_depth_ros.training.evaluation.holes import filled

NAN = float('nan')


def test_a_hole_takes_the_farther_neighbour_of_its_row_else_of_its_column() -> None:
    holes = [[NAN, 4, NAN, NAN, 2, NAN], [NAN] * 6, [NAN, NAN, 3, NAN, 9, 9]]
    whole = [[4, 4, 2, 2, 2, 2], [3, 3, 2, 2, 2, 2], [3, 3, 3, 3, 9, 9]]
    np.testing.assert_array_equal(filled(np.array(holes, np.float32)), whole)


def test_nothing_to_fill_with_stays_a_hole() -> None:
    nothing = np.full((2, 3), NAN, np.float32)
    np.testing.assert_array_equal(filled(nothing), nothing)
    assert filled(nothing).dtype == np.float32
