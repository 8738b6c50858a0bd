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

"""Records of ROS 1 bags, format 2.0: connections, chunks and the index of their messages.

Source: wiki.ros.org/Bags/Format/2.0. A record is a header of name=value fields and data, each
behind its length (uint32, little-endian). The index lies at the end of the file.
"""

import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MAGIC = b'#ROSBAG V2.0\n'
BAG_HEADER, MESSAGE, INDEX, CHUNK, CHUNK_INFO, CONNECTION = 3, 2, 4, 5, 6, 7
_OP = b'\4\0\0\0op='  # field of 4 bytes: the kind of a record
TIMES = np.dtype([('seconds', '<u4'), ('nanoseconds', '<u4'), ('offset', '<u4')])
U4 = struct.Struct('<I')
_BAG = struct.Struct('<QII')
# Header of an index record: three fields of 4 bytes with their names; more is read at no cost.
_INDEX_RECORD_BYTES = 64
_CHUNK_HEAD_BYTES = 256
_PADDED_BYTES = 4096
# No header or definition is larger: a damaged length must not exhaust the memory.
_MAX_BYTES = 16_000_000
_MAX_INDEX_BYTES = 256_000_000

Header = Mapping[str, bytes]


class BagDamaged(ValueError):
    """Records that contradict the format; the message is the reason."""


class Stored(NamedTuple):
    """Connection of a bag: topic, type, md5 and definition."""

    topic: str
    type: str
    md5: str
    definition: str


class ChunkPlace(NamedTuple):
    """Chunk of a bag.

    Attributes:
        position: first byte of its data in the file.
        stored: number of bytes in the file.
        size: number of bytes without compression.
        compression: 'none', 'bz2' or 'lz4'.
    """

    position: int
    stored: int
    size: int
    compression: str


@dataclass(frozen=True, slots=True)
class ChunkInfo:
    """Place of a chunk's record, and its number of messages by connection."""

    position: int
    counts: Mapping[int, int]


class BagFile:
    """Bytes of a bag; every read states its place, so readings do not disturb each other."""

    def __init__(self, path: Path) -> None:
        self._file = path.open('rb')
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, position: int, size: int) -> bytes:
        """Return bytes, fewer at the end of the file."""
        size = max(0, min(size, self.size - position))
        return os.pread(self._file.fileno(), size, position)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read_contents(file: BagFile) -> tuple[dict[int, Stored], list[ChunkInfo]]:
    """Return the connections and the chunks of a bag from the index at its end.

    Raises BagDamaged for a bag without one.
    """
    head = file.read(0, _PADDED_BYTES)
    header, _ = parse_header(head, len(MAGIC))
    _expect(header, BAG_HEADER)
    sizes = {'index_pos': 8, 'conn_count': 4, 'chunk_count': 4}
    numbers = b''.join(field(header, name, size) for name, size in sizes.items())
    index, connections, chunks = _BAG.unpack(numbers)
    if not index:
        raise BagDamaged('it has no index')
    if index > file.size or (index == file.size and (connections or chunks)):
        raise BagDamaged('its end is missing')
    stored: dict[int, Stored] = {}
    infos: list[ChunkInfo] = []
    cursor = _Cursor(file, index)
    for _ in range(connections):
        header, data = cursor.record(CONNECTION)
        about, _ = parse_header(U4.pack(len(data)) + data, 0)
        number = U4.unpack(field(header, 'conn', 4))[0]
        stored[number] = Stored(
            text(header, 'topic'),
            text(about, 'type'),
            text(about, 'md5sum'),
            text(about, 'message_definition'),
        )
    for _ in range(chunks):
        header, data = cursor.record(CHUNK_INFO)
        (position,) = struct.unpack('<Q', field(header, 'chunk_pos', 8))
        pairs = np.frombuffer(data[: len(data) // 8 * 8], '<u4').reshape(-1, 2).tolist()
        infos.append(ChunkInfo(position, dict(pairs)))
    return stored, infos


def read_chunk(
    file: BagFile, info: ChunkInfo, wanted: Mapping[int, str]
) -> tuple[ChunkPlace, dict[int, NDArray[np.void]]]:
    """Return a chunk's place, and times and offsets of its messages by wanted connection."""
    head = file.read(info.position, _CHUNK_HEAD_BYTES)
    header, end = parse_header(head, 0)
    _expect(header, CHUNK)
    stored = U4.unpack(_part(head, end, 4))[0]
    compression = text(header, 'compression')
    size = stored if compression == 'none' else U4.unpack(field(header, 'size', 4))[0]
    place = ChunkPlace(info.position + end + 4, stored, size, compression)
    entries: dict[int, NDArray[np.void]] = {}
    if not wanted.keys() & info.counts.keys():
        return place, entries
    size = sum(info.counts.values()) * TIMES.itemsize + len(info.counts) * _INDEX_RECORD_BYTES
    if size > _MAX_INDEX_BYTES:
        raise BagDamaged(f'the index of a chunk has {size} bytes')
    records = file.read(place.position + stored, size)
    position = 0
    for _ in info.counts:
        header, position = parse_header(records, position)
        _expect(header, INDEX)
        length = U4.unpack(_part(records, position, 4))[0]
        data = _part(records, position + 4, length)
        position += 4 + length
        number = U4.unpack(field(header, 'conn', 4))[0]
        if number in wanted:
            entries[number] = np.frombuffer(data, TIMES, length // TIMES.itemsize)
    return place, entries


def parse_header(data: bytes, position: int) -> tuple[dict[str, bytes], int]:
    """Return the fields of the header at a position, and the position behind it."""
    length = U4.unpack(_part(data, position, 4))[0]
    position += 4
    end = position + length
    _part(data, position, length)
    fields: dict[str, bytes] = {}
    while position < end:
        size = U4.unpack(_part(data, position, 4))[0]
        name, equals, value = _part(data[:end], position + 4, size).partition(b'=')
        if not equals:
            raise BagDamaged('a field of a record has no name')
        fields[name.decode('latin-1')] = value
        position += 4 + size
    return fields, end


def message_place(data: bytes | memoryview) -> tuple[int, int, int]:
    """Return the kind of a record in a chunk, the first byte of its data, and their number."""
    if len(data) < U4.size:
        raise BagDamaged('a record is cut off')
    end = U4.size + U4.unpack_from(data)[0]
    if end + U4.size > len(data):
        raise BagDamaged('a record is cut off')
    header = bytes(data[U4.size : end])
    op = header.find(_OP)
    if op < 0 or op + len(_OP) >= len(header):
        raise BagDamaged('a record has no kind')
    return header[op + len(_OP)], end + U4.size, U4.unpack_from(data, end)[0]


def field(header: Header, name: str, size: int) -> bytes:
    """Return a field of a header with its number of bytes."""
    value = header.get(name, b'')
    if len(value) != size:
        raise BagDamaged(f"a record has no field '{name}' of {size} bytes")
    return value


def text(header: Header, name: str) -> str:
    """Return a text of a header, '' if it is missing."""
    return header.get(name, b'').decode('utf-8', 'replace')


class _Cursor:
    """Position in a file from which one record after the other is read."""

    def __init__(self, file: BagFile, position: int) -> None:
        self._file, self._position = file, position

    def record(self, op: int) -> tuple[dict[str, bytes], bytes]:
        header = self._sized()
        fields, _ = parse_header(U4.pack(len(header)) + header, 0)
        _expect(fields, op)
        return fields, self._sized()

    def _sized(self) -> bytes:
        length = U4.unpack(_part(self._file.read(self._position, 4), 0, 4))[0]
        if length > _MAX_BYTES:
            raise BagDamaged(f'a record of its index has {length} bytes')
        data = _part(self._file.read(self._position + 4, length), 0, length)
        self._position += 4 + length
        return data


def _expect(header: Header, op: int) -> None:
    if header.get('op') != bytes([op]):
        raise BagDamaged('a record of its index is of another kind')


def _part(data: bytes, position: int, size: int) -> bytes:
    part = data[position : position + size]
    if len(part) != size:
        raise BagDamaged('a record is cut off')
    return part
