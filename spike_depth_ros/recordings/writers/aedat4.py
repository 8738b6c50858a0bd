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

"""Writer of AEDAT4 files, for one camera or two.

Layout: docs.inivation.com, "AEDAT 4.0", and dv-processing's flatbuffer schemas (data/*.fbs): a
line of text; IOHeader; packets, each after its stream's number and its size; FileDataTable. The
three tables differ in their numbers only, so they are laid out here as bytes: dv-processing takes
events one by one, 0.4 million a second.
"""

import struct
from pathlib import Path
from types import TracebackType
from xml.sax.saxutils import escape

import lz4.frame
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import EventChunk
from spike_depth_ros.recordings.writers.writer import Contents, Writer, times_us

_FIRST_LINE = b'#!AER-DAT4.0\r\n'
_SIZE_BYTES = 4  # a flatbuffer starts with its size, which does not count itself
_LZ4 = 1
# Flatbuffer of IOHeader: size, place of the table, identifier, places of the table's fields; the
# table's compression, text and place of FileDataTable; length of the text, which follows.
_HEADER = struct.Struct('<II4s6x5HIIIqI')
_TABLE_PLACE = len(_FIRST_LINE) + 40
# Start of a flatbuffer whose table has one list: size, place of the table, identifier, place of
# the table's field; place of the list after this number.
_LIST = struct.Struct('<II4s3H2xII')
_LIST_PLACE = 24
_EVENT = np.dtype(
    {
        'names': ['t_us', 'x', 'y', 'polarity'],
        'formats': ['<i8', '<i2', '<i2', 'u1'],
        'offsets': [0, 8, 10, 12],
        'itemsize': 16,
    }
)
# FileDataDefinition: the distance to the list of its fields' places, and the fields.
_ENTRY = np.dtype(
    [
        ('to_places', '<i4'),
        ('position', '<i8'),
        ('stream', '<i4'),
        ('size', '<i4'),
        ('events', '<i8'),
        ('start_us', '<i8'),
        ('end_us', '<i8'),
        ('padding', '<i4'),
    ]
)
_ENTRY_PLACES = np.array([14, 44, 4, 12, 20, 28, 36, 0], '<u2')
_STREAM = """
        <node name="{number}" path="/outInfo/{number}/">
            <attr key="compression" type="string">LZ4</attr>
            <attr key="originalModuleName" type="string">spike-depth</attr>
            <attr key="originalOutputName" type="string">events</attr>
            <attr key="typeDescription" type="string">Array of events (polarity ON/OFF).</attr>
            <attr key="typeIdentifier" type="string">EVTS</attr>
            <node name="info" path="/outInfo/{number}/info/">
                <attr key="sizeX" type="int">{width}</attr>
                <attr key="sizeY" type="int">{height}</attr>
                <attr key="source" type="string">{source}</attr>
            </node>
        </node>"""
_STREAMS = """<dv version="2.0">
    <node name="outInfo" path="/outInfo/">{streams}
    </node>
</dv>
"""


class Aedat4Writer(Writer):
    """New AEDAT4 file; see Writer."""

    takes_packets = False
    takes_depth = False

    def __init__(self, path: Path, contents: Contents) -> None:
        self.notes = []
        if contents.depth_streams:
            self.notes.append('AEDAT4 has no true depth, so it is left out')
        if contents.rig is not None:
            self.notes.append('AEDAT4 has no calibration, so it is left out')
        streams = ''.join(
            _STREAM.format(
                number=number, width=camera.width, height=camera.height, source=escape(side)
            )
            for number, (camera, side) in enumerate(
                zip(contents.cameras, contents.sides, strict=True)
            )
        )
        self._file = path.open('xb')
        self._file.write(_FIRST_LINE + _header(_STREAMS.format(streams=streams)))
        self._entries: list[tuple[int, ...]] = []

    def write_events(self, chunk: EventChunk) -> None:
        """Append events as a packet."""
        assert isinstance(chunk.events, EventArrays)
        t_us = times_us(chunk.events)
        data = lz4.frame.compress(_packet(t_us, chunk.events), store_size=False)
        times = int(t_us[0]), int(t_us[-1])
        self._file.write(struct.pack('<ii', chunk.camera, len(data)))
        place = self._file.tell()
        self._file.write(data)
        self._entries.append((place, chunk.camera, len(data), len(t_us), *times))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file:
            if error is None:
                place = self._file.tell()
                self._file.write(lz4.frame.compress(_table(self._entries), store_size=False))
                self._file.seek(_TABLE_PLACE)
                self._file.write(struct.pack('<q', place))


def _header(streams: str) -> bytes:
    """Return IOHeader."""
    text = streams.encode()
    end = bytes(1 + -(len(text) + 1) % 4)
    size = _HEADER.size + len(text) + len(end) - _SIZE_BYTES
    places = 10, 20, 4, 12, 8
    return _HEADER.pack(size, 24, b'IOHE', *places, 10, _LZ4, 12, -1, len(text)) + text + end


def _packet(t_us: NDArray[np.int64], events: EventArrays) -> bytes:
    """Return EventPacket of events with other times, microseconds."""
    rows = np.zeros(len(t_us), _EVENT)
    rows['t_us'], rows['x'], rows['y'] = t_us, events.x, events.y
    rows['polarity'] = events.polarity
    return _list(b'EVTS', 4, struct.pack('<I', len(rows)) + rows.tobytes())


def _table(entries: list[tuple[int, ...]]) -> bytes:
    """Return FileDataTable: place, stream, size, events, first and last us of each packet."""
    places_at = _LIST.size
    list_at = places_at + _ENTRY_PLACES.nbytes
    offsets_at = list_at + 4 + 4 * np.arange(len(entries))
    first = list_at + 4 + 4 * len(entries)
    first += (4 - first) % 8  # the fields, after 4 bytes, are at multiples of 8
    rows = np.zeros(len(entries), _ENTRY)
    rows_at = first + _ENTRY.itemsize * np.arange(len(entries))
    rows['to_places'] = rows_at - places_at
    columns = np.array(entries, np.int64).reshape(-1, 6).T
    names = ('position', 'stream', 'size', 'events', 'start_us', 'end_us')
    for name, column in zip(names, columns, strict=True):
        rows[name] = column
    offsets = (rows_at - offsets_at).astype('<u4').tobytes()
    body = _ENTRY_PLACES.tobytes() + struct.pack('<I', len(entries)) + offsets
    padding = bytes(first - places_at - len(body))
    return _list(b'FTAB', list_at - _LIST_PLACE, body + padding + rows.tobytes())


def _list(identifier: bytes, to_list: int, body: bytes) -> bytes:
    """Return a flatbuffer whose table has one list, `to_list` bytes after its place."""
    size = _LIST.size + len(body) - _SIZE_BYTES
    return _LIST.pack(size, 16, identifier, 6, 8, 4, 8, to_list) + body
