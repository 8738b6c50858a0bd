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

"""CDR bytes of packets and depth, compared with bytes by hand; definition against the .msg."""

import struct
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.events.fields import CdrFields
from spike_depth_ros.events.messages import EVENT_PACKET, read_packet
from spike_depth_ros.recordings import cdr, depth_codec
from spike_depth_ros.recordings.bags.images import read_compressed, to_depth

EVENTS = np.array([1, 2, 250], dtype=np.uint8)
# Byte order, stamp, frame_id 'cam', height, width, seq, time_base, encoding, big_endian, events;
# each value aligned to its size, counted from behind the first four bytes.
LITTLE = (
    b'\x00\x01\x00\x00'
    + struct.pack('<iII4sIIQQ', 12, 34, 4, b'cam\0', 260, 346, 7, 99)
    + struct.pack('<I5s?xxI', 5, b'evt3\0', False, 3)
    + EVENTS.tobytes()
)


@pytest.fixture(scope='module')
def codec() -> cdr.MessageCodec:
    return cdr.MessageCodec(cdr.message_types())


def test_packet_by_hand(codec: cdr.MessageCodec) -> None:
    packet = read_packet(LITTLE)
    assert (packet.encoding, packet.width, packet.height) == ('evt3', 346, 260)
    assert (packet.seq, packet.stamp_ns, packet.time_base_ns) == (7, 12_000_000_034, 99)
    assert not packet.big_endian
    assert packet.data.dtype == np.uint8
    assert packet.data.tolist() == [1, 2, 250]
    assert codec.packet_to_cdr(packet, 'cam') == LITTLE


def test_stamp_is_replaced_in_either_byte_order(codec: cdr.MessageCodec) -> None:
    big = b'\x00\x00\x00\x00' + struct.pack('>iI', 12, 34) + b'rest'
    for message in (LITTLE, big):
        changed = cdr.with_stamp(message, 1_795_215_600_999_999_999)
        order = '<iI' if message[1] else '>iI'
        assert struct.unpack(order, changed[4:12]) == (1_795_215_600, 999_999_999)
        assert changed[:4] + changed[12:] == message[:4] + message[12:]
    assert read_packet(cdr.with_stamp(LITTLE, 5)).stamp_ns == 5


@pytest.mark.parametrize('length', [0, 1, 4, 11])
def test_no_stamp_in_a_short_message(length: int) -> None:
    with pytest.raises(ValueError, match=f'A message of {length} bytes has no header stamp'):
        cdr.with_stamp(LITTLE[:length], 5)


def test_a_stamp_beyond_32_bits_is_refused() -> None:
    with pytest.raises(ValueError, match='more than 32 bits of seconds'):
        cdr.with_stamp(LITTLE, 2**31 * 1_000_000_000)


def test_depth_round_trip(codec: cdr.MessageCodec) -> None:
    compressed = depth_codec.encode(np.full((2, 3), 2.0, dtype=np.float32))
    message = read_compressed(CdrFields(codec.depth_to_cdr(5_000_000_006, compressed, 'left')))
    assert (message.stamp_ns, message.frame_id) == (5_000_000_006, 'left')
    assert to_depth(message) == pytest.approx(np.full((2, 3), 2.0))


@pytest.mark.parametrize('length', [0, 3, 4, 20, 60, len(LITTLE) - 1])
def test_bytes_that_are_no_packet(length: int) -> None:
    with pytest.raises(ValueError, match=f'a message of {length} bytes ends before byte'):
        read_packet(LITTLE[:length])


def test_definition_is_that_of_the_interface_package() -> None:
    package = Path(__file__).parents[2] / 'interfaces' / 'event_camera_msgs'
    lines = (package / 'msg' / 'EventPacket.msg').read_text().splitlines()
    fields = [line for line in lines if line and not line.startswith('#')]
    definition, _ = cdr.message_types().generate_msgdef(EVENT_PACKET, ros_version=2)
    assert definition.split('\n===')[0].splitlines() == fields
