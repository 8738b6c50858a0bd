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

"""Arrays of events as evt3 packets, and back."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import BACKWARD, CELL_NS, merged
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.encoded import as_packets
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk
from testing.recordings.scene import HEIGHT, WIDTH, many_events, scene

CAMERAS = tuple(EventCamera(side, WIDTH, HEIGHT, frame_id=f'{side}_eye') for side in 'lr')
SENDERS = tuple(replace(camera, encoding='evt3') for camera in CAMERAS)


def packets_of(events: tuple[EventArrays, ...]) -> list[EventChunk]:
    """Return the packets of one or two cameras."""
    losses: Counter[str] = Counter()
    chunks = list(as_packets(merged([[each] for each in events]), CAMERAS, losses))
    assert not losses
    return chunks


def gathered(chunks: list[EventChunk], camera: int) -> EventArrays:
    """Return all events of a camera."""
    blocks = [chunk.events for chunk in chunks if chunk.camera == camera]
    assert all(isinstance(block, EventArrays) for block in blocks)
    return EventArrays(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


@pytest.mark.parametrize(
    'events',
    [
        scene().cameras,
        (many_events(200_000, WIDTH, HEIGHT, start_ns=1_504_645_177_123_456_000),),
    ],
    ids=['scene', 'many'],
)
def test_arrays_come_back_from_packets_exactly(events: tuple[EventArrays, ...]) -> None:
    losses: Counter[str] = Counter()
    chunks = list(as_arrays(packets_of(events), SENDERS[: len(events)], losses))
    assert not losses
    for camera, expected in enumerate(events):
        found = gathered(chunks, camera)
        for column, other in zip(found, expected, strict=True):
            assert np.array_equal(column, other)


def test_packets_are_those_of_a_driver() -> None:
    chunks = packets_of(scene().cameras)
    assert all(before.t_ns <= after.t_ns for before, after in pairwise(chunks))
    for camera, events in enumerate(scene().cameras):
        packets = [chunk.events for chunk in chunks if chunk.camera == camera]
        ends_ns = [chunk.t_ns for chunk in chunks if chunk.camera == camera]
        assert [packet.seq for packet in packets] == list(range(len(packets)))
        for packet, end_ns in zip(packets, ends_ns, strict=True):
            assert isinstance(packet, Packet)
            assert (packet.encoding, packet.width, packet.height) == ('evt3', WIDTH, HEIGHT)
            assert packet.frame_id == f'{"lr"[camera]}_eye'
            assert 0 <= end_ns - packet.stamp_ns < CELL_NS
        assert packets[0].stamp_ns == events.t_ns[0]


def test_nanoseconds_are_cut_to_microseconds() -> None:
    events = EventArrays(*(np.array(column) for column in ([1999, 2000], [1, 2], [3, 4], [0, 1])))
    chunks = list(as_arrays(packets_of((events,)), SENDERS[:1], Counter()))
    assert gathered(chunks, 0).t_ns.tolist() == [1000, 2000]


def test_packets_pass_and_events_behind_are_counted() -> None:
    packet = EventChunk(0, 5, packets_of(scene().cameras)[0].events)
    events = EventArrays(*(np.array(column) for column in ([9000, 9000], [1, 2], [3, 4], [0, 1])))
    behind = EventArrays(*(np.array(column) for column in ([8000, 9000], [1, 2], [3, 4], [0, 1])))
    chunks = [packet, EventChunk(1, 9000, events), EventChunk(1, 9000, behind)]
    losses: Counter[str] = Counter()
    packets = list(as_packets(chunks, CAMERAS, losses))
    assert packets[0] is packet
    assert losses == {BACKWARD: 1}
    assert [chunk.t_ns for chunk in packets] == [5, 9000, 9000]


def test_a_camera_with_too_many_pixels_is_refused() -> None:
    camera = EventCamera('wide', 4096, 100)
    chunks = merged([[many_events(10, 4096, 100)]])
    with pytest.raises(RecordingError, match=r'4096 x 100 pixels, but evt3 .* 2048'):
        list(as_packets(chunks, [camera], Counter()))


def test_a_clock_that_is_set_forward_by_decades_takes_no_memory() -> None:
    decades_ns = 50 * 365 * 86_400 * 10**9
    times_ns = (1000, decades_ns, decades_ns + 1000)
    chunks = [
        EventChunk(0, t_ns, EventArrays(*(np.array([value]) for value in (t_ns, 1, 3, 1))))
        for t_ns in times_ns
    ]
    packets = [chunk.events for chunk in as_packets(chunks, CAMERAS[:1], Counter())]
    assert [packet.seq for packet in packets] == [0, 1, 2]
    assert [packet.stamp_ns for packet in packets] == list(times_ns)
    assert all(len(packet.data) < 20 for packet in packets)
