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

"""Comparison of a recording with the scene that its files were written from."""

from collections.abc import Sequence

import numpy as np

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import EventCamera, EventRecording


def read_events(
    recording: EventRecording,
    cameras: Sequence[EventCamera] | None = None,
    start_ns: int | None = None,
    end_ns: int | None = None,
) -> list[EventArrays]:
    """Return all events of each camera."""
    cameras = recording.cameras if cameras is None else cameras
    blocks: list[list[EventArrays]] = [[] for _ in cameras]
    reached_ns = 0
    for chunk in recording.events(cameras, start_ns, end_ns):
        assert isinstance(chunk.events, EventArrays)
        assert reached_ns <= chunk.t_ns == chunk.events.t_ns[-1]
        reached_ns = chunk.t_ns
        blocks[chunk.camera].append(chunk.events)
    return [joined(each) for each in blocks]


def joined(blocks: Sequence[EventArrays]) -> EventArrays:
    """Return blocks as one; without a block no events."""
    if not blocks:
        return EventArrays(*(np.zeros(0, np.int64) for _ in EventArrays._fields))
    return EventArrays(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


def assert_same_events(found: EventArrays, expected: EventArrays) -> None:
    """Compare times, pixels and polarities event for event."""
    for name, own, other in zip(EventArrays._fields, found, expected, strict=True):
        np.testing.assert_array_equal(own, other, name)
