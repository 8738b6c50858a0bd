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

"""CDR serialisation of the messages of a recording.

EventPacket: event_camera_msgs/msg/EventPacket (events.messages reads it). Depth:
sensor_msgs/msg/CompressedImage in image_transport's compressedDepth format (depth_codec). No ROS
installation is needed.
"""

import struct
from typing import Any

import numpy as np
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.files.camera_info import CameraInfo
from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.units import SECOND_NS

COMPRESSED_IMAGE = 'sensor_msgs/msg/CompressedImage'
IMAGE = 'sensor_msgs/msg/Image'
CAMERA_INFO = 'sensor_msgs/msg/CameraInfo'
IMU = 'sensor_msgs/msg/Imu'

# Fields of interfaces/event_camera_msgs, which is not part of an installed package.
EVENT_PACKET_DEFINITION = """
std_msgs/Header header
uint32 height
uint32 width
uint64 seq
uint64 time_base
string encoding
bool is_bigendian
uint8[] events
"""
# A CDR message starts with 4 bytes that state its byte order. If its first field is a Header, the
# stamp follows: int32 seconds, uint32 nanoseconds.
_STAMP_OFFSET = 4
_STAMP_END = 12


def message_types() -> Typestore:
    """Return rosbags' types of ROS 2 Jazzy and EventPacket."""
    types = get_typestore(Stores.ROS2_JAZZY)
    types.register(get_types_from_msg(EVENT_PACKET_DEFINITION, EVENT_PACKET))
    return types


def with_stamp(cdr: bytes, stamp_ns: int) -> bytes:
    """Return a copy of a CDR message, first field a Header, with this header stamp, nanoseconds.

    Raises:
        ValueError: the message is too short, or the stamp exceeds 32 bits of seconds.
    """
    copy = bytearray(cdr)
    stamp_format = _stamp_format(cdr)
    try:
        struct.pack_into(stamp_format, copy, _STAMP_OFFSET, *divmod(stamp_ns, SECOND_NS))
    except struct.error as error:
        raise ValueError(
            f'A header stamp of {stamp_ns} ns needs more than 32 bits of seconds: record it again.'
        ) from error
    return bytes(copy)


def _stamp_format(cdr: bytes) -> str:
    if len(cdr) < _STAMP_END:
        raise ValueError(
            f'A message of {len(cdr)} bytes has no header stamp, which ends at byte '
            f'{_STAMP_END}: record it again.'
        )
    return '<iI' if cdr[1] & 1 else '>iI'


class MessageCodec:
    """Codec of CDR bytes: depth images both ways, packets to bytes.

    Bytes of another message raise ValueError with one sentence.
    """

    def __init__(self, types: Typestore) -> None:
        self._types = types

    def packet_to_cdr(self, packet: Packet, frame_id: str) -> bytes:
        """Serialise an EventPacket."""
        return self._write(
            EVENT_PACKET,
            header=self._header(packet.stamp_ns, frame_id),
            height=packet.height,
            width=packet.width,
            seq=packet.seq,
            time_base=packet.time_base_ns,
            encoding=packet.encoding,
            is_bigendian=packet.big_endian,
            events=packet.data,
        )

    def depth_to_cdr(self, stamp_ns: int, compressed: bytes, frame_id: str) -> bytes:
        """Serialise compressed depth from depth_codec.encode."""
        return self._write(
            COMPRESSED_IMAGE,
            header=self._header(stamp_ns, frame_id),
            format=depth_codec.FORMAT,
            data=np.frombuffer(compressed, np.uint8),
        )

    def image_to_cdr(self, stamp_ns: int, depth: depth_codec.Depth, frame_id: str) -> bytes:
        """Serialise a depth image, 32FC1, metres; see write_depth_image of RecordingWriter."""
        height, width = depth.shape
        data = np.ascontiguousarray(depth, '<f4')
        return self._write(
            IMAGE,
            header=self._header(stamp_ns, frame_id),
            height=height,
            width=width,
            encoding='32FC1',
            is_bigendian=0,
            step=width * data.itemsize,
            data=data.ravel().view(np.uint8),
        )

    def camera_info_to_cdr(self, stamp_ns: int, info: CameraInfo, frame_id: str) -> bytes:
        """Serialise the calibration of a camera."""
        whole = self._types.types['sensor_msgs/msg/RegionOfInterest'](
            x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
        )
        return self._write(
            CAMERA_INFO,
            header=self._header(stamp_ns, frame_id),
            height=info.height,
            width=info.width,
            distortion_model=info.distortion_model,
            **{name: np.array(getattr(info, name), np.float64) for name in 'dkrp'},
            binning_x=0,
            binning_y=0,
            roi=whole,
        )

    def _header(self, stamp_ns: int, frame_id: str) -> object:
        seconds, nanoseconds = divmod(stamp_ns, SECOND_NS)
        stamp = self._types.types['builtin_interfaces/msg/Time'](sec=seconds, nanosec=nanoseconds)
        return self._types.types['std_msgs/msg/Header'](stamp=stamp, frame_id=frame_id)

    def _write(self, message_type: str, **fields: Any) -> bytes:
        message = self._types.types[message_type](**fields)
        return bytes(self._types.serialize_cdr(message, message_type))
