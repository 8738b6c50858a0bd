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

"""Read event messages from their bytes, without a message type and without copying an event."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from spike_depth_ros.events.dvs import DVS, EVENT_BYTES, LAST_PADDING
from spike_depth_ros.events.fields import CdrFields, MessageFields
from spike_depth_ros.events.packet import Packet

EVENT_PACKET = 'event_camera_msgs/msg/EventPacket'
EVENT_ARRAY = 'dvs_msgs/msg/EventArray'


def read_packet(cdr: bytes) -> Packet:
    """Read an event_camera_msgs/msg/EventPacket; its data are a view into the bytes.

    Raises ValueError, one sentence, for bytes of another message.
    """
    return packet_of(CdrFields(cdr))


def packet_of(fields: MessageFields) -> Packet:
    """Read the fields of an EventPacket; see read_packet."""
    stamp_ns, frame_id = fields.header()
    height, width = fields.numbers('II', 4)
    seq, time_base_ns = fields.numbers('QQ', 8)
    encoding = fields.text()
    (big_endian,) = fields.numbers('B', 1)
    return Packet(
        encoding=encoding,
        width=width,
        height=height,
        seq=seq,
        stamp_ns=stamp_ns,
        time_base_ns=time_base_ns,
        big_endian=bool(big_endian),
        data=np.frombuffer(fields.take(fields.count()), np.uint8),
        frame_id=frame_id,
    )


def read_array(cdr: bytes) -> Packet:
    """Read a dvs_msgs/msg/EventArray as a packet of the encoding 'dvs_msgs', without seq.

    Raises ValueError, one sentence, for bytes of another message.
    """
    fields = CdrFields(cdr)
    stamp_ns, frame_id = fields.header()
    height, width = fields.numbers('II', 4)
    events = fields.count()
    return Packet(
        encoding=DVS,
        width=width,
        height=height,
        seq=None,
        stamp_ns=stamp_ns,
        time_base_ns=stamp_ns,
        big_endian=fields.is_big_endian,
        data=np.frombuffer(fields.take(max(EVENT_BYTES * events - LAST_PADDING, 0)), np.uint8),
        frame_id=frame_id,
    )


READERS: Mapping[str, Callable[[bytes], Packet]] = MappingProxyType(
    {EVENT_PACKET: read_packet, EVENT_ARRAY: read_array}
)
