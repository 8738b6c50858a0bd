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

"""rosbag2 recordings, written by rosbags: events as arrays in CDR, and any other message."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.interfaces import Connection
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.units import SECOND_NS
from testing.recordings.ros1 import MESSAGE_NS, event_messages, register

_ROS1_HEAD = 28  # bytes before the events of a ROS 1 EventArray without a frame_id
_PACKED = np.dtype('<u2, <u2, <u4, <u4, u1')
# From 2 bytes before the first event on, every event takes 16 bytes.
_ALIGNED = np.dtype(
    {
        'names': ['f0', 'f1', 'f2', 'f3', 'f4'],
        'formats': ['<u2', '<u2', '<u4', '<u4', 'u1'],
        'offsets': [0, 2, 6, 10, 14],
        'itemsize': 16,
    }
)


class Rosbag2Writer:
    """New rosbag2 folder; use it as a context manager.

    Args:
        folder: the new folder.
        storage: SQLITE3 or MCAP.
        compression: NONE, FILE or MESSAGE, with zstd.
    """

    def __init__(
        self,
        folder: Path,
        storage: StoragePlugin = StoragePlugin.SQLITE3,
        compression: CompressionMode = CompressionMode.NONE,
    ) -> None:
        self._writer = Writer(folder, version=9, storage_plugin=storage)
        if compression != CompressionMode.NONE:
            self._writer.set_compression(compression, CompressionFormat.ZSTD)
        self.types = get_typestore(Stores.ROS2_JAZZY)
        self._connections: dict[str, Connection] = {}

    def write(self, topic: str, message_type: str, log_time_ns: int, cdr: bytes) -> None:
        """Append the bytes of a message, such as of a 'dvs_msgs/msg/EventArray'."""
        if topic not in self._connections:
            register(self.types, message_type)
            self._connections[topic] = self._writer.add_connection(
                topic, message_type, typestore=self.types
            )
        self._writer.write(self._connections[topic], log_time_ns, cdr)

    def write_message(
        self, topic: str, message_type: str, log_time_ns: int, **fields: Any
    ) -> None:
        """Append a message of a type of ROS, by its fields."""
        message = self.types.types[message_type](**fields)
        data = self.types.serialize_cdr(message, message_type)
        self.write(topic, message_type, log_time_ns, bytes(data))

    def header(self, stamp_ns: int, frame_id: str) -> Any:
        """Return a std_msgs/Header."""
        seconds, nanoseconds = divmod(stamp_ns, SECOND_NS)
        stamp = self.types.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
        return self.types.types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)

    def __enter__(self) -> 'Rosbag2Writer':
        self._writer.open()
        return self

    def __exit__(self, *arguments: Any) -> None:
        self._writer.__exit__(*arguments)


def write_event_arrays(
    folder: Path,
    cameras: Mapping[str, EventArrays],
    size: tuple[int, int],
    package: str = 'dvs_msgs',
    storage: StoragePlugin = StoragePlugin.SQLITE3,
    message_ns: int = MESSAGE_NS,
) -> Path:
    """Write a recording of EventArrays; return its folder.

    Args:
        folder: the new folder.
        cameras: events in order of time, by topic.
        size: width and height of the sensors, pixels.
        package: package of the message type.
        storage: SQLITE3 or MCAP.
        message_ns: length of a message, nanoseconds.
    """
    with Rosbag2Writer(folder, storage) as writer:
        for log_time_ns, topic, data in event_messages(cameras, size, message_ns):
            writer.write(topic, f'{package}/msg/EventArray', log_time_ns, to_cdr(data))
    return folder


def to_cdr(ros1: bytes) -> bytes:
    """Return the CDR bytes of an EventArray from those of ROS 1, without a frame_id.

    Times are aligned to 4 bytes.
    """
    _, seconds, nanoseconds, _, height, width, count = np.frombuffer(ros1, '<u4', 7).tolist()
    packed = np.frombuffer(ros1[_ROS1_HEAD:], _PACKED)
    # Byte order; stamp; frame_id of one byte 0, padded; size of the sensor; number of events.
    numbers = np.array([0x100, seconds, nanoseconds, 1, 0, height, width, count], '<u4')
    events = np.zeros(count, _ALIGNED)
    for name in _PACKED.names or ():
        events[name] = packed[name]
    first = packed[:1].tobytes()[:4]  # x and y of the first event have no padding before them
    return numbers.tobytes() + (first + events.tobytes()[6:])[: max(16 * count - 3, 0)]
