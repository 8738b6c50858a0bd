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

"""ROS 1 bag, read with rosbags."""

import os
import shlex
from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Collection, Iterator
from copy import copy
from functools import cached_property, partial
from heapq import merge
from io import BufferedReader, BytesIO, FileIO
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, cast

from rosbags.interfaces import Connection
from rosbags.rosbag1 import Reader
from rosbags.rosbag1.reader import (
    Chunk,
    Header,
    IndexData,
    ReaderError,
    RecordType,
    read_bytes,
    read_uint32,
)

from spike_depth_ros.events.fields import Ros1Fields
from spike_depth_ros.recordings.bags.bag import Bag, BagMessage, BagTopic
from spike_depth_ros.recordings.bags.definitions import content_of
from spike_depth_ros.recordings.errors import RecordingError, reading

if TYPE_CHECKING:
    from rosbags.interfaces.typing import RPath

_MAGIC = b'#ROSBAG V2.0\n'
# Chunks in memory: left and right camera, which are read side by side, need the same.
_CACHE_BYTES = 4_000_000
# No message is larger, for ROS 1 sends none: a damaged length must not fill the memory.
_MAX_BYTES = 1_000_000_000


class Ros1Bag(Bag):
    """Open ROS 1 bag; see Bag.

    The index takes about 150 bytes for each message of a topic that is read.

    Raises:
        RecordingError: the bag is of an older format, has no index, or is damaged.
    """

    kind = 'ROS 1 bag'

    def __init__(self, path: Path) -> None:
        self.path, self.about, self.notes = path, {}, []
        with reading(path):
            _check_version(path)
            self._reader = _IndexReader(path)
            try:
                self._reader.open()
            except PermissionError:
                raise
            except Exception as error:  # rosbags has one class for some kinds of damage only
                raise RecordingError(_unindexed(path, error)) from error
            self.topics = self._reader.topics_by_name
        indexes = [index for index in self._reader.indexes.values() if index]
        self.start_ns = min((index[0].time for index in indexes), default=0)
        self.end_ns = max((index[-1].time for index in indexes), default=0)

    def messages(
        self, topics: Collection[str], start_ns: int | None = None
    ) -> Iterator[BagMessage | None]:
        """Yield the messages of some topics in the order of log time; see Bag.

        After a message that rosbags cannot read it begins anew with the next entry of the index.
        """
        wanted = self._reader.wanted
        ids = [number for number in wanted if wanted[number] in topics]
        entries = merge(*(_from(self._reader.indexes[number], start_ns) for number in ids))
        reader = copy(self._reader)  # with a chunk of its own, for readings side by side
        for entry in entries:
            reader.current_chunk = -1, BytesIO()
            try:
                for number, log_time_ns, data in _read(reader, ids[0], chain([entry], entries)):
                    is_wanted = number in ids
                    yield _message(wanted[number], log_time_ns, data) if is_wanted else None
            except Exception:  # of rosbags, the decompressors, or an assertion
                if self._reader.bio is None:
                    raise  # the bag was closed
                yield None

    def close(self) -> None:
        """Close the file."""
        if self._reader.bio is not None:
            self._reader.close()


class _BagPath:
    """Path of a bag for rosbags: opening it limits what one reading takes into memory."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def exists(self) -> bool:
        """Return whether the bag exists."""
        return self._path.exists()

    def open(self, _mode: str) -> BufferedReader:
        """Open the bag to read bytes."""
        return _LimitedFile(FileIO(self._path))

    def __str__(self) -> str:
        return str(self._path)


class _LimitedFile(BufferedReader):
    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > _MAX_BYTES:
            raise ReaderError(f'a record has {size} bytes')
        return super().read(size)


class _IndexReader(Reader):
    """rosbags' reader with less in memory and fewer readings.

    It has the index of the topics that are read, and none of the others: an IMU beside the events
    has a thousand messages a second. Its copies share the chunks that were read last.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(cast('RPath', _BagPath(path)))
        self._recent: OrderedDict[int, bytes] = OrderedDict()  # data of chunks by place

    @cached_property
    def topics_by_name(self) -> dict[str, BagTopic]:
        """Return the topics; several connections of one topic and type are one."""
        counts = Counter[int]()
        for info in self.chunk_infos:
            counts.update(info.connection_counts)
        topics: dict[str, BagTopic] = {}
        for one in self.connections:
            before = topics.get(one.topic)
            if before and before.type != one.msgtype:
                continue
            count = counts[one.id] + (before.count if before else 0)
            content = content_of(one.msgtype, one.msgdef, one.digest)
            topics[one.topic] = BagTopic(one.topic, one.msgtype, count, content)
        return topics

    @cached_property
    def wanted(self) -> dict[int, str]:
        """Return the topic of each connection whose messages are read."""
        return {one.id: one.topic for one in self.connections if self._is_wanted(one)}

    def read_chunk(self) -> Chunk:
        """Read the head of a chunk; see Reader. Its data come from the chunks in memory."""
        chunk = super().read_chunk()
        return Chunk(0, chunk.datapos, partial(self._data, chunk))

    def read_index_data(self, pos: int, indexes: dict[int, list[IndexData]]) -> None:
        """Read the index of one connection in a chunk, or go past it; see Reader."""
        assert self.bio
        start = self.bio.tell()
        header = Header.read(self.bio, RecordType.IDXDATA)
        size = read_uint32(self.bio)
        if header.get_uint32('conn') in self.wanted:
            self.bio.seek(start)
            super().read_index_data(pos, indexes)
        else:
            self.bio.seek(size, os.SEEK_CUR)

    def _data(self, chunk: Chunk, _: bytes) -> bytes:
        """Return the data of a chunk; they take the place of the stored ones, which are none."""
        if chunk.datapos in self._recent:
            self._recent.move_to_end(chunk.datapos)
            return self._recent[chunk.datapos]
        assert self.bio
        self.bio.seek(chunk.datapos)
        data = chunk.decompressor(read_bytes(self.bio, chunk.datasize))
        self._recent[chunk.datapos] = data
        while len(self._recent) > 1 and sum(map(len, self._recent.values())) > _CACHE_BYTES:
            self._recent.popitem(last=False)
        return data

    def _is_wanted(self, one: Connection) -> bool:
        topic = self.topics_by_name[one.topic]
        return bool(topic.content) and topic.type == one.msgtype


def _read(
    reader: Reader, number: int, entries: Iterator[IndexData]
) -> Iterator[tuple[int, int, bytes]]:
    """Yield connection, log time and bytes of the messages at entries of an index.

    Args:
        reader: open reader; its index is replaced.
        number: any connection.
        entries: of any connections, in the order of log time; rosbags takes one at a time.
    """
    reader.indexes = {number: cast('list[IndexData]', entries)}
    connections = [one for one in reader.connections if one.id == number]
    for connection, log_time_ns, data in reader.messages(connections):
        yield connection.id, log_time_ns, data


def _message(topic: str, log_time_ns: int, data: bytes) -> BagMessage:
    return BagMessage(topic, log_time_ns, memoryview(data), Ros1Fields)


def _from(index: list[IndexData], start_ns: int | None) -> list[IndexData]:
    if start_ns is None:
        return index
    return index[bisect_left(index, start_ns, key=lambda entry: entry.time) :]


def _check_version(path: Path) -> None:
    with path.open('rb') as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            raise RecordingError(
                f"The recording '{path}' is a ROS 1 bag of an old format: convert it with "
                f'`rosbag fix`.'
            )


def _unindexed(path: Path, error: Exception) -> str:
    reason = str(error).partition(':')[0].rstrip('.') or 'its index is damaged'
    return (
        f"The recording '{path}' cannot be read ({reason}): write its index again with `rosbag "
        f'reindex {shlex.quote(str(path))}`, or copy it again.'
    )
