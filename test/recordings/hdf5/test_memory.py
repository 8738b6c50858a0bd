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

"""Reading of large files in constant memory."""

import threading
import tracemalloc
from pathlib import Path

import pytest

from spike_depth_ros.recordings.open import open_recording
from testing.recordings.camera_hdf5 import write_events
from testing.recordings.mvsec_hdf5 import write_data
from testing.recordings.scene import many_events

EVENTS = 1_000_000


@pytest.mark.parametrize('layout', ['MVSEC', 'DSEC'])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, layout: str) -> None:
    """One million events take 32 MB in MVSEC's file, and 11 MB and more as arrays."""
    path = tmp_path / 'a_data.hdf5'
    events = many_events(EVENTS, 346, 260, start_ns=10**9)
    if layout == 'MVSEC':
        write_data(path, [events])
    else:
        write_events(path, events)
    with open_recording(path) as recording:
        tracemalloc.start()
        count = sum(len(chunk.events.t_ns) for chunk in recording.events(recording.cameras))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert count == EVENTS
    assert peak < 25e6


def test_reading_stops_when_nobody_takes_the_events(tmp_path: Path) -> None:
    path = tmp_path / 'events.h5'
    write_events(path, many_events(EVENTS, 346, 260, start_ns=10**9))
    threads = threading.active_count()
    with open_recording(path) as recording:
        chunks = recording.events(recording.cameras)
        first = next(chunks)
        again = next(recording.events(recording.cameras))
        assert first.t_ns == again.t_ns
        del chunks
    assert threading.active_count() == threads
