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

"""Live events in the form of AEDAT4 from a TCP or Unix socket.

dv-processing's NetworkWriter, DV and dv-runtime serve cameras so: the header of a file with its
size, then packets. A reader of its own returns in a bounded time: dv-processing's NetworkReader
blocks the whole process while a server is silent.
"""

import select
import socket
import struct
import time
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat import compression
from spike_depth_ros.recordings.aedat.container import (
    EVENTS,
    MAX_HEADER,
    PACKET_HEADER,
    FileHeader,
    Stream,
    parse_header,
)
from spike_depth_ros.recordings.aedat.packets import EVENT, as_arrays, parse_events

TCP = 'tcp://'
CONNECT_S = 3.0
_RECEIVE_BYTES = 1 << 20
# A computer that is switched off or unplugged is noticed after 2 + 3 * 1 seconds.
_KEEP_ALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
)


class NetworkStream:
    """Connection to a server of events.

    Attributes:
        stream: the first stream of events.
        damaged: number of damaged packets, which were left out.
    """

    def __init__(self, address: str) -> None:
        """Connect, and read the header within CONNECT_S.

        Raises ConnectionError, one sentence.

        Args:
            address: tcp://host:port, or path of a Unix socket.
        """
        self._address = address
        self._bytes = bytearray()
        self.damaged = 0
        self._socket = _connect(address)
        try:
            self._header = self._read_header()
            self.stream = _events_of(self._header, address)
        except BaseException:
            self.close()
            raise

    def read(self) -> EventArrays | None:
        """Return the events that have arrived, None without any; it does not wait.

        Raises ConnectionError, one sentence, when the server has ended.
        """
        is_open = self._receive(0.0)
        parts = self._take_packets()
        if not parts and not is_open:
            raise ConnectionError(f'the server of {self._address} has ended the connection')
        return as_arrays(parts) if parts else None

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self, wait_s: float) -> bool:
        """Append the bytes that have arrived; return False at the end of the connection."""
        try:
            if not select.select([self._socket], [], [], wait_s)[0]:
                return True
            data = self._socket.recv(_RECEIVE_BYTES)
        except OSError as error:
            raise ConnectionError(f'{self._address} cannot be read: {error.strerror}') from error
        self._bytes += data
        return bool(data)

    def _read_header(self) -> FileHeader:
        deadline = time.monotonic() + CONNECT_S
        while time.monotonic() < deadline and self._receive(deadline - time.monotonic()):
            if len(self._bytes) < 4:
                continue
            (size,) = struct.unpack_from('<I', self._bytes)
            if size > MAX_HEADER:
                break
            if len(self._bytes) >= 4 + size:
                content = bytes(self._bytes[4 : 4 + size])
                del self._bytes[: 4 + size]
                return self._parsed(content)
        raise ConnectionError(
            f'{self._address} serves no AEDAT4 stream: give the address of a network output of DV '
            'or dv-processing'
        )

    def _parsed(self, content: bytes) -> FileHeader:
        try:
            header = parse_header(content)
        except ValueError as error:
            raise ConnectionError(f'{self._address} serves no AEDAT4 stream: {error}') from error
        if not compression.NONE <= header.compression <= compression.ZSTD_HIGH:
            raise ConnectionError(
                f'{self._address} compresses by an unknown method ({header.compression}): choose '
                'LZ4 or none in DV'
            )
        return header

    def _take_packets(self) -> list[NDArray[np.void]]:
        """Take the complete packets; return those of the stream of events that are not empty."""
        parts = []
        position = 0
        while len(self._bytes) >= position + PACKET_HEADER.size:
            number, size = PACKET_HEADER.unpack_from(self._bytes, position)
            if not 0 <= size <= compression.MAX_BYTES:
                raise ConnectionError(f'{self._address} sends packets that are damaged')
            end = position + PACKET_HEADER.size + size
            if len(self._bytes) < end:
                break
            if number == self.stream.number:
                parts.append(self._parse(bytes(self._bytes[end - size : end])))
            position = end
        del self._bytes[:position]
        return [part for part in parts if len(part)]

    def _parse(self, data: bytes) -> NDArray[np.void]:
        try:
            return parse_events(compression.unpacked(data, self._header.compression))
        except ValueError:
            self.damaged += 1
            return np.zeros(0, EVENT)


def _connect(address: str) -> socket.socket:
    """Return a connected socket; raises ConnectionError, one sentence."""
    try:
        if not address.startswith(TCP):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(CONNECT_S)
            connection.connect(address)
            return connection
        parts = urlsplit(address)
        connection = socket.create_connection((parts.hostname or '', parts.port or 0), CONNECT_S)
        for level, option, value in _KEEP_ALIVE:
            connection.setsockopt(level, option, value)
        return connection
    except (OSError, ValueError) as error:
        reason = getattr(error, 'strerror', None) or str(error)
        raise ConnectionError(
            f'nothing serves events at {address} ({reason}): start the server, or correct the '
            'address'
        ) from error


def _events_of(header: FileHeader, address: str) -> Stream:
    """Return the first stream of events; raises ConnectionError without one."""
    for stream in header.streams:
        if stream.kind == EVENTS and stream.width > 0 and stream.height > 0:
            return stream
    raise ConnectionError(f'{address} serves no events: choose the output of events in DV')
