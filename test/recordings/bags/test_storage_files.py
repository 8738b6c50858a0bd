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

"""Storage files of rosbag2: compressed, cut off, without metadata, unmerged."""

import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from recordings.bags.storage import MESSAGES, PACKET, TOPIC, count, cut, edit, refusal, write
from rosbags.rosbag2 import CompressionMode, StoragePlugin

from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.recordings.rosbag2 import Recording


def test_compressed_files_are_read(packed: Path) -> None:
    assert count(packed) == MESSAGES


def test_compressed_and_cut_off(packed: Path) -> None:
    cut(packed / 'packed.db3.zstd')

    assert 'cannot be read (Compressed file ended' in refusal(packed)


@pytest.mark.parametrize('storage', [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_a_compressed_message_that_is_cut_off(tmp_path: Path, storage: StoragePlugin) -> None:
    folder = write(tmp_path / 'drive', storage, CompressionMode.MESSAGE)
    assert count(folder) == MESSAGES
    (file,) = (*folder.glob('*.db3'), *folder.glob('*.mcap'))
    content = bytearray(file.read_bytes())
    start = content.rindex(b'\x28\xb5\x2f\xfd')
    content[start + 4 : start + 8] = b'\xff' * 4
    file.write_bytes(content)

    assert 'cannot be read' in refusal(folder)


@pytest.mark.parametrize('renamed', [False, True])
def test_decompressed_by_hand(tmp_path: Path, packed: Path, renamed: bool) -> None:
    (packed / 'packed.db3.zstd').unlink()
    shutil.copy(write(tmp_path / 'plain') / 'plain.db3', packed / 'packed.db3')
    if renamed:
        edit(packed, 'packed.db3.zstd', 'packed.db3')

    assert "packed.db3' cannot be read: it is not compressed, although its" in refusal(packed)
    assert count(packed / 'packed.db3') == MESSAGES


def test_compressed_by_hand(tmp_path: Path, plain: Path, packed: Path) -> None:
    shutil.copy(packed / 'packed.db3.zstd', plain / 'drive.db3')

    assert 'is compressed with zstd: give the folder' in refusal(plain)


def test_a_compressed_file_alone(packed: Path) -> None:
    file = packed / 'packed.db3.zstd'
    assert count(file) == MESSAGES
    assert 'is compressed with zstd: give the folder' in refusal(file.rename(packed / 'drive'))


@pytest.mark.parametrize('storage', [StoragePlugin.SQLITE3, StoragePlugin.MCAP])
def test_a_file_of_compressed_messages_alone(tmp_path: Path, storage: StoragePlugin) -> None:
    """Trap 13: without metadata.yaml nothing says so, and zstd frames must not pass as CDR."""
    folder = write(tmp_path / 'drive', storage, CompressionMode.MESSAGE)
    (file,) = (*folder.glob('*.db3'), *folder.glob('*.mcap'))
    with Recording(file) as recording:
        seqs = [read_packet(message.cdr).seq for message in recording.messages([TOPIC])]
    assert seqs == list(range(MESSAGES))


def test_files_without_metadata(tmp_path: Path, plain: Path) -> None:
    """A killed recorder leaves the parts of a split recording, in the order of their numbers."""
    folder = tmp_path / 'killed'
    folder.mkdir()
    for number in (9, 10):
        shutil.copy(plain / 'drive.db3', folder / f'killed_{number}.db3')
        with closing(sqlite3.connect(folder / f'killed_{number}.db3')) as database, database:
            database.execute('UPDATE messages SET timestamp = timestamp + ?', (1000 * number,))
    with Recording(folder) as recording:
        times = [message.log_time_ns for message in recording.messages([TOPIC])]
        assert 'has no metadata.yaml: all of its files are read' in recording.notes[0]
    assert times == [1000 * n + 1000 + i for n in (9, 10) for i in range(MESSAGES)]
    shutil.copy(plain / 'drive.db3', folder / 'other.db3')
    assert 'are not the parts of one recording: give one of them' in refusal(folder)


@pytest.mark.parametrize('compression', [CompressionMode.NONE, CompressionMode.STORAGE])
@pytest.mark.parametrize('share', [0.3, 0.8, 0.97])
def test_an_mcap_without_its_end(
    tmp_path: Path, compression: CompressionMode, share: float
) -> None:
    """A recorder that is killed writes no summary: all complete chunks are read."""
    noise = np.random.default_rng(0).integers(0, 256, 400_000, np.uint8)
    folder = write(tmp_path / 'drive', StoragePlugin.MCAP, compression, noise)
    content = (folder / 'drive.mcap').read_bytes()
    killed = tmp_path / 'killed_0.mcap'
    killed.write_bytes(content[: int(len(content) * share)])

    with Recording(killed) as recording:
        seqs = [read_packet(message.cdr).seq for message in recording.messages([TOPIC])]
        assert 'has no end, as a killed recorder leaves it' in recording.notes[0]

    assert seqs == list(range(len(seqs)))
    assert 0 < len(seqs) < MESSAGES
    assert len(seqs) >= MESSAGES * share - 3  # of a chunk
    assert killed.stat().st_size == int(len(content) * share)


def test_an_mcap_without_chunks_and_without_its_end(mcap: Path) -> None:
    file = mcap / 'chunks.mcap'
    file.write_bytes(without_chunks(file.read_bytes())[:-60])

    assert 0 < count(file) < MESSAGES


def test_files_that_overlap_in_time(tmp_path: Path, plain: Path) -> None:
    for number in (0, 1):
        shutil.copy(plain / 'drive.db3', tmp_path / f'part_{number}.db3')
    with Recording(tmp_path) as recording:
        times = [message.log_time_ns for message in recording.messages([TOPIC])]
    assert times == sorted(2 * [1000 + i for i in range(MESSAGES)])


def test_a_file_that_metadata_does_not_name(plain: Path) -> None:
    shutil.copy(plain / 'drive.db3', plain / 'drive_1.db3')
    with Recording(plain) as recording:
        assert "also has 'drive_1.db3', which its metadata.yaml does not" in recording.notes[0]
        assert len(list(recording.messages([TOPIC]))) == MESSAGES


def test_messages_from_a_log_time_on(plain: Path, mcap: Path) -> None:
    for path in (plain, mcap):
        with Recording(path) as recording:
            times = [message.log_time_ns for message in recording.messages([TOPIC], 1015)]
        assert times == [1015, 1016, 1017, 1018, 1019]


def test_another_compression(packed: Path) -> None:
    edit(packed, 'compression_format: zstd', 'compression_format: lz4')

    assert "compressed with 'lz4', but only zstd is read" in refusal(packed)


def leave_log(database: Path, journal_mode: str = 'WAL') -> None:
    """Move half of the messages into the journal that a killed recorder leaves behind."""
    connection = sqlite3.connect(database, isolation_level=None)
    rows = connection.execute('SELECT * FROM messages WHERE id > 10').fetchall()
    connection.execute('DELETE FROM messages WHERE id > 10')
    connection.execute('VACUUM')
    connection.execute(f'PRAGMA journal_mode={journal_mode}')
    connection.execute('PRAGMA cache_size=1')  # pages are written before the transaction ends
    connection.execute('BEGIN')
    connection.executemany('INSERT INTO messages VALUES (?, ?, ?, ?)', rows)
    if journal_mode == 'WAL':
        connection.execute('COMMIT')
    else:
        connection.execute('UPDATE messages SET data = zeroblob(20000)')
    names = [database, *database.parent.glob(f'{database.name}-*')]
    copies = [(name, name.read_bytes()) for name in names]
    connection.close()
    for name, content in copies:
        name.write_bytes(content)


@pytest.mark.parametrize(('mode', 'ending'), [('WAL', '-wal'), ('DELETE', '-journal')])
def test_messages_that_are_not_merged(plain: Path, mode: str, ending: str) -> None:
    database = plain / 'drive.db3'
    leave_log(database, mode)
    assert Path(f'{database}{ending}').stat().st_size > 32

    for path in (plain, database):
        sentence = refusal(path)
        assert f"'drive.db3{ending}' beside it holds a part" in sentence
        assert f"`sqlite3 {database} 'PRAGMA journal_mode=DELETE'`" in sentence
    connection = sqlite3.connect(database)  # the command that the sentence gives
    connection.execute('PRAGMA journal_mode=DELETE')
    connection.close()
    if mode == 'WAL':
        assert count(plain) == MESSAGES


def test_a_log_that_was_not_copied(plain: Path) -> None:
    leave_log(plain / 'drive.db3')
    (plain / 'drive.db3-wal').unlink()

    assert 'counts 20 messages, but its files hold 10; copy all files' in refusal(plain)


def test_an_empty_log_is_fine(plain: Path) -> None:
    (plain / 'drive.db3-wal').touch()
    (plain / 'drive.db3-journal').write_bytes(bytes(512))  # as PRAGMA journal_mode=PERSIST does

    assert count(plain) == count(plain / 'drive.db3') == MESSAGES


def test_a_log_beside_the_second_of_several_files(tmp_path: Path, plain: Path) -> None:
    second = write(tmp_path / 'second') / 'second.db3'
    shutil.move(second, plain)
    edit(plain, '  - drive.db3\n', '  - drive.db3\n  - second.db3\n')
    assert count(plain) == 2 * MESSAGES
    leave_log(plain / 'second.db3')

    assert "'second.db3-wal' beside it" in refusal(plain)


@pytest.mark.parametrize('share', [0.0, 0.001, 0.1, 0.6, 0.99])
def test_cut_off(plain: Path, mcap: Path, share: float) -> None:
    cut(plain / 'drive.db3', share)
    cut(mcap / 'chunks.mcap', share)

    assert 'cannot be read' in refusal(plain)
    assert 'cannot be read' in refusal(mcap)
    if share > 0.01:
        assert 'its end is missing; copy it again, or give' in refusal(mcap)
    if share < 0.9:  # its only chunk is cut
        assert 'cannot be read' in refusal(mcap / 'chunks.mcap')


def without_chunks(content: bytes) -> bytes:
    """Return an mcap file of one chunk as one without chunks and without a summary."""
    chunk = content.index(b'\x06', content.index(b'rosbags-'))
    start, length = chunk + 9, struct.unpack_from('<Q', content, chunk + 1)[0]
    records = content[start + 40 : start + length]  # uncompressed
    footer = b'\x02' + struct.pack('<QQQI', 20, 0, 0, 0)
    return content[:chunk] + records + footer + content[:8]


def test_mcap_without_index(mcap: Path) -> None:
    """The file has neither summary nor chunks, which a writer may leave out."""
    file = mcap / 'chunks.mcap'
    file.write_bytes(without_chunks(file.read_bytes()))

    assert count(mcap) == count(file) == MESSAGES


def test_mcap_with_a_damaged_chunk(mcap: Path) -> None:
    file = mcap / 'chunks.mcap'
    content = bytearray(file.read_bytes())
    packet = content.index(PACKET.data.tobytes())
    content[packet + 100 : packet + 400] = b'\xff' * 300
    file.write_bytes(content)

    assert 'cannot be read' in refusal(mcap)


@pytest.mark.parametrize(
    ('storage', 'identifier'),
    [(StoragePlugin.SQLITE3, 'mcap'), (StoragePlugin.SQLITE3, ''), (StoragePlugin.MCAP, '')],
)
@pytest.mark.parametrize('compression', [CompressionMode.NONE, CompressionMode.FILE])
def test_the_content_decides_the_storage(
    tmp_path: Path, storage: StoragePlugin, identifier: str, compression: CompressionMode
) -> None:
    folder = write(tmp_path / 'drive', storage, compression)
    edit(folder, f'identifier: {storage.name.lower()}', f"identifier: '{identifier}'")
    before = (folder / 'metadata.yaml').read_bytes()

    assert count(folder) == MESSAGES
    assert (folder / 'metadata.yaml').read_bytes() == before


@pytest.mark.parametrize('name', ['my bag #2', '50%25', 'what?', 'Fluß', "it's"])
def test_any_folder_name(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / 'drive').rename(tmp_path / name)

    assert count(folder) == MESSAGES
    assert count(folder / 'drive.db3') == MESSAGES
