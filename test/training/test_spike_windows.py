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

"""Spike frames from one pass over events hold the events of each half-open window."""

from collections.abc import Iterator

import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays, spike_frame
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.recordings.chunks import merged
from spike_depth_ros.recordings.recording import EventChunk
from spike_depth_ros.training.data.spike_windows import SILENCE_NS, SpikeWindows

MS = 1_000_000
SIZE = (8, 6)
TABLES = [resize_table(*SIZE, *SIZE)] * 2


def camera(n: int, seed: int, from_ms: int = 0, to_ms: int = 1000) -> EventArrays:
    random = np.random.default_rng(seed)
    t_ns = np.sort(random.integers(from_ms * MS, to_ms * MS, n))
    x, y = random.integers(0, SIZE[0], n), random.integers(0, SIZE[1], n)
    return EventArrays(t_ns, x, y, random.integers(0, 2, n))


def cut(events: EventArrays, parts: int) -> Iterator[EventArrays]:
    for indices in np.array_split(np.arange(len(events.t_ns)), parts):
        if len(indices):
            yield events.select(indices)


@pytest.mark.parametrize('parts', [1, 7, 300])
@pytest.mark.parametrize('window_ms', [5, 50, 200])
def test_every_window_has_its_events_however_they_come(parts: int, window_ms: int) -> None:
    cameras = [camera(4000, 1), camera(2500, 2)]
    windows = SpikeWindows(merged([cut(one, parts) for one in cameras]), TABLES, window_ms * MS)
    ends = [20, 33, 34, 34, 200, 201, 700, 990, 1000, 1040, 2000]
    for end in ends:
        expected = spike_frame(cameras, TABLES, (end - window_ms) * MS, window_ms * MS)
        np.testing.assert_array_equal(windows.ending_at(end * MS), expected)


def test_the_end_is_exclusive() -> None:
    at = np.array([10, 20, 60]) * MS
    events = EventArrays(at, np.array([0, 1, 2]), np.zeros(3, int), np.ones(3, int))
    windows = SpikeWindows(merged([[events]]), TABLES[:1], 50 * MS)
    assert windows.ending_at(60 * MS)[0, :3, 0].tolist() == [1, 1, 0]
    assert windows.ending_at(60 * MS + 1)[0, :3, 0].tolist() == [0, 1, 1]


def test_a_silent_camera_holds_nothing_up() -> None:
    read = 0

    def chunks() -> Iterator[EventChunk]:
        nonlocal read
        for chunk in merged([cut(camera(5000, 3, 0, 10_000), 500), []]):
            read = chunk.t_ns
            yield chunk

    windows = SpikeWindows(chunks(), TABLES, 50 * MS)
    frame = windows.ending_at(1000 * MS)
    assert frame[..., :2].any() and not frame[..., 2:].any()
    assert read < 1000 * MS + SILENCE_NS + 100 * MS
