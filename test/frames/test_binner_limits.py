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

"""Streams at and beyond the binner's limits."""

from dataclasses import replace

import numpy as np
import pytest
from frames.steady import assert_whole, push, steady, stereo

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import MAX_LATE
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.intake import MAX_MISFITS
from spike_depth_ros.frames.time_base import MAX_PACKET_NS
from spike_depth_ros.units import MS_NS
from testing.cameras import HEIGHT, WIDTH, Camera

EVENT = (0x0001, 0x2001)  # row 1, column 1


def evt3(words: list[int], seq: int = 0, stamp_ns: int = 10**18) -> Packet:
    data = np.array(words, '<u2').view(np.uint8)
    return Packet('evt3', WIDTH, HEIGHT, seq, stamp_ns, 0, False, data)


def mono_binner(hop_ms: int = 50) -> Binner:
    return Binner(1, 50 * MS_NS, hop_ms * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)


def test_time_that_runs_away_within_a_packet_is_a_reset() -> None:
    binner = mono_binner()
    # An event each 12 steps of TIME_HIGH, 49 ms: 128 kB of it last seven minutes.
    words = [word for high in range(0, 100_000, 12) for word in (0x8000 | high & 0xFFF, *EVENT)]
    frames = binner.push(0, evt3([0x8000, 0x6000, *words]), 0)
    assert len(frames) <= MAX_PACKET_NS // (49 * MS_NS) + 1
    assert binner.counters.resets == 1
    assert binner.counters.cameras[0].packets_wrong_time == 1
    clean = steady(Camera('evt3'), 10_000_000, 10**18 - 13 * 10**9, steps=20)
    assert sum(len(binner.push(0, packet, 0)) for packet in clean) == 3


@pytest.mark.parametrize('waits', [True, False])
def test_events_after_lost_packets_are_stale_also_while_packets_wait(waits: bool) -> None:
    binner = stereo()
    start = evt3([0x8100, 0x6000, *EVENT], 0)
    after_loss = evt3([0x2001, 0x8100, 0x6001, *EVENT], 2)
    right = replace(start, data=start.data)
    order = [(0, start), (0, after_loss), (1, right)]
    for camera, packet in order if waits else [order[0], order[2], order[1]]:
        binner.push(camera, packet, 0)
    counters = binner.counters.cameras[0]
    assert (counters.packets_lost, counters.events, counters.events_stale) == (1, 3, 1)


def test_a_camera_that_changes_its_size_is_a_reset_after_some_packets() -> None:
    binner = mono_binner()
    other = replace(Camera('mono').send([(1, 1, 1, 1)]), width=WIDTH + 1)
    binner.push(0, other, 0)
    stream = steady(Camera('mono'), 20_000, steps=100)
    frames = [frame for n, packet in enumerate(stream) for frame in binner.push(0, packet, n)]
    assert binner.counters.cameras[0].packets_wrong_form == MAX_MISFITS
    assert binner.counters.resets == 1
    assert [frame.counts[1, 1, 0] for frame in frames[1:]] == [5] * len(frames[1:])
    assert len(frames) >= 17


@pytest.mark.parametrize('encoding', ['evt3', 'mono', 'dvs_msgs'])
def test_a_short_recording_may_loop(encoding: str) -> None:
    binner = stereo()
    for turn in range(4):
        streams = [steady(Camera(encoding), 10_000_000, steps=60) for _ in range(2)]
        frames = push(binner, *streams, start_ns=turn * 600 * MS_NS)
        assert_whole(frames[-9:], 9)
        assert binner.counters.resets == turn
    assert binner.counters.cameras[0].packets_out_of_order == 3 * MAX_LATE


def test_a_driver_that_does_not_count_its_packets() -> None:
    binner = stereo()
    streams = [[replace(packet, seq=0) for packet in steady(Camera('mono'), 0)] for _ in range(2)]
    assert_whole(push(binner, *streams), 5)
    assert binner.counters.resets == 0
    assert binner.counters.cameras[0].packets_lost == 0


def test_overlapping_windows_have_all_events_of_a_camera_or_none() -> None:
    binner = Binner(2, 50 * MS_NS, 10 * MS_NS, 100 * MS_NS, WIDTH, HEIGHT)
    left, right = (steady(Camera('mono'), 0, steps=60) for _ in range(2))
    frames = []
    for n, packet in enumerate(left):
        now_ns = n * 10 * MS_NS
        frames += binner.push(0, packet, now_ns)
        if n < 10 or n >= 30:  # silent in between; its packets then arrive all at once
            frames += binner.push(1, right[n], now_ns)
        if n == 29:
            for late in right[10:30]:
                frames += binner.push(1, late, now_ns)
    seen = [int(frame.counts[1, 1, 2]) for frame in frames]
    assert set(seen[4:]) == {0, 5}
    assert 0 < seen[4:].count(0) == binner.counters.windows_incomplete
    assert all(frame.counts[1, 1, 0] == 5 for frame in frames[4:])
