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

"""Spike frames from arrays of events."""

import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays, spike_frame
from spike_depth_ros.geometry.pixel_table import resize_table

TABLE = resize_table(3, 2, 3, 2)


def camera(*events: tuple[int, int, int, int]) -> EventArrays:
    """Return events (t_ns, x, y, polarity) as arrays."""
    return EventArrays(*np.array(events, np.int64).reshape(-1, 4).T)


def test_channels_are_on_off_of_the_left_camera_then_of_the_right_one() -> None:
    left, right = camera((5, 0, 0, 1), (6, 0, 0, 0), (7, 0, 0, 0)), camera((5, 2, 1, 1))
    frame = spike_frame([left, right], [TABLE, TABLE], 0, 10)
    assert frame.shape == (2, 3, 4) and frame.dtype == np.uint8
    assert frame[0, 0].tolist() == [1, 2, 0, 0]
    assert frame[1, 2].tolist() == [0, 0, 1, 0]
    assert frame.sum() == 4


def test_a_window_holds_its_start_and_not_its_end_in_any_order() -> None:
    events = camera((20, 0, 0, 1), (10, 1, 0, 1), (19, 2, 0, 1), (9, 0, 1, 1))
    frame = spike_frame([events], [TABLE], 10, 10)
    assert frame[..., 0].tolist() == [[0, 1, 1], [0, 0, 0]]


def test_each_camera_needs_a_table() -> None:
    with pytest.raises(ValueError, match='shorter'):
        spike_frame([camera(), camera()], [TABLE], 0, 10)
