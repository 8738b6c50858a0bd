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

"""Contents of a recording, and what looks wrong in it."""

import json
from collections.abc import Iterator, Sequence

import numpy as np

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.info.doubts import doubts
from spike_depth_ros.recordings.info.event_info import EventCounter, Gap
from spike_depth_ros.recordings.info.survey import RecordingInfo, survey
from spike_depth_ros.recordings.info.text import to_json, to_text
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.recording import DepthFrame, EventCamera, EventChunk
from spike_depth_ros.units import SECOND_NS
from testing.recordings.memory_recording import MemoryRecording
from testing.recordings.scene import scene

CAMERA = EventCamera('left', 346, 260)


def info_of(recording: MemoryRecording) -> RecordingInfo:
    return survey(recording, Progress(''))


def arrays(*times_ns: int, on: bool | None = None) -> EventArrays:
    size = len(times_ns)
    polarity = np.arange(size) % 2 if on is None else np.full(size, on)
    return EventArrays(
        np.array(times_ns, np.int64), np.zeros(size, int), np.zeros(size, int), polarity
    )


def test_the_scene_has_its_events_and_depth_and_no_doubts() -> None:
    info = info_of(MemoryRecording(scene().cameras, scene().depth))
    left = info.cameras[0]
    assert left.events == len(scene().left.t_ns)
    assert left.on_events == np.count_nonzero(scene().left.polarity)
    assert (left.start_ns, left.end_ns) == (scene().left.t_ns[0], scene().left.t_ns[-1])
    assert info.depth[0].frames == len(scene().depth)
    values = np.stack([frame.depth for frame in scene().depth])
    assert info.depth[0].nearest_m == np.nanmin(values)
    assert info.depth[0].farthest_m == np.nanmax(values)
    assert doubts(info) == []
    assert 'nothing looks wrong' in to_text(info)
    assert json.loads(to_json(info))['cameras'][0]['events'] == left.events


def test_the_peak_rate_is_that_of_the_fullest_tenth_of_a_second() -> None:
    counter = EventCounter(CAMERA)
    tenth = SECOND_NS // 10
    counter.add(arrays(0, 1, tenth))
    counter.add(arrays(tenth + 1, 2 * tenth - 1, 9 * tenth))
    found = counter.result()
    assert (found.events, found.peak_rate, found.mean_rate) == (6, 30.0, 6 / 0.9)


def test_gaps_within_and_between_chunks_are_found() -> None:
    counter = EventCounter(CAMERA)
    counter.add(arrays(0, SECOND_NS))
    counter.add(arrays(3 * SECOND_NS))
    found = counter.result()
    assert (found.gaps, found.longest_gap) == (2, Gap(SECOND_NS, 2 * SECOND_NS))


def test_lost_packets_are_counted_by_their_numbers() -> None:
    counter = EventCounter(CAMERA)
    for seq in (7, 8, 11):
        data = np.zeros(0, np.uint8)
        counter.add_packet(Packet('evt3', 346, 260, seq, seq * SECOND_NS, 0, False, data))
    found = counter.result()
    assert (found.packets, found.lost_packets, found.restarts) == (3, 2, 0)


def test_what_looks_wrong_is_said() -> None:
    left = arrays(*range(0, SECOND_NS, 1_000_000), 5 * SECOND_NS, 4 * SECOND_NS, on=True)
    right = arrays(10 * SECOND_NS, 10 * SECOND_NS + 1)
    nowhere = np.full((260, 346), np.nan, np.float32)
    info = info_of(MemoryRecording((left, right), [DepthFrame(20 * SECOND_NS, nowhere)]))
    found = doubts(info)
    assert 'left has events of one polarity only' in found
    assert any('right has 2 events, but left has 1,00' in doubt for doubt in found)
    assert 'right and left do not overlap in time' in found
    assert any(
        doubt.startswith('left is silent 2 times, the longest time 3.0 s') for doubt in found
    )
    assert 'depth has no valid depth' in found
    assert 'depth and the events do not overlap in time' in found


class Lossy(MemoryRecording):
    """Recording that leaves events out."""

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events, and count a loss."""
        yield from super().events(cameras, start_ns, end_ns)
        self.losses['damaged messages'] += 3


def test_losses_and_a_silent_camera_are_said() -> None:
    info = info_of(Lossy((arrays(1, 2), arrays())))
    assert doubts(info) == ['3 damaged messages are left out', 'right has no event']
    assert 'LOOKS WRONG: right has no event.' in to_text(info)
