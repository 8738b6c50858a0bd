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

"""Player, with a waiting function that returns at once."""

import shutil
import sqlite3
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.recordings.cdr import MessageCodec, message_types, stamp_ns
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.player import Player
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from testing.stripes import PACKET_US, TOPICS, TRUTH_TOPIC, packets, write_recording

DURATION_US = 500_000


@pytest.fixture(scope='module')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp('player') / 'stereo', DURATION_US)


def play(
    path: Path,
    stop_after: int | None = None,
    others: tuple[str, ...] = (),
    restamp: bool = False,
    problems: list[str] | None = None,
) -> list[tuple[str, bytes]]:
    """Return the messages that a player sends until it is stopped."""
    sent: list[tuple[str, bytes]] = []
    player = Player(
        path,
        TOPICS,
        others,
        rate=1.0,
        restamp=restamp,
        wait=lambda seconds: len(sent) == stop_after,
        send=lambda topic, cdr: sent.append((topic, cdr)),
        warn=(problems if problems is not None else []).append,
    )
    player.play()
    return sent


def test_every_window_closes_and_no_empty_one(recording: Path) -> None:
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, 346, 260)

    for topic, cdr in play(recording):
        binner.push(TOPICS.index(topic), read_packet(cdr), now_ns=0)
    binner.poll(now_ns=10**12)

    assert binner.counters.windows_closed == DURATION_US // 50_000
    assert (binner.counters.windows_empty, binner.counters.windows_incomplete) == (0, 0)


def test_a_camera_that_ends_early_is_advanced_to_the_other(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / 'uneven', about={}) as writer:
        for camera, duration_us in enumerate((300_000, 100_000)):
            for packet in packets(camera, duration_us):
                writer.write_packet(TOPICS[camera], packet.stamp_ns, packet, 'camera')

    last = dict(play(tmp_path / 'uneven'))
    ends = [read_packet(last[topic]).stamp_ns for topic in TOPICS]

    assert ends[0] == pytest.approx(ends[1], abs=2 * PACKET_US * 1000)


def test_windows_end_at_the_stamps_of_the_true_depth(recording: Path) -> None:
    codec = MessageCodec(message_types())
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, 346, 260)
    ends, truths = [], []

    for topic, cdr in play(recording, others=(TRUTH_TOPIC,), restamp=True):
        if topic == TRUTH_TOPIC:
            truths.append(codec.depth(cdr)[0])
        else:
            frames = binner.push(TOPICS.index(topic), read_packet(cdr), now_ns=0)
            ends += [frame.stamp_ns for frame in frames]

    assert len(ends) == DURATION_US // 50_000
    assert ends == pytest.approx(truths, abs=PACKET_US * 1000)


def test_stamps_move_by_the_packets_clock(tmp_path: Path) -> None:
    log_ns, years_ns = 10**13, 10**17
    depth = np.ones((4, 4), np.float32)
    with RecordingWriter(tmp_path / 'truth first', about={}) as writer:
        writer.write_depth(TRUTH_TOPIC, log_ns, log_ns, depth, 'camera')
        for camera, topic in enumerate(TOPICS):
            (packet,) = packets(camera, PACKET_US, stamp_ns=years_ns)
            writer.write_packet(topic, log_ns + 1, packet, 'camera')

    before_ns = time.time_ns()
    sent = play(tmp_path / 'truth first', others=(TRUTH_TOPIC,), restamp=True)

    stamps = [stamp_ns(cdr) for topic, cdr in sent if topic == TOPICS[0]]
    assert before_ns < stamps[0] < time.time_ns() + 1


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
        connection.execute('UPDATE messages SET data = ? WHERE id IN (1, 20, ?)', (damage, last))
    problems: list[str] = []

    whole, sent = play(recording, restamp=restamp), play(path, restamp=restamp, problems=problems)

    assert len(problems) == len(whole) - len(sent) >= 2
    assert all(f'A message of {len(damage)} bytes' in problem for problem in problems)


def test_a_last_stamp_near_32_bits_means_no_closing_packet(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / 'late', about={}) as writer:
        for camera, topic in enumerate(TOPICS):
            (packet,) = packets(camera, PACKET_US)
            late = replace(packet, stamp_ns=2**31 * 1_000_000_000 - 1)
            writer.write_packet(topic, packet.stamp_ns, late, 'camera')
    problems: list[str] = []

    assert len(play(tmp_path / 'late', problems=problems)) == 2
    assert len(problems) == 2


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
    ages_ns: list[int] = []

    def wait(seconds: float) -> bool:
        time.sleep(seconds)
        return False

    def send(topic: str, cdr: bytes) -> None:
        ages_ns.append(time.time_ns() - stamp_ns(cdr))

    Player(tmp_path / 'late', TOPICS, (), rate, True, wait, send, [].append).play()

    assert len(ages_ns) == 2 * (500_000 // PACKET_US + 1)
    assert min(ages_ns) > 0


def test_a_camera_whose_messages_are_all_damaged(tmp_path: Path) -> None:
    path = write_recording(tmp_path / 'damaged', 100_000)
    (database,) = path.glob('*.db3')
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE messages SET data = x'00' WHERE topic_id = 2")

    with pytest.raises(RecordingError, match="All messages of '/right/events' are damaged"):
        play(path)


def test_it_stops_when_wait_returns_true(recording: Path) -> None:
    assert len(play(recording, stop_after=7)) == 7
