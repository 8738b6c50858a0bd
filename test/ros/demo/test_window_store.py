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


"""Windows of a run in the temporary file."""

import resource

import numpy as np
import pytest

from spike_depth_ros.ros.demo import window_store
from spike_depth_ros.ros.demo.window_store import WindowStore


def test_stored_windows_come_back() -> None:
    store = WindowStore(tolerance_ns=10)
    counts = np.zeros((2, 3, 4), np.uint8)
    counts[0, 0, 0] = 3  # more ON than OFF
    counts[0, 0, 1] = 1
    counts[1, 2, 1] = 1
    depth = np.array([[1, 2, np.nan], [np.inf, 0.5, 4]], np.float32)
    store.add_events(7, counts)
    store.add_depth(7, depth)
    store.add_truth(7, depth + 1)

    window = store.window(7)

    np.testing.assert_array_equal(window.events, [[2, 1, 1], [1, 1, 0]])
    np.testing.assert_array_equal(window.depth, depth)
    np.testing.assert_array_equal(window.truth, depth + 1)
    np.testing.assert_array_equal(window.has_events, [[True, False, False], [False, False, True]])
    assert store.stamps() == [7]


def test_the_nearest_window_of_a_true_depth() -> None:
    store = WindowStore(tolerance_ns=25)
    assert store.nearest(100) is None
    for stamp_ns in (150, 100, 200):
        store.add_events(stamp_ns, np.zeros((1, 1, 4), np.uint8))
    near = {truth_ns: store.nearest(truth_ns) for truth_ns in (74, 75, 124, 126, 225, 226)}
    assert {truth_ns: window and window.stamp_ns for truth_ns, window in near.items()} == {
        74: None,
        75: 100,
        124: 100,
        126: 150,
        225: 200,
        226: None,
    }


def test_the_store_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window_store, 'MAX_BYTES', 20)
    store = WindowStore(tolerance_ns=10)
    for stamp_ns in range(9):
        store.add_events(stamp_ns, np.zeros((2, 2, 4), np.uint8))

    assert store.is_full()
    assert store.stamps() == [0, 1, 2]
    store.add_truth(1, np.ones((2, 2), np.float32))  # after the run
    assert store.window(1).truth is not None


def test_a_store_without_room_keeps_what_it_has() -> None:
    store = WindowStore(tolerance_ns=10)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (450, limit[1]))
    try:
        for stamp_ns in range(5):
            store.add_events(stamp_ns, np.zeros((10, 10, 2), np.uint8))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)

    assert store.is_full()
    assert store.stamps() == [0, 1]
    assert [window.events.shape for window in store.windows()] == [(10, 10), (10, 10)]
