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

"""mcap files without their end, as a killed recorder leaves them: the end is made in memory.

Source: mcap.dev/spec. A record is an opcode, its length (uint64), and its content; numbers are
little-endian. The summary at the end repeats schemas and channels, and places the chunks.
"""

import io
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rosbags.rosbag2.storage_mcap import decompress

from spike_depth_ros.recordings.errors import RecordingError

_MAGIC = b'\x89MCAP0\r\n'
# Opcodes.
_FOOTER, _SCHEMA, _CHANNEL, _MESSAGE = 2, 3, 4, 5
_CHUNK, _MESSAGE_INDEX, _CHUNK_INDEX, _DATA_END = 6, 7, 8, 15
_RECORD = struct.Struct('<BQ')
_CHUNK_HEAD = struct.Struct('<QQQII')  # start, end, size, CRC, length of the compression's name
_U2, _U8 = struct.Struct('<H'), struct.Struct('<Q')
_MAX_CHUNK_BYTES = 1_000_000_000


@dataclass
class _Chunk:
    """Chunk: place of its record, its head, and places of its message indexes by channel."""

    position: int
    length: int
    start_ns: int
    end_ns: int
    size: int
    crc: int
    compression: bytes
    stored: int
    indexes: dict[int, int] = field(default_factory=dict)
    index_length: int = 0


class CompletedMcap:
    """Path of an mcap file whose end is missing, for rosbags' reader: opening it adds the end.

    Raises:
        RecordingError: no message is complete.
    """

    suffix = '.mcap'

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open('rb') as file:
            self._data_end, self._end = _end(file, path)

    def exists(self) -> bool:
        """Return True."""
        return True

    def is_dir(self) -> bool:
        """Return False."""
        return False

    def open(self, _mode: str) -> BinaryIO:
        """Open the file with its new end, to read bytes."""
        return io.BufferedReader(_Completed(self._path, self._data_end, self._end))

    def __str__(self) -> str:
        return str(self._path)


class _Completed(io.RawIOBase):
    """The first bytes of a file, then others."""

    def __init__(self, path: Path, data_end: int, end: bytes) -> None:
        self._file = path.open('rb', buffering=0)
        self._data_end, self._end = data_end, end
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a byte; see io.RawIOBase.seek."""
        base = {
            os.SEEK_SET: 0,
            os.SEEK_CUR: self._position,
            os.SEEK_END: self._data_end + len(self._end),
        }
        self._position = max(0, base[whence] + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read from the file, then from the end made for it; see io.RawIOBase.readinto."""
        left = self._data_end - self._position
        if left > 0:
            data = os.pread(self._file.fileno(), min(len(buffer), left), self._position)
        else:
            data = self._end[-left : -left + len(buffer)]
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def close(self) -> None:
        self._file.close()
        super().close()


def _end(file: BinaryIO, path: Path) -> tuple[int, bytes]:
    """Return the number of bytes of complete records, and the end to put behind them."""
    records: dict[tuple[int, int], bytes] = {}  # of schemas and channels, by kind and number
    chunks: list[_Chunk] = []
    has_messages, data_end = False, len(_MAGIC)
    for op, position, length in _records(file):
        if op == _DATA_END:
            break
        if op in (_SCHEMA, _CHANNEL):
            _keep(records, op, file.read(length))
        elif op == _CHUNK:
            chunks.append(_chunk(file, position, length))
        elif op == _MESSAGE_INDEX and chunks:
            (channel,) = _U2.unpack(file.read(2))
            chunks[-1].indexes[channel] = position
            chunks[-1].index_length += _RECORD.size + length
        has_messages |= op == _MESSAGE
        data_end = position + _RECORD.size + length
    chunks = [chunk for chunk in chunks if chunk.indexes]
    if not (chunks or has_messages):
        raise RecordingError(
            f"The recording '{path}' cannot be read: its end is missing, and no part of it is "
            f'complete; copy or record it again.'
        )
    if not chunks:
        return data_end, _footer(0)
    for chunk in chunks:
        if any((_CHANNEL, channel) not in records for channel in chunk.indexes):
            _keep_all(records, file, chunk)
    summary = b''.join(records[key] for key in sorted(records))
    summary += b''.join(_chunk_index(chunk) for chunk in chunks)
    return data_end, summary + _footer(data_end)


def _records(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield opcode, place and length of each complete record; the file is at its content."""
    size = file.seek(0, os.SEEK_END)
    position = len(_MAGIC)
    while position + _RECORD.size <= size:
        file.seek(position)
        op, length = _RECORD.unpack(file.read(_RECORD.size))
        if position + _RECORD.size + length > size:
            return
        yield op, position, length
        position += _RECORD.size + length


def _chunk(file: BinaryIO, position: int, length: int) -> _Chunk:
    start_ns, end_ns, size, crc, name = _CHUNK_HEAD.unpack(file.read(_CHUNK_HEAD.size))
    compression = file.read(min(name, 16))
    (stored,) = _U8.unpack(file.read(_U8.size))
    return _Chunk(
        position, _RECORD.size + length, start_ns, end_ns, size, crc, compression, stored
    )


def _keep_all(records: dict[tuple[int, int], bytes], file: BinaryIO, chunk: _Chunk) -> None:
    """Keep the schemas and channels in a chunk."""
    if max(chunk.stored, chunk.size) > _MAX_CHUNK_BYTES:
        raise ValueError(f'a chunk has {chunk.size} bytes')
    start = _RECORD.size + _CHUNK_HEAD.size + len(chunk.compression) + _U8.size
    file.seek(chunk.position + start)
    stored, name = file.read(chunk.stored), chunk.compression.decode()
    data = decompress(stored, name, chunk.size, chunk.crc)
    position = 0
    while position + _RECORD.size <= len(data):
        op, length = _RECORD.unpack_from(data, position)
        position += _RECORD.size
        if op in (_SCHEMA, _CHANNEL):
            _keep(records, op, data[position : position + length])
        position += length


def _keep(records: dict[tuple[int, int], bytes], op: int, content: bytes) -> None:
    (number,) = _U2.unpack_from(content)
    records[op, number] = _record(op, content)


def _chunk_index(chunk: _Chunk) -> bytes:
    indexes = b''.join(struct.pack('<HQ', *pair) for pair in sorted(chunk.indexes.items()))
    return _record(
        _CHUNK_INDEX,
        struct.pack('<4Q', chunk.start_ns, chunk.end_ns, chunk.position, chunk.length)
        + struct.pack('<I', len(indexes))
        + indexes
        + struct.pack('<QI', chunk.index_length, len(chunk.compression))
        + chunk.compression
        + struct.pack('<2Q', chunk.stored, chunk.size),
    )


def _footer(summary_start: int) -> bytes:
    return _record(_FOOTER, struct.pack('<2QI', summary_start, 0, 0)) + _MAGIC


def _record(op: int, content: bytes) -> bytes:
    return _RECORD.pack(op, len(content)) + content
