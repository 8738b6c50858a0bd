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

"""Packets of a recording as arrays: one clock, order of time, and counted losses."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import BACKWARD, CELL_NS
from spike_depth_ros.recordings.decoded import UNREADABLE, WAIT_NS, as_arrays
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.packet_stream import LOST, OVERTAKEN, STALE
from spike_depth_ros.recordings.recording import EventCamera, EventChunk
from testing.cameras import HEIGHT, OFFSET_NS, WIDTH, Camera
from testing.recordings.scene import DEMO, scene

WRAP_US = 2**24
CAMERAS = (EventCamera('left', WIDTH, HEIGHT, 'evt3'), EventCamera('right', WIDTH, HEIGHT, 'evt3'))
Row = tuple[int, int, int, int, int]  # camera, t_ns, x, y, polarity


def arrays(chunks: list[EventChunk], cameras: int = 2) -> tuple[list[Row], Counter[str]]:
    """Return the events in their order, and the losses."""
    losses: Counter[str] = Counter()
    rows: list[Row] = []
    found = list(as_arrays(chunks, CAMERAS[:cameras], losses))
    assert all(before.t_ns <= after.t_ns for before, after in pairwise(found))
    for camera, t_ns, events in found:
        assert not isinstance(events, Packet)
        assert t_ns == events.t_ns[-1]
        assert events.t_ns[0] // CELL_NS == t_ns // CELL_NS
        rows += [(camera, *row) for row in np.stack(events, 1).tolist()]
    return rows, losses


def chunk(camera: int, packet: Packet, late_ns: int = 0, log_ns: int = 0) -> EventChunk:
    """Return a packet whose header stamp is late, logged at the stamp and some time."""
    stamp_ns = packet.stamp_ns + late_ns
    return EventChunk(camera, stamp_ns + log_ns, replace(packet, stamp_ns=stamp_ns))


def test_the_demo_recording_comes_out_as_the_scene() -> None:
    """A constant aside: the stamp of a packet is some microseconds before its first event."""
    blocks: list[list[EventArrays]] = [[], []]
    with open_recording(DEMO) as recording:
        packets = recording.events(recording.cameras, None, scene().end_ns + 1)
        for camera, _, events in as_arrays(packets, recording.cameras, recording.losses):
            assert not isinstance(events, Packet)
            blocks[camera].append(events)
        assert not recording.losses
    shifts_ns = set()
    for of_camera, expected in zip(blocks, scene().cameras, strict=True):
        t_ns, *columns = (np.concatenate(column) for column in zip(*of_camera, strict=True))
        shifts_ns |= set((expected.t_ns - t_ns).tolist())
        for column, other in zip(columns, expected[1:], strict=True):
            assert np.array_equal(column, other)
    assert len(shifts_ns) == 1
    assert 0 <= shifts_ns.pop() < 100_000


def test_trap_10_two_cameras_that_wrap_apart_stay_on_one_clock() -> None:
    """Trap 10: EVT3 wraps per camera (2^24 us): left and right are not 16.777 s apart."""
    left, right = Camera('evt3'), Camera('evt3')
    near_us = WRAP_US - 3000
    # The right decoder starts after the wrap: it knows 1,000 us only; header stamps scatter.
    chunks = [
        chunk(0, left.send([(near_us, 1, 1, 1), (near_us + 10, 2, 1, 1)]), 1_500_000),
        chunk(0, left.send([(near_us + 4000, 3, 1, 1)]), 700_000),
        chunk(1, right.send([(near_us + 4000, 4, 1, 0)]), 2_000_000),
        chunk(1, right.send([(near_us + 9000, 5, 1, 0)]), 900_000),
    ]
    rows, losses = arrays(chunks)
    assert not losses
    clock_ns = OFFSET_NS + 700_000 + near_us * 1000  # the soonest packet of the left camera
    assert [(row[0], row[1] - clock_ns, row[2]) for row in rows] == [
        (0, 0, 1),
        (0, 10_000, 2),
        (0, 4_000_000, 3),
        (1, 4_000_000, 4),
        (1, 9_000_000, 5),
    ]


def test_cameras_of_two_clocks_follow_their_header_stamps() -> None:
    left, right = Camera('evt3'), Camera('evt3')
    chunks = [
        chunk(0, left.send([(1000, 1, 1, 1)])),
        chunk(1, right.send([(5_000_000, 2, 1, 1)]), -4_000_000_000),  # 1.001 s by its stamp
    ]
    rows, _ = arrays(chunks)
    assert [row[1] - OFFSET_NS for row in rows] == [1_000_000, 1_000_000_000]


def test_a_silence_of_several_wraps_is_bridged_by_header_stamps() -> None:
    camera, later = Camera('evt3'), Camera('evt3')
    later.seq = 1  # its words do not count the wraps
    gap_us = 3 * WRAP_US + 77
    chunks = [
        chunk(0, camera.send([(1000, 1, 1, 1)])),
        chunk(0, later.send([(1000 + gap_us, 2, 1, 1)])),
    ]
    rows, losses = arrays(chunks, 1)
    assert rows[1][1] - rows[0][1] == gap_us * 1000
    assert not losses


def test_a_restarted_driver_takes_its_time_from_its_stamp() -> None:
    camera, again = Camera('evt3'), Camera('evt3')
    first = camera.send([(9_000_000, 1, 1, 1)])
    second = again.send([(5, 2, 1, 1)])
    chunks = [chunk(0, first), EventChunk(0, 0, replace(second, stamp_ns=first.stamp_ns + 10**10))]
    rows, _ = arrays(chunks, 1)
    assert rows[1][1] - rows[0][1] == 10**10


def test_a_restart_that_goes_back_is_counted_while_events_wait() -> None:
    """Trap 15: times that step back are dropped and counted, never handed on."""
    left, again, right = Camera('evt3'), Camera('evt3'), Camera('evt3')
    first = left.send([(9_000_000, 1, 1, 1)])
    again.seq = 1
    second = again.send([(5_000_000, 2, 1, 1), (5_600_000, 3, 1, 1)])
    back = EventChunk(0, first.stamp_ns + 1, replace(second, stamp_ns=first.stamp_ns - 5 * 10**8))
    chunks = [chunk(1, right.send([(8_500_000, 4, 1, 1)])), chunk(0, first), back]
    rows, losses = arrays(chunks)
    assert [row[2] for row in rows] == [4, 1, 3]
    assert losses == {BACKWARD: 1}


@pytest.mark.parametrize('encoding', ['libcaer', 'libcaer_cmp', 'mono', 'dvs_msgs'])
def test_events_of_absolute_encodings_keep_their_distances(encoding: str) -> None:
    camera = Camera(encoding)
    chunks = [
        chunk(0, camera.send([(10, 1, 1, 1), (20, 2, 2, 0)])),
        chunk(0, camera.send([(60_000_000, 3, 3, 1)])),
    ]
    rows, losses = arrays(chunks, 1)
    assert [row[1] - rows[0][1] for row in rows] == [0, 10_000, 59_999_990_000]
    # The events of an EventArray have ROS time themselves.
    assert rows[0][1] == 10_000 + (0 if encoding == 'dvs_msgs' else OFFSET_NS)
    assert not losses


def test_lost_late_and_unreadable_packets_are_counted() -> None:
    camera = Camera('evt3')
    packets = [camera.send([(1000 * n + 1, n, 1, 1)]) for n in range(5)]
    chunks = [chunk(0, packets[n]) for n in (0, 2, 1, 4)]
    chunks.insert(1, chunk(0, replace(packets[0], encoding='evt9')))
    rows, losses = arrays(chunks, 1)
    assert [row[2] for row in rows] == [0, 2, 4]
    assert losses == {LOST: 2, OVERTAKEN: 1, UNREADABLE: 1}


def test_events_before_the_first_time_are_counted() -> None:
    words = np.array([0x0001, 0x2005, 0x8001, 0x6002, 0x0001, 0x2006], '<u2').view(np.uint8)
    packet = Packet('evt3', WIDTH, HEIGHT, 0, 10**9, 0, False, words)
    rows, losses = arrays([EventChunk(0, 10**9, packet)], 1)
    assert rows == [(0, 10**9, 6, 1, 0)]
    assert losses == {STALE: 1}


def test_packets_logged_late_come_in_the_order_of_their_events() -> None:
    """Trap 4: the log times of packets are later than their events, by up to a packet's length."""
    left, right = Camera('evt3'), Camera('evt3')
    chunks = [
        chunk(0, left.send([(40_000, 1, 1, 1), (60_000, 2, 1, 1)]), log_ns=1),
        chunk(1, right.send([(30_000, 3, 1, 1), (50_000, 4, 1, 1)]), log_ns=33_000_000),
    ]
    rows, losses = arrays(chunks)
    assert [row[2] for row in rows] == [3, 1, 4, 2]
    assert not losses


def test_a_camera_that_stays_behind_does_not_hold_all_events() -> None:
    left, right = Camera('evt3'), Camera('evt3')
    chunks = [chunk(1, right.send([(1, 9, 1, 1)]))]
    chunks += [chunk(0, left.send([(100_000 * n + 2, 1, 1, 1)])) for n in range(30)]
    chunks += [chunk(1, right.send([(3, 8, 1, 1), (2_950_000, 7, 1, 1)]), log_ns=10**10)]
    losses: Counter[str] = Counter()
    taken = 0

    def source() -> object:
        nonlocal taken
        for each in chunks:
            taken += 1
            yield each

    held = 0
    for each in as_arrays(source(), CAMERAS, losses):
        held = max(held, (chunks[taken - 1].t_ns - each.t_ns) if taken < len(chunks) else 0)
    assert WAIT_NS <= held < WAIT_NS + 2 * 10**8
    assert losses == {BACKWARD: 1}


def test_arrays_pass() -> None:
    events = scene().left.select(slice(0, 10))
    only = EventChunk(0, int(events.t_ns[-1]), events)
    (found,) = as_arrays([only], [EventCamera('left', WIDTH, HEIGHT)], Counter())
    assert found is only
    (found,) = as_arrays([only], CAMERAS[:1], Counter())  # another camera might have packets
    assert found.events.t_ns.tolist() == events.t_ns.tolist()
