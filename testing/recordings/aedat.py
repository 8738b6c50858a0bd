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

"""Writers of AEDAT files, byte by byte as DV, cAER and jAER lay them out.

The flatbuffers of AEDAT4 are constant bytes before arrays: dv-processing makes events one by one,
and would take a minute for 20 million.
"""

import heapq
import struct
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import lz4.frame
import numpy as np
from backports import zstd

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import ImageFrame

NONE, LZ4, ZSTD = 0, 1, 3
PACKET_US = 10_000
_MAGIC = b'#!AER-DAT4.0\r\n'
_PACK = {NONE: bytes, LZ4: lz4.frame.compress, ZSTD: zstd.compress}
_EVENT4 = np.dtype([('t', '<i8'), ('x', '<i2'), ('y', '<i2'), ('p', 'u1'), ('pad', 'u1', 3)])
# Entry of the table of packets, a table of flatbuffers with its padding.
_ENTRY = np.dtype(
    [
        *(('vtable', '<i4'), ('stream', '<i4'), ('size', '<i4')),
        *(('at', '<i8'), ('n', '<i8'), ('first', '<i8'), ('last', '<i8')),
        ('pad', 'u1', 4),
    ]
)
_STREAM = """<node name="{n}" path="/mainloop/Recorder/outInfo/{n}/">
<attr key="compression" type="string">LZ4</attr>
<attr key="originalModuleName" type="string">capture</attr>
<attr key="originalOutputName" type="string">{name}</attr>
<attr key="typeDescription" type="string">Output.</attr>
<attr key="typeIdentifier" type="string">{kind}</attr>
<node name="info" path="/mainloop/Recorder/outInfo/{n}/info/">
<attr key="sizeX" type="int">{width}</attr><attr key="sizeY" type="int">{height}</attr>
<attr key="source" type="string">{source}</attr></node></node>
"""


class _Packet(NamedTuple):
    first_us: int
    stream: int
    events: int
    last_us: int
    flatbuffer: bytes


def write_aedat4(
    path: Path,
    cameras: Mapping[str, EventArrays],
    size: tuple[int, int],
    *,
    frames: Mapping[str, Sequence[ImageFrame]] | None = None,
    compression: int = LZ4,
    with_table: bool = True,
) -> Path:
    """Write an AEDAT4 file; return its path.

    Args:
        path: file to write.
        cameras: events by the camera's name, times in whole microseconds.
        size: width and height of the sensors, pixels.
        frames: images by the camera's name, grey or RGB.
        compression: NONE, LZ4 or ZSTD.
        with_table: whether the table of packets follows, which an interrupted recording lacks.
    """
    frames = frames or {}
    streams = [_event_packets(n, events) for n, events in enumerate(cameras.values())]
    streams += [
        (_frame_packet(n, image) for image in images)
        for n, images in enumerate(frames.values(), len(cameras))
    ]
    xml = _xml([(name, 'events', 'EVTS') for name in cameras], size, 0)
    xml += _xml([(name, 'frames', 'FRME') for name in frames], size, len(cameras))
    entries = []
    with path.open('wb') as file:
        file.write(_header(xml, compression, -1))
        for packet in heapq.merge(*streams, key=lambda packet: packet.first_us):
            data = _PACK[compression](packet.flatbuffer)
            file.write(struct.pack('<ii', packet.stream, len(data)))
            times = packet.first_us, packet.last_us
            entries.append((0, packet.stream, len(data), file.tell(), packet.events, *times, 0))
            file.write(data)
        if with_table:
            table_at = file.tell()
            file.write(_PACK[compression](_table(np.array(entries, _ENTRY))))
            file.seek(0)
            file.write(_header(xml, compression, table_at))
    return path


def write_aedat3(
    path: Path,
    cameras: Mapping[str, EventArrays],
    *,
    version: str = '3.1',
    start_us: int = 0,
    height: int = 0,
    between: bytes = b'',
) -> Path:
    """Write an AEDAT 3 file of RAW packets; return its path.

    Args:
        path: file to write.
        cameras: events by the chip's name, times in whole microseconds.
        version: '3.1', or '3.0' with the origin in the lower left corner and no end of the header.
        start_us: subtracted from the times, which have 31 bits and an overflow counter.
        height: height of the sensor, pixels; needed for 3.0.
        between: bytes that follow each packet, such as a packet of another type.
    """
    sources = ''.join(f'#Source {n}: {name}\r\n' for n, name in enumerate(cameras, 1))
    head = f'#!AER-DAT{version}\r\n#Format: RAW\r\n{sources}#Start-Time: 2016-09-01 12:00:00\r\n'
    with path.open('wb') as file:
        file.write(head.encode() + (b'#!END-HEADER\r\n' if version == '3.1' else b''))
        packets = [
            _packets3(n, events, start_us, height if version == '3.0' else 0)
            for n, events in enumerate(cameras.values(), 1)
        ]
        for _, data in heapq.merge(*packets, key=lambda packet: packet[0]):
            file.write(data + between)
    return path


def packet3(kind: int, source: int, events: bytes, size: int, number: int, overflow: int) -> bytes:
    """Return a packet of AEDAT 3 whose events have their time at byte 4.

    Args:
        kind: type of the events: 0 special, 1 polarity, 2 frame, 3 IMU.
        source: number of the source.
        events: the events.
        size: bytes of an event.
        number: number of events, all valid.
        overflow: overflow counter of the times.
    """
    return struct.pack('<hhiiiiii', kind, source, size, 4, overflow, *[number] * 3) + events


def write_aedat2(
    path: Path, events: EventArrays, chip: str, size: tuple[int, int], start_us: int = 0
) -> Path:
    """Write an AEDAT 2.0 file as jAER does; return its path.

    Args:
        path: file to write.
        events: events of the camera, times in whole microseconds.
        chip: name of the chip; 'v2e' for the header of v2e, which names none.
        size: width and height of the sensor, pixels.
        start_us: subtracted from the times, which wrap at 2^31.
    """
    x, y = (
        (length - 1 - column).astype(np.uint32)
        for length, column in zip(size, (events.x.astype(int), events.y.astype(int)), strict=True)
    )
    on = events.polarity.astype(np.uint32)
    words = np.empty((len(x), 2), '>u4')
    is_davis = 'DVS128' not in chip
    words[:, 0] = y << 22 | x << 12 | on << 11 if is_davis else y << 8 | x << 1 | (1 - on)
    words[:, 1] = (events.t_ns // 1000 - start_us) & 0xFFFFFFFF
    names = f'# AEChip: eu.seebetter.ini.chips.davis.{chip}\r\n'
    if chip == 'v2e':
        names = '# This is a raw AE data file created by AEDat2Output in v2e\r\n'
    header = f'#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n{names}'
    path.write_bytes(header.encode() + words.tobytes())
    return path


def _xml(streams: Sequence[tuple[str, str, str]], size: tuple[int, int], first: int) -> str:
    return ''.join(
        _STREAM.format(n=n, source=source, name=name, kind=kind, width=size[0], height=size[1])
        for n, (source, name, kind) in enumerate(streams, first)
    )


def _header(streams: str, compression: int, table_at: int) -> bytes:
    xml = (
        '<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">'
        f'{streams}</node></dv>'
    ).encode()
    vtable = struct.pack('<HHHHH', 10, 20, 16, 8, 4)
    root = struct.pack('<iIqi', 10, 16, table_at, compression)
    data = struct.pack('<I4s', 24, b'IOHE') + bytes(6) + vtable + root
    data += struct.pack('<I', len(xml)) + xml + b'\0'
    return _MAGIC + struct.pack('<I', len(data)) + data


def _vector_buffer(identifier: bytes, count: int, content: bytes) -> bytes:
    """Return a flatbuffer, after its size, whose only field is a vector."""
    data = struct.pack('<I4sH', 16, identifier, 0) + struct.pack('<HHH', 6, 8, 4)
    data += struct.pack('<iII', 6, 4, count) + content
    return struct.pack('<I', len(data)) + data


def _event_packets(stream: int, events: EventArrays) -> Iterator[_Packet]:
    t_us = events.t_ns // 1000
    for first, last in _pieces(t_us):
        part = events.select(slice(first, last))
        columns = np.zeros(last - first, _EVENT4)
        columns['t'], columns['x'], columns['y'] = t_us[first:last], part.x, part.y
        columns['p'] = part.polarity
        content = _vector_buffer(b'EVTS', len(columns), columns.tobytes())
        times = int(t_us[first]), int(t_us[last - 1])
        yield _Packet(times[0], stream, len(columns), times[1], content)


def _pieces(t_us: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the ranges of the events of each packet."""
    if len(t_us):
        edges = np.arange(t_us[0], t_us[-1] + PACKET_US + 1, PACKET_US)
        yield from ((a, b) for a, b in pairwise(np.searchsorted(t_us, edges).tolist()) if a < b)


def _frame_packet(stream: int, frame: ImageFrame) -> _Packet:
    """Return a frame: time, format, size and pixels, all else by default."""
    height, width = frame.image.shape[:2]
    pixels = frame.image if frame.image.ndim == 2 else frame.image[:, :, ::-1]
    code = 0 if frame.image.ndim == 2 else 16
    vtable = struct.pack('<13H', 26, 24, 16, 0, 0, 0, 0, 8, 4, 6, 0, 0, 12)
    t_us = frame.t_ns // 1000
    root = struct.pack('<ihhbxxxIq', 26, width, height, code, 12, t_us)
    data = struct.pack('<I4sH', 36, b'FRME', 0) + vtable + root
    data += struct.pack('<I', pixels.size) + pixels.tobytes()
    return _Packet(t_us, stream, 1, t_us, struct.pack('<I', len(data)) + data)


def _table(entries: np.ndarray) -> bytes:
    """Return the table of packets; all of its entries share one vtable."""
    # Root, identifier and two vtables have 28 bytes, the root table 8, the count 4.
    start = 40 + 4 * len(entries)
    start += -start % 8  # times are aligned to 8 bytes, counted from the size in front
    positions = start + _ENTRY.itemsize * np.arange(len(entries))
    entries['vtable'] = positions - 8
    offsets = positions - 40 - 4 * np.arange(len(entries))
    data = struct.pack('<I4s', 28, b'FTAB')
    data += struct.pack('<10H', 14, 44, 12, 4, 20, 28, 36, 6, 8, 4)
    data += struct.pack('<iII', 6, 4, len(entries)) + offsets.astype('<u4').tobytes()
    data += bytes(start - len(data)) + entries.tobytes()
    return struct.pack('<I', len(data)) + data


def _packets3(
    source: int, events: EventArrays, start_us: int, flip_height: int
) -> Iterator[tuple[int, bytes]]:
    t_us = events.t_ns // 1000 - start_us
    y = flip_height - 1 - events.y.astype(np.int64) if flip_height else events.y
    for first, last in _pieces(t_us):
        for overflow, part in _overflows(t_us, first, last):
            columns = np.zeros((part.stop - part.start, 2), '<u4')
            address = y[part].astype(np.uint32) << 2 | events.x[part].astype(np.uint32) << 17
            columns[:, 0] = address | events.polarity[part].astype(np.uint32) << 1 | 1
            columns[:, 1] = t_us[part] & 0x7FFFFFFF
            packet = packet3(1, source, columns.tobytes(), 8, len(columns), overflow)
            yield int(t_us[first]), packet


def _overflows(t_us: np.ndarray, first: int, last: int) -> Iterator[tuple[int, slice]]:
    """Yield the parts of a range of events with one overflow counter."""
    counters = t_us[first:last] >> 31
    cuts = [first, *(np.flatnonzero(np.diff(counters)) + 1 + first).tolist(), last]
    for start, stop in pairwise(cuts):
        yield int(t_us[start] >> 31), slice(start, stop)
