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

"""Container of AEDAT4: file header, streams, and an index of the packets.

Source: docs.inivation.com, "AEDAT 4.0", and the flatbuffer schemas of dv-processing (IOHeader,
FileDataTable, EventPacket, Frame). After the magic line comes the header with its size; then
packets, each with stream (int32) and size (int32) before its bytes; at the end the table of the
packets, which an interrupted recording lacks.
"""

import os
import struct
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.recordings.aedat import compression
from spike_depth_ros.recordings.aedat.flatbuffer import Table, column, sized
from spike_depth_ros.recordings.errors import RecordingError

MAGIC = b'#!AER-DAT4.0\r\n'
EVENTS, FRAMES = 'EVTS', 'FRME'
MAX_HEADER = 1 << 24
PACKET_HEADER = struct.Struct('<ii')


@dataclass(frozen=True, slots=True)
class Stream:
    """Stream of a file.

    Attributes:
        number: number in the packets.
        kind: identifier of its packets' flatbuffers, such as EVENTS.
        name: name of the output, such as 'events'.
        source: name of the camera, such as 'DAVIS346_00000123'.
        width, height: size of the sensor, pixels; 0 if unknown.
    """

    number: int
    kind: str
    name: str
    source: str
    width: int
    height: int


class FileHeader(NamedTuple):
    """Header of a file.

    Attributes:
        compression: code of the packets' compression.
        table_at: byte at which the table begins, -1 without one.
        streams: streams of the file.
        size: bytes before the first packet; of a parsed header alone its own.
    """

    compression: int
    table_at: int
    streams: tuple[Stream, ...]
    size: int


class Index(NamedTuple):
    """Packets in the order of the file.

    Attributes:
        stream: int64 [n], number of the stream.
        position: int64 [n], first byte after the packet's header.
        size: int64 [n], bytes.
        damaged_at: byte from which on no packet can be found; None if all of them were.
    """

    stream: NDArray[np.int64]
    position: NDArray[np.int64]
    size: NDArray[np.int64]
    damaged_at: int | None


def read_header(file: BinaryIO, path: Path) -> FileHeader:
    """Read the header; raises RecordingError if it is damaged or its compression is unknown."""
    start = file.read(len(MAGIC) + 4)
    if not start.startswith(MAGIC):
        version = start[:14].partition(b'\n')[0].decode('ascii', 'replace').strip()
        raise RecordingError(
            f"The recording '{path}' is of the unknown version {version}: export it as AEDAT 4.0 "
            'with DV.'
        )
    try:
        (size,) = struct.unpack_from('<I', start, len(MAGIC))
        content = file.read(min(size, MAX_HEADER))
        header = parse_header(content)
    except (ValueError, struct.error) as error:
        raise RecordingError(
            f"The recording '{path}' cannot be read, as the header of the AEDAT4 file is damaged "
            f'({error}): copy or record it again.'
        ) from error
    if not compression.NONE <= header.compression <= compression.ZSTD_HIGH:
        raise RecordingError(
            f"The recording '{path}' is compressed by an unknown method ({header.compression}): "
            'export it from DV with LZ4 or Zstd.'
        )
    return header._replace(size=len(MAGIC) + 4 + len(content))


def parse_header(content: bytes) -> FileHeader:
    """Parse the flatbuffer of a header; raises ValueError if it is damaged."""
    header = Table.root(content, b'IOHE')
    try:
        streams = _streams(header.vector(2, np.uint8).tobytes())
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from error
    code = header.number(0, 'i', compression.NONE)
    return FileHeader(code, header.number(1, 'q', -1), streams, len(content))


def read_index(file: BinaryIO, header: FileHeader) -> Index:
    """Return the index by the table at the end, or by the headers of the packets without one."""
    size = file.seek(0, os.SEEK_END)
    try:
        index = _from_table(file, header, size)
    except ValueError:
        index = None
    return index or _from_packets(file, header, size)


def _streams(xml: bytes) -> tuple[Stream, ...]:
    """Return the streams that the header's XML describes."""
    streams = []
    for node in ElementTree.fromstring(xml.rstrip(b'\0')).iter('node'):
        if node.get('path', '').rstrip('/').rpartition('/')[0].endswith('outInfo'):
            texts = {attr.get('key', ''): attr.text or '' for attr in node.iter('attr')}
            streams.append(_stream(int(node.get('name', '')), texts))
    return tuple(streams)


def _stream(number: int, texts: dict[str, str]) -> Stream:
    return Stream(
        number,
        texts.get('typeIdentifier', ''),
        texts.get('originalOutputName', ''),
        texts.get('source', ''),
        int(texts.get('sizeX', '0')),
        int(texts.get('sizeY', '0')),
    )


def _from_table(file: BinaryIO, header: FileHeader, size: int) -> Index | None:
    """Return the index if the table's packets lie side by side from the header to the table."""
    if not header.size < header.table_at < size:
        return None
    file.seek(header.table_at)
    data = sized(compression.unpacked(file.read(), header.compression))
    tables = Table.root(data, b'FTAB').tables(0)
    position = column(data, tables, 0, '<i8')
    stream, length = (column(data, tables, 1, '<i4', skip) for skip in (0, 4))
    starts = np.append(position - PACKET_HEADER.size, header.table_at)
    is_chained = starts[0] == header.size and np.array_equal(starts[1:], position + length)
    return Index(stream, position, length, None) if is_chained and np.all(length >= 0) else None


def _from_packets(file: BinaryIO, header: FileHeader, size: int) -> Index:
    """Return the index of the packets up to the first header that cannot be one."""
    known = {stream.number for stream in header.streams}
    found = array('q')
    position = header.size
    while position + PACKET_HEADER.size <= size:
        stream, length = PACKET_HEADER.unpack(os.pread(file.fileno(), 8, position))
        start = position + PACKET_HEADER.size
        if stream not in known or length < 0 or start + length > size:
            break
        found.extend((stream, start, length))
        position = start + length
    streams, positions, lengths = np.frombuffer(found, np.int64).reshape(-1, 3).T
    damaged_at = None if position in (size, header.table_at) else position
    return Index(streams, positions, lengths, damaged_at)
