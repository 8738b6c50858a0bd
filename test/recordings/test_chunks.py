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
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import (
    AHEAD,
    BACKWARD,
    CELL_NS,
    JUMP_NS,
    OUTSIDE,
    checked,
    merged,
    within,
)
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


@pytest.mark.parametrize('size', [1, 2, 3, 8])
@pytest.mark.parametrize('damaged', [2**62, -(2**62), 3 * JUMP_NS])
@pytest.mark.parametrize('place', range(2, 6))
def test_one_damaged_time_hides_no_others(place: int, damaged: int, size: int) -> None:
    """Trap 15: a damaged time, far ahead or far back, costs at most one good event."""
    all_times = [10, 11, 12, 13, 14, 15, 16, 17]
    all_times[place] = damaged
    losses: Counter[str] = Counter()
    cut = [block(*all_times[first : first + size]) for first in range(0, 8, size)]
    found = [t for each in times(list(checked(cut, CAMERA, losses))) for t in each]
    assert damaged not in found
    assert len(found) == 8 - losses.total() >= 6
    if size == 8:
        assert losses.total() == 1


@pytest.mark.parametrize(
    ('step_ns', 'phrase'),
    [(-999_000_000, BACKWARD), (-99_000_000, BACKWARD), (700_000_000, AHEAD)],
)
def test_a_stray_time_within_a_block_is_not_sorted_elsewhere(step_ns: int, phrase: str) -> None:
    """Trap 15: a DAVIS346 steps back for single events (rpg_dvs_ros#57)."""
    losses: Counter[str] = Counter()
    t_ns = [2_000_000_000 + 20_000_000 * number for number in range(100)]
    stray = [*t_ns[:50], t_ns[50] + step_ns, *t_ns[51:]]
    found = times(list(checked([block(*stray)], CAMERA, losses)))
    assert [time for piece in found for time in piece] == [*t_ns[:50], *t_ns[51:]]
    assert losses == {phrase: 1}


def test_a_clock_that_starts_again_ends_the_events() -> None:
    """Trap 15: what comes after a restart of the camera's clock is counted, and nothing else."""
    before, after = range(10 * JUMP_NS, 11 * JUMP_NS, JUMP_NS // 50), range(0, JUMP_NS, 1000)
    blocks = [block(*before[n : n + 10]) for n in range(0, 50, 10)]
    blocks += [block(*after[n : n + 100]) for n in range(0, 1000, 100)]
    losses: Counter[str] = Counter()
    found = [t for each in times(list(checked(blocks, CAMERA, losses))) for t in each]
    assert found == list(before)
    assert losses == {BACKWARD: 1000}


def test_a_shuffled_block_is_sorted_without_loss() -> None:
    shuffled = np.random.default_rng(1).permutation(1000) * JUMP_NS
    losses: Counter[str] = Counter()
    assert times(list(checked([block(*shuffled)], CAMERA, losses))) == [sorted(shuffled)]
    assert not losses


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


@given(st.lists(st.lists(st.integers(0, 500 * CELL_NS), max_size=9), max_size=5))
def test_every_event_is_in_a_chunk_or_counted(lists: list[list[int]]) -> None:
    losses: Counter[str] = Counter()
    chunks = list(merged([checked([block(*each) for each in lists], CAMERA, losses)]))
    found = [t for chunk in chunks for t in chunk.events.t_ns.tolist()]
    assert found == sorted(found)
    assert len(found) + losses[BACKWARD] + losses[AHEAD] == sum(map(len, lists))
    for chunk in chunks:
        assert len({t // CELL_NS for t in chunk.events.t_ns.tolist()}) == 1
        assert chunk.t_ns == chunk.events.t_ns[-1]
