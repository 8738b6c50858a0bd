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

"""Look-up from raw pixels to histogram indices."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.lookup import OUTSIDE, Lookup, find_place, new_lookup
from spike_depth_ros.geometry.pixel_table import UNMAPPED


@compiled
def _places(lookup: Lookup, x: int, y: int, polarity: int) -> int:
    return find_place(lookup, x, y, polarity)


def places(lookup: Lookup, height: int, width: int, polarity: int) -> list[list[int]]:
    """Return the place of every raw pixel, and of one more row and column."""
    return [[_places(lookup, x, y, polarity) for x in range(width + 1)] for y in range(height + 1)]


def test_by_hand() -> None:
    lookup = new_lookup(np.array([[1, UNMAPPED], [9, 5]], np.int32), camera=1, channels=4)
    # left ON, left OFF, right ON, right OFF of pixel 1 are places 4 to 7.
    outside = [OUTSIDE] * 3
    assert places(lookup, 2, 2, polarity=0) == [
        [7, UNMAPPED, OUTSIDE],
        [39, 23, OUTSIDE],
        outside,
    ]
    assert places(lookup, 2, 2, polarity=1)[0][0] == 6
    assert _places(lookup, 1 << 40, 1 << 40, 0) == OUTSIDE


@pytest.mark.parametrize(('span', 'kind'), [(65_533, np.uint16), (65_534, np.uint32)])
def test_rows_that_span_more_take_wider_offsets(span: int, kind: type) -> None:
    lookup = new_lookup(np.array([[7, 7 + span]], np.int32), 0, 2)
    assert lookup.offsets.dtype == kind
    assert places(lookup, 1, 2, 0)[0] == [15, 2 * (7 + span) + 1, OUTSIDE]


indexes = st_numpy.arrays(
    np.int32,
    st_numpy.array_shapes(min_dims=2, max_dims=2, max_side=5),
    elements=st.integers(-1, 90_000),
)


@given(indexes, st.sampled_from([(0, 2), (0, 4), (1, 4)]), st.integers(0, 1))
def test_any_index(index: np.ndarray, frame: tuple[int, int], polarity: int) -> None:
    camera, channels = frame
    found = places(new_lookup(index, camera, channels), *index.shape, polarity)
    expected = np.full(np.add(index.shape, 1), OUTSIDE)
    expected[:-1, :-1] = np.where(
        index == UNMAPPED, UNMAPPED, index * channels + 2 * camera + 1 - polarity
    )
    assert found == expected.tolist()
