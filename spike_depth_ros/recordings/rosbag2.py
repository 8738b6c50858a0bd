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

import heapq
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rosbags.interfaces import Connection
from rosbags.rosbag2 import Reader

from spike_depth_ros.recordings import file_kinds
from spike_depth_ros.recordings.bags import metadata
from spike_depth_ros.recordings.bags.definitions import Content, content_of
from spike_depth_ros.recordings.bags.mcap_end import CompletedMcap
from spike_depth_ros.recordings.bags.storage_files import StorageFiles, find_storage_files
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
        content: kind of content that the package reads, '' if it reads none.
    """

    name: str
    type: str
    count: int
    content: Content = ''


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
        notes: sentences about what had to be assumed.

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
            self.notes = list(files.notes)
            self._files = self._open(files)
            if not files.compression and self._is_packed():
                self._stack.close()
                self._files = self._open(replace(files, compression='message'))
            self._check_complete(files, sum(file.count for file in self._files))
            self.topics = _topics([c for file in self._files for c in file.connections])
            spans = [(file.start_ns, file.end_ns) for file in self._files if file.count]
            self.start_ns = min(start for start, _ in spans)
            self.duration_ns = max(end for _, end in spans) - self.start_ns
            unless_complete.pop_all()

    def messages(
        self, topics: Collection[str], start_ns: int | None = None
    ) -> Iterator[RawMessage]:
        """Yield the messages of some topics in the order of log time.

        Memory holds one message at a time (with mcap: one chunk).

        Args:
            topics: names of the topics.
            start_ns: log time of the first message to yield, nanoseconds; None: from the start.

        Raises:
            RecordingError: a topic is missing, or the stored data are damaged.
        """
        for name in topics:
            if name not in self.topics:
                raise RecordingError(missing_topic(name, self.topics.values()))
        return self._stream([self.topics[name] for name in topics], start_ns)

    def _stream(self, topics: list[Topic], start_ns: int | None) -> Iterator[RawMessage]:
        if not topics:
            return
        wanted = {(topic.name, topic.type) for topic in topics}
        missing = sum(topic.count for topic in topics)
        with reading(self.path):
            for message in _merged(self._files, wanted, start_ns):
                missing -= 1
                yield message
            if missing > 0 and start_ns is None:
                raise ValueError(f'{missing} messages that its index names are not there')

    def _is_packed(self) -> bool:
        """Return whether the messages are compressed although no metadata say so."""
        with suppress(Exception):  # a damaged message: it is found again while streaming
            for file in self._files:
                for message in file.messages(None, None):
                    return file_kinds.kind_of_bytes(message.cdr) == file_kinds.ZSTD
        return False

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def __enter__(self) -> 'Recording':
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, files: StorageFiles) -> list['_OpenFile']:
        """Open each file through a link in a temporary folder.

        rosbags puts file names into URIs, so the links have plain names. A metadata.yaml beside
        each states the true storage kind, the compression, and only fields that rosbags accepts.
        """
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix='spike_depth_')))
        packed = '.zstd' if files.compression == 'file' else ''
        opened = []
        for number, path in enumerate(files.paths):
            place = folder / str(number)
            place.mkdir()
            link = place / f'0.{_SUFFIXES[files.kind]}{packed}'
            link.symlink_to(path.resolve())
            if files.compression:
                _write_metadata(place, link.name, files)
            reader = Reader(place if files.compression else _complete(link, files.kind))
            reader.open()
            self._stack.callback(reader.close)
            opened.append(_OpenFile(reader))
        return opened

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


def _complete(path: Path, kind: str) -> Any:
    """Return the path; of an mcap file without an end what rosbags can open instead."""
    is_cut = kind == file_kinds.MCAP and not file_kinds.has_mcap_end(path)
    return CompletedMcap(path) if is_cut else path


class _OpenFile:
    """Open storage file.

    Attributes:
        connections: topics of the file.
        count: number of messages.
        start_ns, end_ns: log times of the first and the last message, nanoseconds.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        # rosbags gives a folder's reader the topics of metadata.yaml.
        (storage,) = getattr(reader.storage, 'storages', [reader.storage])
        self.connections: list[Connection] = storage.connections
        self.count: int = storage.metadata.message_count
        self.start_ns: int = storage.metadata.start_time
        self.end_ns: int = storage.metadata.end_time - 1  # rosbags adds 1 ns

    def messages(
        self, wanted: Collection[tuple[str, str]] | None, start_ns: int | None
    ) -> Iterator[RawMessage]:
        """Yield messages in the order of log time.

        Args:
            wanted: topics and their types; None: all.
            start_ns: log time of the first message to yield, nanoseconds.
        """
        connections = [
            c for c in self.connections if wanted is None or (c.topic, c.msgtype) in wanted
        ]
        if connections:
            for connection, log_time_ns, cdr in self._reader.messages(connections, start_ns):
                yield RawMessage(connection.topic, connection.msgtype, log_time_ns, bytes(cdr))


def _merged(
    files: Sequence[_OpenFile], wanted: Collection[tuple[str, str]], start_ns: int | None
) -> Iterator[RawMessage]:
    """Yield the messages of all files; only files that overlap are read side by side."""
    files = sorted((file for file in files if file.count), key=lambda file: file.start_ns)
    streams = [file.messages(wanted, start_ns) for file in files]
    if all(before.end_ns <= after.start_ns for before, after in pairwise(files)):
        return chain.from_iterable(streams)
    return heapq.merge(*streams, key=lambda message: message.log_time_ns)


def _write_metadata(folder: Path, name: str, files: StorageFiles) -> None:
    """Write the metadata.yaml that rosbags needs to unpack a storage file."""
    fields: dict[str, Any] = {
        'version': _METADATA_VERSION,
        'storage_identifier': files.kind,
        'relative_file_paths': [name],
        'compression_mode': files.compression,
        'compression_format': 'zstd',
        'duration': {'nanoseconds': 0},
        'starting_time': {'nanoseconds_since_epoch': 0},
        'message_count': 0,
        'topics_with_message_count': [],
    }
    # YAML reads JSON.
    (folder / metadata.NAME).write_text(json.dumps({'rosbag2_bagfile_information': fields}))


def _topics(connections: list[Connection]) -> dict[str, Topic]:
    """Merge connections by topic: each file has one per offered QoS."""
    topics: dict[str, Topic] = {}
    for connection in connections:
        if not connection.msgtype:
            continue  # a damaged table
        before = topics.get(connection.topic)
        if before and before.type != connection.msgtype:
            continue  # two types on one topic: the first is read
        topics[connection.topic] = Topic(
            connection.topic,
            connection.msgtype,
            connection.msgcount + (before.count if before else 0),
            content_of(connection.msgtype, connection.msgdef, connection.digest),
        )
    return topics
