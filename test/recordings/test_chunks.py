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

"""Chunks of events: order of time, cells, events left out."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import BACKWARD, CELL_NS, OUTSIDE, checked, merged, within
from spike_depth_ros.recordings.recording import EventCamera

CAMERA = EventCamera('left', 4, 3)


def block(*times: int, x: int = 1) -> EventArrays:
    size = len(times)
    return EventArrays(
        np.array(times, np.int64), np.full(size, x), np.zeros(size, int), np.ones(size, int)
    )


def times(blocks: list[EventArrays]) -> list[list[int]]:
    return [b.t_ns.tolist() for b in blocks]


def test_a_block_is_sorted_and_events_before_the_last_block_are_counted() -> None:
    losses: Counter[str] = Counter()
    blocks = list(checked([block(5, 3, 9), block(8, 10)], CAMERA, losses))
    assert times(blocks) == [[3, 5, 9], [10]]
    assert losses == {BACKWARD: 1}


def test_events_outside_of_the_sensor_are_counted() -> None:
    losses: Counter[str] = Counter()
    assert times(list(checked([block(1, x=4), block(2, x=3)], CAMERA, losses))) == [[2]]
    assert losses == {OUTSIDE: 1}


def test_cells_of_two_cameras_come_in_order_of_time() -> None:
    left = [block(0, CELL_NS - 1, CELL_NS, 3 * CELL_NS)]
    right = [block(CELL_NS - 2), block(CELL_NS + 5)]
    chunks = list(merged([left, right]))
    assert [(c.camera, c.t_ns) for c in chunks] == [
        (1, CELL_NS - 2),
        (0, CELL_NS - 1),
        (0, CELL_NS),
        (1, CELL_NS + 5),
        (0, 3 * CELL_NS),
    ]
    assert chunks[1].events.t_ns.tolist() == [0, CELL_NS - 1]


def test_a_gap_of_years_makes_no_empty_chunks() -> None:
    chunks = list(merged([[block(-5, 10**18)]]))
    assert [c.events.t_ns.tolist() for c in chunks] == [[-5], [10**18]]


def test_a_range_is_half_open() -> None:
    assert times(list(within([block(1, 2), block(3, 4), block(5)], 2, 4))) == [[2], [3]]


@given(st.lists(st.lists(st.integers(0, 5 * CELL_NS), max_size=9), max_size=5))
def test_every_event_is_in_a_chunk_or_counted(lists: list[list[int]]) -> None:
    losses: Counter[str] = Counter()
    chunks = list(merged([checked([block(*each) for each in lists], CAMERA, losses)]))
    found = [t for chunk in chunks for t in chunk.events.t_ns.tolist()]
    assert found == sorted(found)
    assert len(found) + losses[BACKWARD] == sum(map(len, lists))
    for chunk in chunks:
        assert len({t // CELL_NS for t in chunk.events.t_ns.tolist()}) == 1
        assert chunk.t_ns == chunk.events.t_ns[-1]
