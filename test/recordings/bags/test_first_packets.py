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

"""Cameras of a bag: the first packet that can be used, and refusals."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording

PACKET = Packet('evt3', 346, 260, 0, 5, 0, False, np.arange(8, dtype=np.uint8))
TOPIC = '/events'
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(*messages: bytes, compression: CompressionMode = CompressionMode.NONE) -> Path:
        writer = Writer(tmp_path / 'drive', version=9)
        if compression != CompressionMode.NONE:
            writer.set_compression(compression, CompressionFormat.ZSTD)
        with writer:
            connection = writer.add_connection(TOPIC, EVENT_PACKET, typestore=message_types())
            for number, message in enumerate(messages):
                writer.write(connection, 10 + number, message)
        return tmp_path / 'drive'

    return write


def cdr(**fields: object) -> bytes:
    return MessageCodec(message_types()).packet_to_cdr(replace(PACKET, **fields), 'left')


def refusal(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    return str(caught.value)


def test_the_first_that_can_be_used(write: Write) -> None:
    with open_recording(write(b'\0', cdr(width=0), cdr(seq=7))) as recording:
        (camera,) = recording.cameras

    assert (camera.width, camera.frame_id) == (346, 'left')


@pytest.mark.parametrize('encoding', ['EVT3', 'evt4', 'dvs_msgs', ''])
def test_an_encoding_that_is_not_read(write: Write, encoding: str) -> None:
    sentence = refusal(write(cdr(encoding=encoding), cdr(encoding=encoding)))

    assert (
        f"The topic '/events' holds no events that can be read: encoding '{encoding}'" in sentence
    )
    assert "parameter encoding to 'evt3'" in sentence


@pytest.mark.parametrize('message', [b'', b'\0\1\0\0' + b'\xff' * 40, cdr() + b'more'])
def test_bytes_of_another_definition(write: Write, message: bytes) -> None:
    assert f'its bytes are no {EVENT_PACKET}, or one of another' in refusal(write(message))


@pytest.mark.parametrize(
    'definition',
    [
        'std_msgs/Header header\nuint32 height\nuint32 width\nuint8[] events\n',
        'uint32 height\nuint32 width\nuint8[] events\n',
    ],
)
def test_the_definition_in_the_recording_differs(tmp_path: Path, definition: str) -> None:
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(definition, EVENT_PACKET))
    with Writer(tmp_path / 'drive', version=9) as writer:
        connection = writer.add_connection(TOPIC, EVENT_PACKET, typestore=types)
        writer.write(connection, 1, cdr())

    with pytest.raises(
        RecordingError, match=r'fields are those of neither EventPacket nor .*: convert'
    ):
        open_recording(tmp_path / 'drive')


def test_the_hash_in_the_recording_differs(write: Write) -> None:
    database = write(cdr()) / 'drive.db3'
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute('DELETE FROM message_definitions')
        connection.execute("UPDATE topics SET type_description_hash = 'RIHS01_0000'")

    assert 'whose fields are those of neither EventPacket' in refusal(database)
