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

"""Colours of events."""

import numpy as np

from spike_depth_ros.frames.event_picture import (
    NO_EVENT_COLOUR,
    OFF_COLOUR,
    ON_COLOUR,
    TIE_COLOUR,
    event_picture,
)


def test_the_more_frequent_polarity_decides() -> None:
    counts = np.array([[[0, 0], [255, 254], [0, 1], [3, 3]]], np.uint8)
    expected = [[NO_EVENT_COLOUR, ON_COLOUR, OFF_COLOUR, TIE_COLOUR]]
    assert event_picture(counts).tolist() == [[list(colour) for colour in expected[0]]]


def test_the_right_camera_is_beside_the_left_one() -> None:
    counts = np.zeros((4, 6, 4), np.uint8)
    counts[1, 2, 0] = counts[3, 5, 3] = 1  # left ON, right OFF
    picture = event_picture(counts)
    assert picture.shape == (4, 12, 3) and picture.dtype == np.uint8
    assert picture[1, 2].tolist() == list(ON_COLOUR)
    assert picture[3, 6 + 5].tolist() == list(OFF_COLOUR)
    assert np.count_nonzero((picture != NO_EVENT_COLOUR).any(-1)) == 2
