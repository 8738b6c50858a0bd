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

"""Live stream of AEDAT4: packets over a socket, in any pieces, and servers that are none."""

import socket
from contextlib import closing
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from recordings.aedat.reading import assert_events

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.network import NetworkStream
from spike_depth_ros.recordings.recording import EventCamera
from testing.recordings.aedat import LZ4, NONE, write_aedat4
from testing.recordings.scene import HEIGHT, WIDTH, scene
from testing.waiting import LIMIT_S

pytest.importorskip('dv_processing')

EVENTS = scene(0.2).left.select(slice(0, 20_000))
MAGIC_BYTES = 14  # a stream begins with the size of the header


def served(content: bytes, pieces: int, is_read: Event) -> NetworkStream:
    """Return a stream whose server sends bytes in pieces, then ends the connection.

    Args:
        content: bytes to send.
        pieces: bytes in a piece.
        is_read: event that the server awaits before the end, as dv-processing drops what arrives
            at the end of a connection.
    """
    listener = socket.create_server(('127.0.0.1', 0))

    def send() -> None:
        with listener, listener.accept()[0] as connection:
            for start in range(0, len(content), pieces):
                connection.sendall(content[start : start + pieces])
            is_read.wait(LIMIT_S)

    Thread(target=send, daemon=True).start()
    return NetworkStream(f'tcp://localhost:{listener.getsockname()[1]}')


def content(tmp_path: Path, compression: int) -> bytes:
    path = tmp_path / 'a.aedat4'
    write_aedat4(path, {'A': EVENTS}, (WIDTH, HEIGHT), compression=compression, with_table=False)
    return path.read_bytes()[MAGIC_BYTES:]


def read_to_the_end(stream: NetworkStream, is_read: Event) -> EventArrays:
    blocks: list[EventArrays] = []
    with closing(stream), pytest.raises(ConnectionError, match='has ended the connection'):
        while True:
            if (events := stream.read()) is not None:
                blocks.append(events)
            if sum(len(block.t_ns) for block in blocks) == len(EVENTS.t_ns):
                is_read.set()
    return EventArrays(*(np.concatenate(column) for column in zip(*blocks, strict=True)))


@pytest.mark.parametrize('compression', [NONE, LZ4])
@pytest.mark.parametrize('pieces', [777, 100_000])
def test_packets_in_any_pieces_give_the_events(
    tmp_path: Path, compression: int, pieces: int
) -> None:
    is_read = Event()
    stream = served(content(tmp_path, compression), pieces, is_read)
    assert stream.camera == EventCamera('A', WIDTH, HEIGHT)
    assert_events(read_to_the_end(stream, is_read), EVENTS)


@pytest.mark.parametrize(
    ('data', 'ends', 'words'),
    [
        (
            b'HTTP/1.1 400 Bad Request\r\n\r\n',
            True,
            r'serves no AEDAT4 stream \(.*\): give the address',
        ),
        (b'\x20\0\0\0' + bytes(32), False, 'serves no AEDAT4 stream .*could not verify IOHeader'),
        (b'', True, 'serves no AEDAT4 stream'),
    ],
)
def test_other_servers_are_refused(data: bytes, ends: bool, words: str) -> None:
    is_read = Event()
    if ends:
        is_read.set()
    with pytest.raises(ConnectionError, match=words):
        served(data, 100, is_read)
    is_read.set()


@pytest.mark.parametrize(
    'address', ['tcp://127.0.0.1:1', 'tcp://127.0.0.1', 'tcp://127.0.0.1:x', '/none/socket']
)
def test_addresses_that_nothing_serves_are_one_sentence(address: str) -> None:
    with pytest.raises(ConnectionError, match=r'nothing serves events at .*: start the server'):
        NetworkStream(address)
