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

"""Messages read from CDR bytes: made by hand, by rosbags and by rclpy."""

import struct
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from events.counting import BASE_NS, Counting, dvs
from hypothesis import given
from hypothesis import strategies as st
from rosbags.typesys import get_types_from_msg
from rosbags.typesys.store import Typestore

from spike_depth_ros.events.messages import (
    EVENT_ARRAY,
    EVENT_PACKET,
    READERS,
    read_array,
    read_packet,
)
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import message_types

EVENT = 'dvs_msgs/msg/Event'
DEFINITIONS = Path(__file__).parents[2] / 'interfaces' / 'dvs_msgs' / 'msg'
EVENTS = ((5, 1, 2, 1), (6, 3, 4, 0))


def head(order: str) -> bytes:
    """Return byte order, stamp, frame_id, height and width.

    Each value is aligned to its size, counted from behind the first four bytes.
    """
    mark = b'\0\1\0\0' if order == '<' else b'\0\0\0\0'
    return mark + struct.pack(f'{order}iII4sII', -1, 34, 4, b'cam\0', 8, 16)


def event_packet(order: str) -> bytes:
    body = struct.pack(f'{order}QQI5s?xxI', 7, 2**64 - 1, 5, b'evt3\0', True, 3)
    return head(order) + body + b'\1\2\xfa'


def event_array(order: str) -> bytes:
    return head(order) + struct.pack(f'{order}I', len(EVENTS)) + dvs(*EVENTS, order=order)


MESSAGES = [
    (message_type, make(order))
    for message_type, make in ((EVENT_PACKET, event_packet), (EVENT_ARRAY, event_array))
    for order in '<>'
]
PACKET = {
    'encoding': 'evt3',
    'width': 16,
    'height': 8,
    'seq': 7,
    'stamp_ns': -999_999_966,
    'time_base_ns': 2**64 - 1,
    'big_endian': True,
    'data': [1, 2, 250],
    'frame_id': 'cam',
}


def values(packet: Packet) -> dict[str, Any]:
    named = {field.name: getattr(packet, field.name) for field in fields(packet)}
    return {**named, 'data': packet.data.tolist()}


def check_array(cdr: bytes, big_endian: bool) -> None:
    """Check all fields of an array, and its events by counting them."""
    packet = read_array(cdr)
    assert {**values(packet), 'data': []} == {
        **PACKET,
        'encoding': 'dvs_msgs',
        'seq': None,
        'time_base_ns': PACKET['stamp_ns'],
        'big_endian': big_endian,
        'data': [],
    }
    counting = Counting('dvs_msgs')
    assert counting.read(packet.data.tobytes(), big_endian=big_endian) == len(EVENTS)
    assert counting.events() == [(1, 2, 1), (3, 4, 0)]
    assert counting.decoder.time_ns == BASE_NS + 6


@pytest.mark.parametrize('order', '<>')
def test_messages_made_by_hand(order: str) -> None:
    assert values(read_packet(event_packet(order))) == PACKET
    check_array(event_array(order), big_endian=order == '>')


def test_data_is_a_view_into_the_bytes() -> None:
    cdr = bytearray(event_packet('<'))
    packet = read_packet(cdr)
    cdr[-1] = 9
    assert packet.data.tolist() == [1, 2, 9]


def test_an_array_without_events_is_an_empty_packet() -> None:
    packet = read_array(head('<') + struct.pack('<I', 0))
    assert len(packet.data) == 0
    assert packet.time_base_ns == packet.stamp_ns == -999_999_966


@pytest.fixture(scope='module')
def types() -> Typestore:
    types = message_types()
    for name in (EVENT, EVENT_ARRAY):
        definition = (DEFINITIONS / name.split('/')[-1]).with_suffix('.msg').read_text()
        types.register(get_types_from_msg(definition, name))
    return types


@pytest.mark.parametrize('order', '<>')
def test_messages_written_by_rosbags(types: Typestore, order: str) -> None:
    stamp = types.types['builtin_interfaces/msg/Time']
    header = types.types['std_msgs/msg/Header'](stamp=stamp(sec=-1, nanosec=34), frame_id='cam')
    size = {'header': header, 'height': 8, 'width': 16}
    packet = types.types[EVENT_PACKET](
        **size,
        seq=7,
        time_base=2**64 - 1,
        encoding='evt3',
        is_bigendian=True,
        events=np.array([1, 2, 250], np.uint8),
    )
    events = [
        types.types[EVENT](x=x, y=y, ts=stamp(*divmod(BASE_NS + t_ns, 10**9)), polarity=bool(p))
        for t_ns, x, y, p in EVENTS
    ]
    array = types.types[EVENT_ARRAY](**size, events=events)
    is_little = order == '<'
    cdr = types.serialize_cdr(packet, EVENT_PACKET, little_endian=is_little)
    assert values(read_packet(bytes(cdr))) == PACKET
    cdr = types.serialize_cdr(array, EVENT_ARRAY, little_endian=is_little)
    check_array(bytes(cdr), big_endian=not is_little)


def test_messages_written_by_rclpy() -> None:
    serialize = pytest.importorskip('rclpy.serialization').serialize_message
    messages = pytest.importorskip('event_camera_msgs.msg'), pytest.importorskip('dvs_msgs.msg')
    packet, array = messages[0].EventPacket(), messages[1].EventArray()
    for message in (packet, array):
        message.header.frame_id = 'cam'
        message.header.stamp.sec, message.header.stamp.nanosec = -1, 34
        message.height, message.width = 8, 16
    packet.seq, packet.time_base, packet.encoding = 7, 2**64 - 1, 'evt3'
    packet.is_bigendian, packet.events = True, b'\1\2\xfa'
    assert values(read_packet(serialize(packet))) == PACKET
    for t_ns, x, y, p in EVENTS:
        event = messages[1].Event(x=x, y=y, polarity=bool(p))
        event.ts.sec, event.ts.nanosec = divmod(BASE_NS + t_ns, 10**9)
        array.events.append(event)
    check_array(serialize(array), big_endian=False)


@pytest.mark.parametrize(('message_type', 'cdr'), MESSAGES)
def test_every_message_that_ends_too_early_is_refused(message_type: str, cdr: bytes) -> None:
    for length in range(len(cdr)):
        with pytest.raises(ValueError, match=f'a message of {length} bytes ends before byte'):
            READERS[message_type](cdr[:length])


def spoilt(message: tuple[str, bytes]) -> st.SearchStrategy[tuple[str, bytes]]:
    """Return a message with some bytes overwritten."""
    message_type, cdr = message
    places = st.dictionaries(st.integers(0, len(cdr) - 1), st.integers(0, 255), max_size=4)
    return places.map(
        lambda new: (message_type, bytes(new.get(place, byte) for place, byte in enumerate(cdr)))
    )


@given(
    st.tuples(st.sampled_from([EVENT_PACKET, EVENT_ARRAY]), st.binary(max_size=100))
    | st.sampled_from(MESSAGES).flatmap(spoilt)
)
def test_any_bytes_are_refused_or_make_a_packet(message: tuple[str, bytes]) -> None:
    message_type, cdr = message
    try:
        packet = READERS[message_type](cdr)
    except ValueError:
        return
    assert packet.data.dtype == np.uint8
    assert 0 <= len(packet.data) <= len(cdr)
    assert packet.seq is None or 0 <= packet.seq < 2**64
