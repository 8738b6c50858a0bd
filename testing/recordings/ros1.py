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

"""ROS 1 bags of events, written by rosbags, in the layout of the cameras' drivers.

dvs_msgs/EventArray (rpg_dvs_ros), whose fields other packages share, and EventPacket
(event_camera_msgs, before event_array_msgs).
"""

import heapq
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rosbags.interfaces import Connection
from rosbags.rosbag1 import Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.units import SECOND_NS

MESSAGE_NS = SECOND_NS // 30  # 30 messages a second, the default of rpg_dvs_ros
_DELAYS_NS = (0, 20_000_000, 3_000_000, 11_000_000)  # of messages, after their last event
_EVENT = np.dtype('<u2, <u2, <u4, <u4, u1')  # packed
_EVENT_FIELDS = 'uint16 x\nuint16 y\ntime ts\nbool polarity\n'
_ARRAY_FIELDS = 'std_msgs/Header header\nuint32 height\nuint32 width\nEvent[] events\n'
_PACKET_FIELDS = """std_msgs/Header header
uint32 height
uint32 width
uint64 seq
uint64 time_base
string encoding
bool is_bigendian
uint8[] events
"""


class Ros1Writer:
    """New ROS 1 bag; use it as a context manager.

    Args:
        path: the new file.
        compression: '', 'bz2' or 'lz4'.
        chunk_bytes: size at which a chunk is complete.
    """

    def __init__(self, path: Path, compression: str = '', chunk_bytes: int = 768_000) -> None:
        self._writer = Writer(path)
        self._writer.chunk_threshold = chunk_bytes
        if compression:
            self._writer.set_compression(Writer.CompressionFormat[compression.upper()])
        self.types = get_typestore(Stores.ROS1_NOETIC)
        self._connections: dict[str, Connection] = {}

    def write(self, topic: str, message_type: str, log_time_ns: int, data: bytes) -> None:
        """Append the bytes of a message, such as of a 'dvs_msgs/msg/EventArray'."""
        if topic not in self._connections:
            register(self.types, message_type)
            self._connections[topic] = self._writer.add_connection(
                topic, message_type, typestore=self.types
            )
        self._writer.write(self._connections[topic], log_time_ns, data)

    def write_message(
        self, topic: str, message_type: str, log_time_ns: int, **fields: Any
    ) -> None:
        """Append a message of a type of ROS, by its fields."""
        message = self.types.types[message_type](**fields)
        data = self.types.serialize_ros1(message, message_type)
        self.write(topic, message_type, log_time_ns, bytes(data))

    def header(self, stamp_ns: int, frame_id: str) -> Any:
        """Return a std_msgs/Header."""
        seconds, nanoseconds = divmod(stamp_ns, SECOND_NS)
        stamp = self.types.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
        header = self.types.types['std_msgs/msg/Header']
        return header(seq=0, stamp=stamp, frame_id=frame_id)

    def __enter__(self) -> 'Ros1Writer':
        self._writer.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()


def register(types: Typestore, message_type: str) -> None:
    """Add an EventArray or an EventPacket of any package to rosbags' types."""
    if message_type in types.fielddefs:
        return
    package, _, name = message_type.split('/')
    if name == 'EventArray' and package != 'event_array_msgs':
        types.register(get_types_from_msg(_EVENT_FIELDS, f'{package}/msg/Event'))
        types.register(get_types_from_msg(_ARRAY_FIELDS, message_type))
    else:
        types.register(get_types_from_msg(_PACKET_FIELDS, message_type))


def write_event_arrays(
    path: Path,
    cameras: Mapping[str, EventArrays],
    size: tuple[int, int],
    message_ns: int = MESSAGE_NS,
    package: str = 'dvs_msgs',
    compression: str = '',
) -> Path:
    """Write a bag of EventArrays; return its path.

    Args:
        path: the new file.
        cameras: events in order of time, by topic.
        size: width and height of the sensors, pixels.
        message_ns: length of a message, nanoseconds.
        package: package of the message type.
        compression: see Ros1Writer.
    """
    with Ros1Writer(path, compression) as writer:
        for log_time_ns, topic, data in event_messages(cameras, size, message_ns):
            writer.write(topic, f'{package}/msg/EventArray', log_time_ns, data)
    return path


def event_messages(
    cameras: Mapping[str, EventArrays], size: tuple[int, int], message_ns: int = MESSAGE_NS
) -> Iterator[tuple[int, str, bytes]]:
    """Yield log time, topic and bytes of EventArrays in the order of log time.

    A message is recorded up to 20 ms after its last event.
    """
    streams = [_messages(topic, cameras[topic], size, message_ns) for topic in cameras]
    return heapq.merge(*streams, key=lambda message: message[0])


def event_array(events: EventArrays, size: tuple[int, int], stamp_ns: int = 0) -> bytes:
    """Return the bytes of an EventArray; size: width and height, pixels."""
    packed = np.empty(len(events.t_ns), _EVENT)
    packed['f0'], packed['f1'] = events.x, events.y
    packed['f2'], packed['f3'] = events.t_ns // SECOND_NS, events.t_ns % SECOND_NS
    packed['f4'] = events.polarity
    seconds, nanoseconds = divmod(stamp_ns, SECOND_NS)
    width, height = size
    head = np.array([0, seconds, nanoseconds, 0, height, width, len(packed)], '<u4')
    return head.tobytes() + packed.tobytes()


def event_packet(packet: Packet) -> bytes:
    """Return the bytes of an EventPacket."""
    types = get_typestore(Stores.ROS1_NOETIC)
    name = 'event_camera_msgs/msg/EventPacket'
    register(types, name)
    seconds, nanoseconds = divmod(packet.stamp_ns, SECOND_NS)
    stamp = types.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
    message = types.types[name](
        header=types.types['std_msgs/msg/Header'](seq=7, stamp=stamp, frame_id=packet.frame_id),
        height=packet.height,
        width=packet.width,
        seq=packet.seq,
        time_base=packet.time_base_ns,
        encoding=packet.encoding,
        is_bigendian=packet.big_endian,
        events=packet.data,
    )
    return bytes(types.serialize_ros1(message, name))


def _messages(
    topic: str, events: EventArrays, size: tuple[int, int], message_ns: int
) -> Iterator[tuple[int, str, bytes]]:
    if not len(events.t_ns):
        return
    edges_ns = np.arange(events.t_ns[0], events.t_ns[-1] + message_ns + 1, message_ns)
    edges = np.searchsorted(events.t_ns, edges_ns)
    log_time_ns = 0
    for number, first in enumerate(edges[:-1]):
        part = events.select(slice(first, edges[number + 1]))
        end_ns = int(part.t_ns[-1]) if len(part.t_ns) else int(edges_ns[number])
        delay_ns = _DELAYS_NS[number % len(_DELAYS_NS)]
        log_time_ns = max(log_time_ns, end_ns + delay_ns)
        yield log_time_ns, topic, event_array(part, size, end_ns)
