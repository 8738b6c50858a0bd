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

"""Counting decoded events, as training does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.count import count_events
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH, Camera

events = st.lists(
    st.tuples(
        st.integers(0, 49_999),
        st.integers(0, WIDTH + 3),
        st.integers(0, HEIGHT + 3),
        st.integers(0, 1),
    ),
    min_size=1,
    max_size=200,
).map(sorted)


@settings(deadline=None)
@given(events, st.integers(1, 30), st.integers(1, 30))
def test_it_counts_as_the_nodes_do(events: list, width: int, height: int) -> None:
    binner = Binner(1, 50 * MS_NS, 50 * MS_NS, 0, width, height)
    frames = binner.push(0, Camera('evt3').send(events, until_us=50_000), 0)
    _, x, y, polarity = np.array(events).T
    frame = count_events(x, y, polarity, resize_table(WIDTH, HEIGHT, width, height))
    assert frame.shape == (height, width, 2)
    assert [frame.tolist()] == [node.counts.tolist() for node in frames] or not frame.any()


def test_counts_stop_at_255_and_channels_are_on_off() -> None:
    x, y, polarity = np.ones(300, np.int64), np.zeros(300, np.int64), np.arange(300) < 290
    frame = count_events(x, y, polarity, resize_table(2, 1, 2, 1))
    assert frame.tolist() == [[[0, 0], [255, 10]]]


def test_arrays_that_are_no_events_are_refused() -> None:
    table, zeros = resize_table(2, 1, 2, 1), np.zeros(3, np.int64)
    with pytest.raises(ValueError, match='3, 2 and 3 entries'):
        count_events(zeros, zeros[:2], zeros, table)
    with pytest.raises(ValueError, match='negative address'):
        count_events(zeros, zeros - 1, zeros, table)


@pytest.mark.parametrize('polarity', [-1, 2])
def test_a_polarity_that_is_neither_on_nor_off_is_refused(polarity: int) -> None:
    table, zeros = resize_table(2, 1, 2, 1), np.zeros(3, np.int64)
    with pytest.raises(ValueError, match=f'polarity {polarity} is neither'):
        count_events(zeros, zeros, np.array([0, 1, polarity]), table)
