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

"""Small recordings in rosbag2 format, and ways to damage and to count them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.rosbag2 import Recording

PACKET = Packet('evt3', 346, 260, 0, 0, 0, False, np.arange(64, dtype=np.uint8))
MESSAGES = 20
TOPIC = '/left/events'


def write(
    folder: Path,
    storage: StoragePlugin = StoragePlugin.SQLITE3,
    compression: CompressionMode = CompressionMode.NONE,
    events: NDArray[np.uint8] = PACKET.data,
) -> Path:
    types = message_types()
    codec = MessageCodec(types)
    writer = Writer(folder, version=9, storage_plugin=storage)
    if compression != CompressionMode.NONE:
        writer.set_compression(compression, CompressionFormat.ZSTD)
    with writer:
        connection = writer.add_connection(TOPIC, EVENT_PACKET, typestore=types)
        for seq in range(MESSAGES):
            cdr = codec.packet_to_cdr(replace(PACKET, seq=seq, data=events), 'left')
            writer.write(connection, 1000 + seq, cdr)
    return folder


def count(path: Path) -> int:
    with Recording(path) as recording:
        return len(list(recording.messages([TOPIC])))


def refusal(path: Path, read: Callable[[Path], object] = count) -> str:
    """Return the error of reading a recording, by default its messages, one sentence."""
    with pytest.raises(RecordingError) as caught:
        read(path)
    sentence = str(caught.value)
    assert '\n' not in sentence
    assert sentence.endswith('.')
    return sentence


def edit(folder: Path, old: str, new: str) -> None:
    metadata = folder / 'metadata.yaml'
    text = metadata.read_text()
    assert old in text
    metadata.write_text(text.replace(old, new))


def cut(path: Path, share: float = 0.6) -> None:
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
