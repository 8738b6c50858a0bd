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

"""Ages of events, by hand."""

import numpy as np
import pytest

from spike_depth_ros.inference.event_age import EventAge

S = 1_000_000_000
MAPPED = np.ones((2, 3), bool)


def window(channels: int, *places: tuple[int, int, int]) -> np.ndarray:
    counts = np.zeros((2, 3, channels), np.uint8)
    for place in places:
        counts[place] = 3
    return counts


@pytest.mark.parametrize('channels', [2, 4])
def test_ages_by_hand(channels: int) -> None:
    age = EventAge()
    assert np.isnan(age.seconds(S, MAPPED)).all()
    age.add(window(channels, (0, 0, 0), (0, 1, 1)), S)
    age.add(window(channels, (0, 1, 0), (1, 2, channels - 1)), 2 * S)
    right_only = np.nan if channels == 4 else 0.5
    expected = [[1.5, 0.5, np.nan], [np.nan, np.nan, right_only]]
    seconds = age.seconds(round(2.5 * S), MAPPED)
    np.testing.assert_array_equal(seconds, np.array(expected, np.float32))
    assert seconds.dtype == np.float32


def test_unmapped_pixels_have_no_age() -> None:
    age, mapped = EventAge(), MAPPED.copy()
    mapped[0, 0] = False
    age.add(window(4, (0, 0, 0), (0, 1, 0)), S)
    np.testing.assert_array_equal(age.seconds(S, mapped)[0], [np.nan, 0, np.nan])


def test_forgotten_events_have_no_age() -> None:
    age = EventAge()
    age.add(window(4, (0, 0, 0)), S)
    age.clear()
    age.add(window(4, (0, 1, 0)), S)
    np.testing.assert_array_equal(age.seconds(S, MAPPED)[0], [np.nan, 0, np.nan])
