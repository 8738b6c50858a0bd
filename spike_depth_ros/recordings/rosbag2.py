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

"""Reader of rosbag2 recordings; needs no ROS installation."""

import json
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader

from spike_depth_ros.recordings import file_kinds
from spike_depth_ros.recordings.bags import metadata
from spike_depth_ros.recordings.bags.definitions import other_definition
from spike_depth_ros.recordings.bags.storage_files import StorageFiles, find_storage_files
from spike_depth_ros.recordings.cdr import message_types
from spike_depth_ros.recordings.errors import RecordingError, reading

_SUFFIXES = {file_kinds.SQLITE: 'db3', file_kinds.MCAP: 'mcap'}
_METADATA_VERSION = 9


@dataclass(frozen=True, slots=True)
class Topic:
    """Topic of a recording.

    Attributes:
        name: name of the topic.
        type: message type.
        count: number of messages.
        other_definition: difference of its EventPacket from the supported one, '' if equal.
    """

    name: str
    type: str
    count: int
    other_definition: str = ''


@dataclass(frozen=True, slots=True)
class RawMessage:
    """Recorded message: topic, type, log time in nanoseconds, CDR bytes."""

    topic: str
    type: str
    log_time_ns: int
    cdr: bytes


class Recording:
    """Open recording: a rosbag2 folder (sqlite3 or mcap, compressed or not) or a storage file.

    Use it as a context manager.

    Attributes:
        topics: topics by name.
        start_ns: log time of the first message, nanoseconds.
        duration_ns: time from the first message to the last, nanoseconds.
        about: custom data of the recording, by key.

    Raises:
        RecordingError: the recording does not exist, cannot be read, or is empty.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._stack = ExitStack()
        with reading(self.path), ExitStack() as unless_complete:
            unless_complete.callback(self._stack.close)
            files = find_storage_files(self.path)
            self.about = dict(files.metadata.about) if files.metadata else {}
            self._reader = self._open(files)
            self._connections, spans = _contents(self._reader)
            self._check_complete(files, sum(count for *_, count in spans))
            self.topics = _topics(self._connections)
            self.start_ns = min(start for start, _, count in spans if count)
            # rosbags' end time is 1 ns after the last message
            self.duration_ns = max(end for _, end, count in spans if count) - 1 - self.start_ns
            unless_complete.pop_all()

    def messages(self, topics: Collection[str]) -> Iterator[RawMessage]:
        """Yield the messages of some topics in the order of log time.

        Memory holds one message at a time (with mcap: one chunk).

        Raises:
            RecordingError: a topic is missing, or the stored data are damaged.
        """
        for name in topics:
            if name not in self.topics:
                raise RecordingError(missing_topic(name, self.topics.values()))
        return self._stream([self.topics[name] for name in topics])

    def _stream(self, topics: list[Topic]) -> Iterator[RawMessage]:
        wanted = {(topic.name, topic.type) for topic in topics}
        connections = [c for c in self._connections if (c.topic, c.msgtype) in wanted]
        missing = sum(topic.count for topic in topics)
        if not connections:
            return
        with reading(self.path):
            for connection, log_time_ns, cdr in self._reader.messages(connections):
                missing -= 1
                yield RawMessage(connection.topic, connection.msgtype, log_time_ns, bytes(cdr))
            if missing > 0:
                raise ValueError(f'{missing} messages that its index names are not there')

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def __enter__(self) -> 'Recording':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, files: StorageFiles) -> Reader:
        """Open the files through links in a temporary folder.

        rosbags puts file names into URIs, so the links have plain names. A metadata.yaml beside
        them states the true storage kind and only fields that rosbags accepts.
        """
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix='spike_depth_')))
        packed = '.zstd' if files.metadata and files.metadata.compression == 'file' else ''
        suffix = _SUFFIXES[files.kind] + packed
        links = [folder / f'{number}.{suffix}' for number in range(len(files.paths))]
        for link, path in zip(links, files.paths, strict=True):
            link.symlink_to(path.resolve())
        if files.metadata:
            _write_metadata(folder, [link.name for link in links], files)
        reader = Reader(folder if files.metadata else links[0])
        reader.open()
        self._stack.callback(reader.close)
        return reader

    def _check_complete(self, files: StorageFiles, count: int) -> None:
        if files.metadata and count < files.metadata.messages:
            raise RecordingError(
                f"The recording '{self.path}' is incomplete: its {metadata.NAME} counts "
                f'{files.metadata.messages} messages, but its files hold {count}; copy all files '
                f'again, or run `ros2 bag reindex` to do without the others.'
            )
        if not count:
            raise RecordingError(
                f"The recording '{self.path}' holds no message: record it again, or give another."
            )


def missing_topic(name: str, topics: Collection[Topic]) -> str:
    """Return the sentence for a missing topic, with the topics of the recording."""
    present = ', '.join(sorted(topic.name for topic in topics))
    return f"The recording has no topic '{name}'; it has {present}: give one of these."


def _write_metadata(folder: Path, names: list[str], files: StorageFiles) -> None:
    """Write the metadata.yaml that rosbags needs to find and unpack storage files."""
    compression = files.metadata.compression if files.metadata else ''
    fields: dict[str, Any] = {
        'version': _METADATA_VERSION,
        'storage_identifier': files.kind,
        'relative_file_paths': names,
        'compression_mode': compression,
        'compression_format': 'zstd' if compression else '',
        'duration': {'nanoseconds': 0},
        'starting_time': {'nanoseconds_since_epoch': 0},
        'message_count': 0,
        'topics_with_message_count': [],
    }
    # YAML reads JSON.
    (folder / metadata.NAME).write_text(json.dumps({'rosbag2_bagfile_information': fields}))


def _contents(reader: Reader) -> tuple[list[Connection], list[tuple[int, int, int]]]:
    """Return the connections of all files, and each file's start, end and message count."""
    storages = getattr(reader.storage, 'storages', [reader.storage])
    connections = [connection for storage in storages for connection in storage.connections]
    spans = [
        (about.start_time, about.end_time, about.message_count)
        for about in (storage.metadata for storage in storages)
    ]
    return connections, spans


def _topics(connections: list[Connection]) -> dict[str, Topic]:
    """Merge connections by topic: each file has one per offered QoS."""
    types = message_types()
    topics: dict[str, Topic] = {}
    for connection in connections:
        before = topics.get(connection.topic)
        if before and before.type != connection.msgtype:
            continue  # two types on one topic: the first is read
        topics[connection.topic] = Topic(
            connection.topic,
            connection.msgtype,
            connection.msgcount + (before.count if before else 0),
            other_definition(connection, types),
        )
    return topics
