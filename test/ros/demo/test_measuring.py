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

"""Errors measured after a run, from windows and the recording's true depth."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.ros.demo import window_store
from spike_depth_ros.ros.demo.measuring import measure
from spike_depth_ros.ros.demo.node_status import ReplayStatus
from spike_depth_ros.ros.demo.source import Inputs, Source, open_source
from spike_depth_ros.ros.demo.window_store import WindowStore
from testing.recordings import mvsec_bags
from testing.recordings.scene import scene
from testing.stripes import write_recording

SHIFT_NS = 5_000_000_123
TOLERANCE_NS = 25_000_000
STARTED = ReplayStatus(shift_ns=SHIFT_NS)


@pytest.fixture(scope='module')
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    folder = tmp_path_factory.mktemp('measuring')
    mvsec_bags.write_bags(folder, scene())
    return open_source(Inputs((folder,)))


def times_ns() -> list[int]:
    return [frame.t_ns for frame in scene().depth]


def stored(times_ns: Sequence[int], with_depth: bool = True) -> WindowStore:
    """Return windows of 3 m, 1 ms after the true depths of the replay."""
    store = WindowStore(TOLERANCE_NS)
    for t_ns in times_ns:
        stamp_ns = t_ns + SHIFT_NS + 1_000_000
        store.add_events(stamp_ns, np.ones((260, 346, 4), np.uint8))
        if with_depth:
            store.add_depth(stamp_ns, np.full((260, 346), 3.0, np.float32))
    return store


def test_each_true_depth_is_compared_and_stored(source: Source) -> None:
    store = stored(times_ns())
    error, problem = measure(source, store, STARTED)

    assert problem == ''
    assert error is not None and error.windows == error.truths == len(times_ns())
    assert error.distance_ms == 1.0
    truths = [window.truth for window in store.windows()]
    means = [
        np.nanmean(np.abs(truth.astype(np.float32) - 3)) for truth in truths if truth is not None
    ]
    assert len(means) == len(times_ns())
    assert error.mean_m == pytest.approx(np.mean(means), rel=1e-3)
    assert error.protocol['at event pixels (cm)'] == error.protocol['mean depth error (cm)']


def test_only_windows_with_depth_in_the_range_of_the_split_count(source: Source) -> None:
    tested = replace(source, tested=range(5, 9))
    error, _ = measure(tested, stored(times_ns()), STARTED)
    assert error is not None and error.windows == error.truths == 4
    error, _ = measure(tested, stored(times_ns()[:7]), STARTED)
    assert error is not None and (error.windows, error.truths) == (2, 4)
    assert measure(source, stored(times_ns(), with_depth=False), STARTED) == (None, '')


def test_a_part_begins_at_its_start(source: Source) -> None:
    later = replace(source, start_ns=times_ns()[-3])
    error, _ = measure(later, stored(times_ns()), STARTED)
    assert error is not None and error.windows == 3


@pytest.mark.parametrize(
    ('replay', 'sentence'),
    [
        (None, 'did not report the time of its start'),
        (ReplayStatus(), 'did not report the time of its start'),
        (ReplayStatus(SHIFT_NS, 0.1), 'was paused'),
    ],
)
def test_unknown_stamps_are_not_compared(
    source: Source, replay: ReplayStatus | None, sentence: str
) -> None:
    error, problem = measure(source, stored(times_ns()), replay)
    assert error is None
    assert sentence in problem


def test_windows_that_were_not_stored_are_reported(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window_store, 'MAX_BYTES', 1_000_000)
    error, problem = measure(source, stored(times_ns()), STARTED)
    assert error is not None and error.windows == 2
    assert 'the errors cover the first 2 windows' in problem


def test_damaged_true_depth_is_one_sentence(source: Source, tmp_path: Path) -> None:
    moved = replace(source, inputs=Inputs((tmp_path / 'moved',)))
    error, problem = measure(moved, stored(times_ns()), STARTED)
    assert error is None
    assert problem.startswith('the true depth cannot be read to its end: ')


def test_without_true_depth_there_is_nothing_to_measure(source: Source) -> None:
    assert measure(replace(source, truth=None), stored([]), None) == (None, '')


def test_true_depth_of_a_bag_is_the_one_that_the_replay_would_send(tmp_path: Path) -> None:
    recording = write_recording(tmp_path / 'stripes', 200_000)
    source = open_source(Inputs((recording,)))
    store = stored([source.start_ns + 50_000_000 * window for window in range(1, 5)])
    error, problem = measure(source, store, STARTED)
    assert problem == ''
    assert error is not None and error.windows == 4
