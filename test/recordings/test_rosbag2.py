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

"""Recordings: layout of ros2 bag, round trip, real recordings, broken recordings."""

import re
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from ruamel.yaml import YAML

from spike_depth_ros.events.fields import CdrFields
from spike_depth_ros.events.messages import EVENT_PACKET, read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.recordings.bags.images import read_compressed, to_depth
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.closing import closing_packet, stream_end
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter

START_NS = 1_795_215_600_000_000_000
PACKET = Packet('evt3', 346, 260, 0, START_NS, 0, False, np.arange(8, dtype=np.uint8))
DEPTH = np.linspace(0.5, 9.0, 12, dtype=np.float32).reshape(3, 4)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write two cameras and depth, out of log order, and return the recording's folder."""
    path = tmp_path / 'drive'
    with RecordingWriter(path, {'origin': 'simulated'}) as writer:
        for seq in range(3):
            stamp_ns = START_NS + seq * 5_000_000
            for side in ('left', 'right'):
                packet = replace(PACKET, seq=seq, stamp_ns=stamp_ns)
                writer.write_packet(f'/{side}/events', stamp_ns + 5_000_000, packet, side)
        writer.write_depth('/left/depth', START_NS + 7_000_000, START_NS, DEPTH, 'left')
    return path


def read_metadata(path: Path) -> dict[str, Any]:
    document = YAML(typ='safe').load((path / 'metadata.yaml').read_text())
    return document['rosbag2_bagfile_information']


def table_columns(path: Path) -> dict[str, list[tuple[str, str]]]:
    database = sqlite3.connect(f'file:{next(path.glob("*.db3"))}?immutable=1', uri=True)
    tables = [name for (name,) in database.execute('SELECT name FROM sqlite_master')]
    columns = {
        table: [row[1:3] for row in database.execute(f'PRAGMA table_info({table})')]
        for table in tables
    }
    database.close()
    return columns


def test_round_trip(folder: Path) -> None:
    with Recording(folder) as recording:
        assert recording.about == {'origin': 'simulated'}
        assert recording.start_ns == START_NS + 5_000_000
        assert recording.duration_ns == 10_000_000
        counts = {topic.name: topic.count for topic in recording.topics.values()}
        assert counts == {'/left/events': 3, '/right/events': 3, '/left/depth': 1}
        messages = list(recording.messages(recording.topics))
    times = [message.log_time_ns for message in messages]
    assert times == sorted(times)
    order = [message.topic for message in messages]
    assert (
        order
        == ['/left/events', '/right/events', '/left/depth']
        + [
            '/left/events',
            '/right/events',
        ]
        * 2
    )
    packet = read_packet(messages[-1].cdr)
    assert (packet.seq, packet.stamp_ns) == (2, START_NS + 10_000_000)
    assert packet.data.tolist() == PACKET.data.tolist()
    image = read_compressed(CdrFields(messages[2].cdr))
    assert image.stamp_ns == START_NS
    assert to_depth(image) == pytest.approx(DEPTH, abs=0.005)


def test_topics_are_chosen(folder: Path) -> None:
    with Recording(folder) as recording:
        assert {m.topic for m in recording.messages(['/left/depth'])} == {'/left/depth'}
        with pytest.raises(RecordingError, match="no topic '/imu'; it has /left/depth, /left/ev"):
            recording.messages(['/imu'])


def test_a_topic_that_lost_its_type_is_left_out(folder: Path) -> None:
    database = sqlite3.connect(next(folder.glob('*.db3')))
    database.executescript(
        'CREATE TABLE damaged AS SELECT * FROM topics; DROP TABLE topics;'
        'ALTER TABLE damaged RENAME TO topics;'
        "UPDATE topics SET type = NULL WHERE name = '/left/depth'"
    )
    database.close()
    with Recording(folder) as recording:
        assert set(recording.topics) == {'/left/events', '/right/events'}


def test_metadata_as_ros2_bag_reads_it(folder: Path) -> None:
    metadata = read_metadata(folder)
    assert metadata['version'] == 8
    assert metadata['storage_identifier'] == 'sqlite3'
    assert metadata['relative_file_paths'] == ['drive.db3']
    assert metadata['custom_data'] == {'origin': 'simulated'}
    topics = {
        entry['topic_metadata']['name']: entry['topic_metadata']
        for entry in metadata['topics_with_message_count']
    }
    # rmw's numbers: keep last 1; reliable 1, best effort 2; volatile 2.
    for name, depth, reliability in (('/left/events', 1000, 2), ('/left/depth', 10, 1)):
        assert topics[name]['serialization_format'] == 'cdr'
        (qos,) = YAML(typ='safe').load(topics[name]['offered_qos_profiles'])
        assert (qos['history'], qos['depth']) == (1, depth)
        assert (qos['reliability'], qos['durability']) == (reliability, 2)
        assert qos['deadline'] == {'sec': 9223372036, 'nsec': 854775807}


def test_layout_is_that_of_real_recordings(folder: Path, data: Path) -> None:
    ours, real = read_metadata(folder), read_metadata(data / 'evt3_640x480')
    assert ours.keys() == real.keys()
    our_topic = ours['topics_with_message_count'][0]['topic_metadata']
    real_topic = real['topics_with_message_count'][0]['topic_metadata']
    assert our_topic.keys() == real_topic.keys()
    for key in ('type', 'serialization_format', 'type_description_hash'):
        assert our_topic[key] == real_topic[key]
    assert ours['files'][0].keys() == real['files'][0].keys()
    assert table_columns(folder) == table_columns(data / 'evt3_640x480')
    # Written by ros2 bag itself (Humble), whose QoS must have the same fields.
    recorded = read_metadata(data / 'libcaer_640x480_rollover')['topics_with_message_count'][0]
    (our_qos,) = YAML(typ='safe').load(our_topic['offered_qos_profiles'])
    (real_qos,) = YAML(typ='safe').load(recorded['topic_metadata']['offered_qos_profiles'])
    assert our_qos.keys() == real_qos.keys()
    assert our_qos['lifespan'] == real_qos['lifespan']


@pytest.mark.parametrize(
    ('name', 'encoding', 'count', 'duration_ns'),
    [
        ('evt3_640x480', 'evt3', 517, 2_076_072_832),
        ('libcaer_640x480_rollover', 'libcaer', 201, 1_990_585_667),
    ],
)
def test_real_recordings(
    data: Path, name: str, encoding: str, count: int, duration_ns: int
) -> None:
    with Recording(data / name) as recording:
        assert recording.duration_ns == duration_ns
        packets = [read_packet(m.cdr) for m in recording.messages(['/event_camera/events'])]
    assert len(packets) == count
    assert {(p.encoding, p.width, p.height) for p in packets} == {(encoding, 640, 480)}
    seqs = [packet.seq for packet in packets]
    assert seqs == list(range(seqs[0], seqs[0] + count))


def test_an_mcap_whose_storage_identifier_is_empty(data: Path) -> None:
    """`ros2 bag reindex` writes it so; no event may be missing."""
    with Recording(data / 'mcap_empty_storage_identifier') as recording:
        packets = [read_packet(m.cdr) for m in recording.messages(['/event_camera/events'])]
    end = stream_end(packets[-16:])
    assert end is not None
    binner = Binner(1, 50_000_000, 50_000_000, 0, 346, 260)

    stream = [*packets, closing_packet(end, end.stamp_ns + 50_000_000)]
    frames = [frame for packet in stream for frame in binner.push(0, packet, 0)]

    assert len(packets) == 100
    assert {(packet.encoding, packet.width) for packet in packets} == {('libcaer_cmp', 346)}
    assert binner.counters.events_saturated == 0
    counts = np.sum([frame.counts.sum((0, 1), dtype=np.int64) for frame in frames], axis=0)
    assert counts.tolist() == [211_043, 360_223]


@pytest.mark.parametrize('compression', [CompressionMode.NONE, CompressionMode.MESSAGE])
def test_mcap(tmp_path: Path, compression: CompressionMode) -> None:
    types = message_types()
    cdr = MessageCodec(types).packet_to_cdr(PACKET, 'left')
    writer = Writer(tmp_path / 'drive', version=9, storage_plugin=StoragePlugin.MCAP)
    writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection('/events', EVENT_PACKET, typestore=types)
        for log_time_ns in (START_NS + 9, START_NS):
            writer.write(connection, log_time_ns, cdr)
    with Recording(tmp_path / 'drive') as recording:
        assert recording.about == {}
        assert recording.duration_ns == 9
        messages = [(m.log_time_ns, m.cdr) for m in recording.messages(['/events'])]
    assert messages == [(START_NS, cdr), (START_NS + 9, cdr)]


def test_an_existing_folder_is_not_overwritten(folder: Path) -> None:
    with pytest.raises(RecordingError, match='exists already: remove it'):
        RecordingWriter(folder, {})
    with Recording(folder) as recording:
        assert len(recording.topics) == 3


def make_missing(folder: Path) -> None:
    shutil.rmtree(folder)


def make_malformed(folder: Path) -> None:
    (folder / 'metadata.yaml').write_text('nothing: [of use')


def make_binary(folder: Path) -> None:
    (folder / 'metadata.yaml').write_bytes(b'\xff\xfe\x00\x80')


def make_incomplete(folder: Path) -> None:
    next(folder.glob('*.db3')).unlink()


def make_text(folder: Path) -> None:
    next(folder.glob('*.db3')).write_text('not a database')


def make_truncated(folder: Path) -> None:
    storage = next(folder.glob('*.db3'))
    storage.write_bytes(storage.read_bytes()[:5000])


def make_empty(folder: Path) -> None:
    shutil.rmtree(folder)
    with RecordingWriter(folder, {}):
        pass


@pytest.mark.parametrize(
    ('break_it', 'reason'),
    [
        (make_missing, 'does not exist: give the folder'),
        (make_malformed, 'cannot be read'),
        (make_binary, 'cannot be read'),
        (make_incomplete, 'cannot be read'),
        (make_text, 'cannot be read'),
        (make_truncated, 'cannot be read'),
        (make_empty, 'holds no message'),
    ],
)
def test_broken_recording(folder: Path, break_it: Any, reason: str) -> None:
    break_it(folder)
    with pytest.raises(RecordingError, match=reason) as caught:
        Recording(folder)
    assert '\n' not in str(caught.value)
    assert re.search(re.escape(str(folder)), str(caught.value))


def test_damage_within_a_message(tmp_path: Path) -> None:
    """A lost page shows only while streaming: the messages before it are read."""
    path = tmp_path / 'drive'
    large = replace(PACKET, data=np.full(100_000, 171, dtype=np.uint8))
    with RecordingWriter(path, {}) as writer:
        writer.write_packet('/events', START_NS, PACKET, 'left')
        writer.write_packet('/events', START_NS + 1, large, 'left')
    storage = path / 'drive.db3'
    content = bytearray(storage.read_bytes())
    page = content.index(bytes([171]) * 4000) // 4096 + 2
    content[page * 4096 : (page + 1) * 4096] = bytes(4096)
    storage.write_bytes(content)
    with Recording(path) as recording:
        messages = recording.messages(['/events'])
        assert next(messages).log_time_ns == START_NS
        with pytest.raises(RecordingError, match='cannot be read'):
            next(messages)
