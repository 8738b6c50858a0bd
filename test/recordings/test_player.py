"""Playing a recording through a waiting function that takes no time."""

from pathlib import Path

import pytest
from synthetic_stream import PACKET_US, TOPICS, TRUTH_TOPIC, packets, write_recording

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.player import Player
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter

DURATION_US = 500_000


@pytest.fixture(scope='module')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp('player') / 'stereo', DURATION_US)


def play(
    path: Path, stop_after: int | None = None, others: tuple[str, ...] = (), restamp: bool = False
) -> list[tuple[str, bytes]]:
    """Return what a player sends until it is told to stop."""
    sent: list[tuple[str, bytes]] = []
    player = Player(
        path,
        TOPICS,
        others,
        rate=1.0,
        restamp=restamp,
        wait=lambda seconds: len(sent) == stop_after,
        send=lambda topic, cdr: sent.append((topic, cdr)),
    )
    player.play()
    return sent


def test_every_window_closes_and_no_empty_one(recording: Path) -> None:
    codec = MessageCodec(message_types())
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, 346, 260)

    for topic, cdr in play(recording):
        binner.push(TOPICS.index(topic), codec.packet(cdr), now_ns=0)
    binner.poll(now_ns=10**12)

    assert binner.counters.windows_closed == DURATION_US // 50_000
    assert (binner.counters.windows_empty, binner.counters.windows_incomplete) == (0, 0)


def test_a_camera_that_ends_early_is_brought_up_to_the_other(tmp_path: Path) -> None:
    with RecordingWriter(tmp_path / 'uneven', about={}) as writer:
        for camera, duration_us in enumerate((300_000, 100_000)):
            for packet in packets(camera, duration_us):
                writer.write_packet(TOPICS[camera], packet.stamp_ns, packet, 'camera')
    codec = MessageCodec(message_types())

    last = dict(play(tmp_path / 'uneven'))
    ends = [codec.packet(last[topic]).stamp_ns for topic in TOPICS]

    assert ends[0] == pytest.approx(ends[1], abs=2 * PACKET_US * 1000)


def test_windows_end_where_the_truth_was_taken(recording: Path) -> None:
    codec = MessageCodec(message_types())
    binner = Binner(2, 50_000_000, 50_000_000, 100_000_000, 346, 260)
    ends, truths = [], []

    for topic, cdr in play(recording, others=(TRUTH_TOPIC,), restamp=True):
        if topic == TRUTH_TOPIC:
            truths.append(codec.depth(cdr)[0])
        else:
            frames = binner.push(TOPICS.index(topic), codec.packet(cdr), now_ns=0)
            ends += [frame.stamp_ns for frame in frames]

    assert len(ends) == DURATION_US // 50_000
    assert ends == pytest.approx(truths, abs=PACKET_US * 1000)


def test_it_stops_when_told_to(recording: Path) -> None:
    assert len(play(recording, stop_after=7)) == 7
