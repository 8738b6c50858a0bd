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

"""Read event messages from their CDR bytes, as DDS delivers them and rosbag2 stores them.

The reader needs no message type and copies no event. Source: OMG CORBA 3.0, 15.3 (CDR): the first
4 bytes name the byte order, and numbers are aligned from there on.
"""

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from spike_depth_ros.events.dvs import DVS, EVENT_BYTES, LAST_PADDING
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import SECOND_NS

EVENT_PACKET = 'event_camera_msgs/msg/EventPacket'
EVENT_ARRAY = 'dvs_msgs/msg/EventArray'
_HEADER_BYTES = 4
_LITTLE_ENDIAN = 0x1


class _Reader:
    """Read the fields in their order; raises ValueError where the bytes end too early."""

    def __init__(self, cdr: bytes) -> None:
        self._cdr = memoryview(cdr)
        self.is_big_endian = len(cdr) > 1 and not cdr[1] & _LITTLE_ENDIAN
        self._order = '>' if self.is_big_endian else '<'
        self._position = _HEADER_BYTES

    def numbers(self, form: str, size: int) -> tuple[int, ...]:
        """Return numbers; form: letters of struct, size: bytes of each number."""
        self._position += -(self._position - _HEADER_BYTES) % size
        return struct.unpack(self._order + form, self.take(size * len(form)))

    def take(self, length: int) -> memoryview:
        """Return the next bytes."""
        start, self._position = self._position, self._position + length
        if self._position > len(self._cdr):
            raise ValueError(
                f'a message of {len(self._cdr)} bytes ends before byte {self._position} of it'
            )
        return self._cdr[start : self._position]

    def count(self) -> int:
        """Return the length of the sequence that follows."""
        return self.numbers('I', 4)[0]

    def text(self) -> str:
        """Return a string."""
        return bytes(self.take(self.count())).rstrip(b'\0').decode('utf-8', 'replace')


def read_packet(cdr: bytes) -> Packet:
    """Read an event_camera_msgs/msg/EventPacket; its data are a view into the bytes.

    Raises ValueError, one sentence, for bytes of another message.
    """
    reader = _Reader(cdr)
    seconds, nanoseconds = reader.numbers('iI', 4)
    frame_id = reader.text()
    height, width = reader.numbers('II', 4)
    seq, time_base_ns = reader.numbers('QQ', 8)
    encoding = reader.text()
    (big_endian,) = reader.numbers('B', 1)
    return Packet(
        encoding=encoding,
        width=width,
        height=height,
        seq=seq,
        stamp_ns=seconds * SECOND_NS + nanoseconds,
        time_base_ns=time_base_ns,
        big_endian=bool(big_endian),
        data=np.frombuffer(reader.take(reader.count()), np.uint8),
        frame_id=frame_id,
    )


def read_array(cdr: bytes) -> Packet:
    """Read a dvs_msgs/msg/EventArray as a packet of the encoding 'dvs_msgs', without seq.

    Raises ValueError, one sentence, for bytes of another message.
    """
    reader = _Reader(cdr)
    seconds, nanoseconds = reader.numbers('iI', 4)
    frame_id = reader.text()
    height, width = reader.numbers('II', 4)
    stamp_ns = seconds * SECOND_NS + nanoseconds
    events = reader.count()
    return Packet(
        encoding=DVS,
        width=width,
        height=height,
        seq=None,
        stamp_ns=stamp_ns,
        time_base_ns=stamp_ns,
        big_endian=reader.is_big_endian,
        data=np.frombuffer(reader.take(max(EVENT_BYTES * events - LAST_PADDING, 0)), np.uint8),
        frame_id=frame_id,
    )


READERS: Mapping[str, Callable[[bytes], Packet]] = MappingProxyType(
    {EVENT_PACKET: read_packet, EVENT_ARRAY: read_array}
)
