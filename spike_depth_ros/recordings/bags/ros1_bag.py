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

"""ROS 1 bag: its index in memory, its messages one by one."""

import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

from spike_depth_ros.events.fields import Ros1Fields
from spike_depth_ros.recordings.bags.bag import Bag, BagMessage, BagTopic, Buffer
from spike_depth_ros.recordings.bags.definitions import content_of
from spike_depth_ros.recordings.bags.ros1_chunks import ChunkData
from spike_depth_ros.recordings.bags.ros1_records import (
    CONNECTION,
    MAGIC,
    MESSAGE,
    BagDamaged,
    BagFile,
    ChunkPlace,
    Stored,
    message_place,
    read_chunk,
    read_contents,
)
from spike_depth_ros.recordings.errors import RecordingError, reading
from spike_depth_ros.units import SECOND_NS

_ENTRY = np.dtype([('time_ns', '<i8'), ('chunk', '<u4'), ('offset', '<u4')])
_ENTRIES = 1024  # of the index, taken as Python numbers at once
# Read at once with the header of a message: small messages are complete with it.
_HEAD_BYTES = 4096


class Ros1Bag(Bag):
    """Open ROS 1 bag; see Bag.

    The index holds 16 bytes for each message of a topic that is read, and none of the others.

    Raises:
        RecordingError: the bag is of an older format, has no index, or is damaged.
    """

    kind = 'ROS 1 bag'

    def __init__(self, path: Path) -> None:
        self.path, self.about, self.notes = path, {}, []
        with reading(path), ExitStack() as unless_complete:
            self._file = BagFile(path)
            unless_complete.callback(self._file.close)
            if self._file.read(0, len(MAGIC)) != MAGIC:
                raise RecordingError(
                    f"The recording '{path}' is a ROS 1 bag of an old format: convert it with "
                    f'`rosbag fix`.'
                )
            try:
                self._read_index()
            except BagDamaged as error:
                raise RecordingError(_unindexed(path, error)) from error
            unless_complete.pop_all()

    def messages(
        self, topics: Collection[str], start_ns: int | None = None
    ) -> Iterator[BagMessage | None]:
        """Yield the messages of some topics in the order of log time; see Bag."""
        names = list(topics)
        parts = [self._entries[name] for name in names]
        entries = np.concatenate(parts) if parts else np.zeros(0, _ENTRY)
        owners = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        order = np.argsort(entries['time_ns'], kind='stable')
        if start_ns is not None:
            order = order[np.searchsorted(entries['time_ns'][order], start_ns) :]
        for first in range(0, len(order), _ENTRIES):
            some = order[first : first + _ENTRIES]
            for owner, entry in zip(owners[some].tolist(), entries[some].tolist(), strict=True):
                yield self._message(names[owner], *entry)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_index(self) -> None:
        stored, infos = read_contents(self._file)
        counts = Counter[int]()
        for info in infos:
            counts.update(info.counts)
        self.topics = _topics(stored, counts)
        wanted = _wanted(stored, self.topics)
        places: list[ChunkPlace] = []
        parts: dict[str, list[NDArray[np.void]]] = {name: [] for name in self.topics}
        for number, info in enumerate(infos):
            place, found = read_chunk(self._file, info, wanted)
            places.append(place)
            for connection, times in found.items():
                parts[wanted[connection]].append(_entries(times, number))
        self._chunks = ChunkData(self._file, places)
        self._entries = {name: _in_order(parts[name]) for name in self.topics}
        times_ns = [part['time_ns'] for part in self._entries.values() if len(part)]
        self.start_ns = min((int(part[0]) for part in times_ns), default=0)
        self.end_ns = max((int(part[-1]) for part in times_ns), default=0)

    def _message(self, topic: str, log_time_ns: int, chunk: int, offset: int) -> BagMessage | None:
        try:
            head, first, size = self._find(chunk, offset)
        except BagDamaged:
            return None
        read = partial(self._read, chunk, first, head)
        return BagMessage(topic, log_time_ns, size, read, Ros1Fields)

    def _find(self, chunk: int, offset: int) -> tuple[memoryview, int, int]:
        """Return the first bytes of a message, its first byte in the chunk, and its size."""
        while True:
            data = self._chunks.read(chunk, offset, _HEAD_BYTES)
            op, first, size = message_place(data)
            if op != CONNECTION:
                break
            offset += first + size
        if op != MESSAGE or offset + first + size > self._chunks.size(chunk):
            raise BagDamaged('a message is of another kind, or cut off')
        return memoryview(data)[first : first + size], offset + first, size

    def _read(self, chunk: int, start: int, head: memoryview, first: int, size: int) -> Buffer:
        if first + size <= len(head):
            return head[first : first + size]
        return self._chunks.read(chunk, start + first, size)


def _topics(stored: dict[int, Stored], counts: Counter[int]) -> dict[str, BagTopic]:
    """Return the topics; several connections of one topic and type are one."""
    topics: dict[str, BagTopic] = {}
    for number, one in stored.items():
        message_type = _type(one)
        definition = MessageDefinition(MessageDefinitionFormat.MSG, one.definition)
        before = topics.get(one.topic)
        if before and before.type != message_type:
            continue
        count = counts[number] + (before.count if before else 0)
        content = content_of(message_type, definition, one.md5)
        topics[one.topic] = BagTopic(one.topic, message_type, count, content)
    return topics


def _wanted(stored: dict[int, Stored], topics: dict[str, BagTopic]) -> dict[int, str]:
    """Return the topic of each connection whose messages are read."""
    return {
        number: one.topic
        for number, one in stored.items()
        if topics[one.topic].content and topics[one.topic].type == _type(one)
    }


def _type(one: Stored) -> str:
    """Return the message type in the form of ROS 2."""
    return '/msg/'.join(one.type.split('/', 1))


def _entries(times: NDArray[np.void], chunk: int) -> NDArray[np.void]:
    entries = np.empty(len(times), _ENTRY)
    entries['time_ns'] = times['seconds'].astype(np.int64) * SECOND_NS + times['nanoseconds']
    entries['chunk'], entries['offset'] = chunk, times['offset']
    return entries


def _in_order(parts: list[NDArray[np.void]]) -> NDArray[np.void]:
    entries = np.concatenate(parts) if parts else np.zeros(0, _ENTRY)
    return entries[np.argsort(entries['time_ns'], kind='stable')]


def _unindexed(path: Path, error: BagDamaged) -> str:
    return (
        f"The recording '{path}' cannot be read ({error}): write its index again with `rosbag "
        f'reindex {shlex.quote(str(path))}`, or copy it again.'
    )
