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

"""All events of a recording, by camera."""

import numpy as np

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import EventRecording


def read_all(
    recording: EventRecording, start_ns: int | None = None, end_ns: int | None = None
) -> list[EventArrays]:
    """Return the events of each camera, and check the order of the chunks."""
    blocks: list[list[EventArrays]] = [[] for _ in recording.cameras]
    times = []
    for chunk in recording.events(recording.cameras, start_ns, end_ns):
        assert isinstance(chunk.events, EventArrays)
        blocks[chunk.camera].append(chunk.events)
        times.append(chunk.t_ns)
    assert times == sorted(times)
    return [
        EventArrays(*(np.concatenate(column) for column in zip(*of_camera, strict=True)))
        for of_camera in blocks
    ]


def assert_events(found: EventArrays, expected: EventArrays) -> None:
    """Check that all columns are equal."""
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
