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

"""Player, at a rate that does not wait."""

import shutil
import sqlite3
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.recordings.cameras import choose_cameras, choose_imu
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.player import Outputs, Part, Player
from spike_depth_ros.recordings.recording import DepthFrame, ImuSample
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from spike_depth_ros.recordings.schedule import Schedule
from testing.stripes import PACKET_US, TOPICS, TRUTH_TOPIC, packets, write_recording

DURATION_US = 500_000


@pytest.fixture(scope='module')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp('player') / 'stereo', DURATION_US)


class Sent:
    """Messages that a player has sent, and its warnings.

    Attributes:
        events: camera and packet of each message.
        depths: true depths with their new stamps.
        problems: warnings.
        losses: what the recording counted as lost.
    """

    def __init__(self) -> None:
        self.events: list[tuple[int, Packet]] = []
        self.depths: list[DepthFrame] = []
        self.imu: list[ImuSample] = []
        self.problems: list[str] = []
        self.losses: Counter[str] = Counter()
        self.ages_ns: list[int] = []

    def packets(self, camera: int) -> list[Packet]:
        """Return the packets of a camera."""
        return [packet for number, packet in self.events if number == camera]


def play(
    path: Path,
    stop_after: int | None = None,
    restamp: bool = False,
    rate: float = 1e6,
    offset_ns: int = 0,
    duration_ns: int | None = None,
) -> Sent:
    """Return what a player sends until it ends or is stopped."""
    sent, schedule = Sent(), Schedule(rate)

    def take(camera: int, cdr: bytes) -> None:
        packet = read_packet(cdr)
        sent.ages_ns.append(time.time_ns() - packet.stamp_ns)
        sent.events.append((camera, packet))
        if len(sent.events) == stop_after:
            schedule.stop()

    out = Outputs(
        take,
        lambda stream, frame: sent.depths.append(frame),
        sent.imu.append,
        sent.problems.append,
    )
    with open_recording(path) as recording:
        cameras = choose_cameras(recording)
        imu = choose_imu(recording, cameras[0])
        part = Part(cameras, recording.depth_streams, offset_ns, duration_ns, imu)
        Player(recording, part, schedule, rate, restamp, out).play()
        sent.losses = recording.losses
    return sent


def windows(sent: Sent) -> tuple[Binner, list[int]]:
    """Return a binner that received all packets, and the stamps of its windows."""
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, 346, 260)
    frames = [f for camera, packet in sent.events for f in binner.push(camera, packet, now_ns=0)]
    frames += binner.poll(now_ns=10**12)
    return binner, [frame.stamp_ns for frame in frames]


def test_every_window_closes_and_no_empty_one(recording: Path) -> None:
    binner, _ = windows(play(recording))

    assert binner.counters.windows_closed == DURATION_US // 50_000
    assert (binner.counters.windows_empty, binner.counters.windows_incomplete) == (0, 0)


def test_a_camera_that_ends_early_is_advanced_to_the_other(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / 'uneven', about={}) as writer:
        for camera, duration_us in enumerate((300_000, 100_000)):
            for packet in packets(camera, duration_us):
                writer.write_packet(TOPICS[camera], packet.stamp_ns, packet, 'camera')

    sent = play(tmp_path / 'uneven')
    ends = [sent.packets(camera)[-1].stamp_ns for camera in range(2)]

    assert ends[0] == pytest.approx(ends[1], abs=2 * PACKET_US * 1000)


@pytest.mark.parametrize('restamp', [False, True])
@pytest.mark.parametrize('clock_ns', [0, 10**17])
def test_windows_end_at_the_stamps_of_the_true_depth(
    tmp_path: Path, restamp: bool, clock_ns: int
) -> None:
    path = write_recording(tmp_path / 'stereo', DURATION_US, stamp_ns=clock_ns)
    sent = play(path, restamp=restamp)
    _, ends = windows(sent)

    assert len(ends) == DURATION_US // 50_000
    assert ends == pytest.approx([depth.t_ns for depth in sent.depths], abs=PACKET_US * 1000)


def test_stamps_move_by_the_packets_clock(tmp_path: Path) -> None:
    log_ns, years_ns = 10**13, 10**17
    depth = np.ones((4, 4), np.float32)
    with RecordingWriter(tmp_path / 'truth first', about={}) as writer:
        writer.write_depth(TRUTH_TOPIC, log_ns, log_ns, depth, 'camera')
        for camera, topic in enumerate(TOPICS):
            (packet,) = packets(camera, PACKET_US, stamp_ns=years_ns)
            writer.write_packet(topic, log_ns + 1, packet, 'camera')

    before_ns = time.time_ns()
    sent = play(tmp_path / 'truth first', restamp=True, rate=1)

    assert before_ns < sent.packets(0)[0].stamp_ns < time.time_ns() + 1


@pytest.mark.parametrize('damage', [b'', b'\0\1\0\0', b'\0\1\0\0' + b'\xff' * 40])
@pytest.mark.parametrize('restamp', [False, True])
def test_a_damaged_message_is_left_out(
    recording: Path, tmp_path: Path, damage: bytes, restamp: bool
) -> None:
    path = tmp_path / 'damaged'
    shutil.copytree(recording, path)
    (database,) = path.glob('*.db3')
    with closing(sqlite3.connect(database)) as connection, connection:
        (last,) = connection.execute('SELECT MAX(id) FROM messages').fetchone()
        connection.execute('UPDATE messages SET data = ? WHERE id IN (1, 7, ?)', (damage, last))

    whole, sent = play(recording, restamp=restamp), play(path, restamp=restamp)

    lost = len(whole.events) - len(sent.events) + len(whole.depths) - len(sent.depths)
    assert sum(sent.losses.values()) == lost == 3
    assert not whole.losses


def test_a_last_stamp_near_32_bits_means_no_closing_packet(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / 'late', about={}) as writer:
        for camera, topic in enumerate(TOPICS):
            (packet,) = packets(camera, PACKET_US)
            late = replace(packet, stamp_ns=2**31 * 1_000_000_000 - 1)
            writer.write_packet(topic, packet.stamp_ns, late, 'camera')

    sent = play(tmp_path / 'late')
    assert len(sent.events) == 2
    assert len(sent.problems) == 2


@pytest.mark.parametrize(('rate', 'clock_ns'), [(1.0, 0), (1.0, 10**17), (8.0, -(10**12))])
def test_no_packet_is_stamped_later_than_it_is_sent(
    tmp_path: Path, rate: float, clock_ns: int
) -> None:
    """The first packets are logged 0.4 s late, all at once, as by a starting recorder."""
    log_ns = 10**13
    with RecordingWriter(tmp_path / 'late', about={}) as writer:
        for camera, topic in enumerate(TOPICS):
            for packet in packets(camera, 500_000):
                due_ns = packet.stamp_ns - 1_000_000_000
                late = replace(packet, stamp_ns=log_ns + due_ns + clock_ns)
                logged_ns = log_ns + max(due_ns + 2_000_000, 400_000_000)
                writer.write_packet(topic, logged_ns, late, 'camera')

    sent = play(tmp_path / 'late', restamp=True, rate=rate)

    assert len(sent.ages_ns) == 2 * (500_000 // PACKET_US + 1)
    assert min(sent.ages_ns) > 0


def test_a_part_of_a_recording(recording: Path) -> None:
    whole = play(recording).packets(0)
    part = play(recording, offset_ns=100_000_000, duration_ns=200_000_000)

    first, count = 100_000 // PACKET_US, 200_000 // PACKET_US
    seqs = [packet.seq for packet in part.packets(0)]
    assert seqs == [packet.seq for packet in whole[first : first + count + 1]]
    assert len(part.depths) in (4, 5)


def test_a_part_without_events_is_one_sentence(recording: Path) -> None:
    with pytest.raises(RecordingError, match='no events 100 s after its first one'):
        play(recording, offset_ns=100_000_000_000)


def test_a_loop_resets_the_binner_once_a_round(tmp_path: Path) -> None:
    path, rounds = write_recording(tmp_path / 'stereo', DURATION_US), []
    for _ in range(2):
        rounds.append(play(path, restamp=True, rate=1.0))
    both = Sent()
    both.events = [event for sent in rounds for event in sent.events]

    binner, ends = windows(both)

    assert binner.counters.resets == 1
    assert len(ends) == pytest.approx(2 * DURATION_US // 50_000, abs=1)
    assert ends == sorted(ends)


def test_it_stops_in_the_middle(recording: Path) -> None:
    assert len(play(recording, stop_after=7).events) == 7
