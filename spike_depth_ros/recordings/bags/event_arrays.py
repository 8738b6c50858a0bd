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

"""Events of EventArray messages as blocks of arrays.

An event has uint16 x, uint16 y, uint32 seconds, uint32 nanoseconds and bool polarity. ROS 1 packs
them into 13 bytes. CDR aligns them: from the second event on, one takes 16 bytes (see events.dvs).
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.dvs import EVENT_BYTES, LAST_PADDING
from spike_depth_ros.events.fields import Ros1Fields
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.bags.bag import BagMessage, Buffer
from spike_depth_ros.units import SECOND_NS

DAMAGED = 'damaged messages'
WRONG_TIME = 'events with an impossible time'
# Events of a block: small messages are joined, large ones are cut.
BLOCK = 65_536
PACKED = np.dtype(
    {
        'names': ['x', 'y', 'seconds', 'nanoseconds', 'polarity'],
        'formats': ['<u2', '<u2', '<u4', '<u4', 'u1'],
        'offsets': [0, 2, 4, 8, 12],
        'itemsize': 13,
    }
)
_ALIGNED = np.dtype(
    {
        'names': ['x', 'y', 'seconds', 'nanoseconds', 'polarity'],
        'formats': ['<u2', '<u2', '<u4', '<u4', 'u1'],
        'offsets': [0, 2, 6, 10, 14],
        'itemsize': EVENT_BYTES,
    }
)


class ArrayHead(NamedTuple):
    """Fields before the events of an EventArray.

    Attributes:
        stamp_ns, frame_id: of the Header.
        width, height: size of the sensor, pixels.
        events: number of events.
        first_byte: byte of the message at which the events start.
        order: byte order of CDR, '<' or '>'; '' for ROS 1.
    """

    stamp_ns: int
    frame_id: str
    width: int
    height: int
    events: int
    first_byte: int
    order: str


def read_head(message: BagMessage) -> ArrayHead:
    """Read the fields before the events; raises ValueError unless the events end the message."""
    fields = message.fields()
    stamp_ns, frame_id = fields.header()
    height, width = fields.numbers('II', 4)
    events, order = fields.count(), ''
    length = PACKED.itemsize * events
    if not isinstance(fields, Ros1Fields):
        order = '>' if fields.is_big_endian else '<'
        length = max(EVENT_BYTES * events - LAST_PADDING, 0)
    if fields.position + length != len(message.data):
        raise ValueError(f'a message of {len(message.data)} bytes does not hold {events} events')
    return ArrayHead(stamp_ns, frame_id, width, height, events, fields.position, order)


def times(message: BagMessage) -> tuple[int, int] | None:
    """Return the first and the last time of a message, nanoseconds; None if it has no event.

    Raises ValueError for a damaged message.
    """
    found: tuple[int, int] | None = None
    for part in _parts(message):
        t_ns = _arrays(part).t_ns
        if len(t_ns):
            first_ns, last_ns = found or (int(t_ns[0]), int(t_ns[0]))
            found = min(first_ns, int(t_ns.min())), max(last_ns, int(t_ns.max()))
    return found


def blocks(messages: Iterable[BagMessage | None], losses: Counter[str]) -> Iterator[EventArrays]:
    """Yield the events of one camera's messages in blocks of about BLOCK events.

    Args:
        messages: EventArrays of one camera; None: a damaged one.
        losses: numbers of what is left out, by a phrase.
    """
    for packed in _joined(messages, losses):
        arrays = _arrays(packed)
        wrong = len(packed) // PACKED.itemsize - len(arrays.t_ns)
        if wrong:
            losses[WRONG_TIME] += wrong
        yield arrays


def _joined(messages: Iterable[BagMessage | None], losses: Counter[str]) -> Iterator[Buffer]:
    """Yield packed events of as many messages as make a block."""
    pending: list[Buffer] = []
    size = 0
    for message in messages:
        try:
            if message is None:
                raise ValueError('the bag is damaged here')
            for part in _parts(message):
                pending.append(part)
                size += len(part)
                if size >= BLOCK * PACKED.itemsize:
                    yield pending[0] if len(pending) == 1 else b''.join(pending)
                    pending, size = [], 0
        except ValueError:
            losses[DAMAGED] += 1
    if size:
        yield b''.join(pending)


def _parts(message: BagMessage) -> Iterator[Buffer]:
    """Yield the packed events of a message, at most BLOCK each; raise ValueError if damaged."""
    head = read_head(message)
    if head.order:
        if head.events:
            yield _packed(message.data[head.first_byte :], head.events, head.order)
        return
    for first in range(head.first_byte, len(message.data), BLOCK * PACKED.itemsize):
        yield message.data[first : first + BLOCK * PACKED.itemsize]


def _packed(data: Buffer, events: int, order: str) -> bytes:
    """Return events as ROS 1 packs them from the CDR bytes of a sequence.

    From 2 bytes before the first event on, every event takes 16 bytes; x and y of the first one
    come 2 bytes later.
    """
    aligned = np.empty(EVENT_BYTES * events + 2, np.uint8)
    aligned[2 : 2 + len(data)] = np.frombuffer(data, np.uint8)
    strided = aligned[: EVENT_BYTES * events].view(_ALIGNED)
    packed = np.empty(events, PACKED)
    if order == '>':
        packed[:] = strided.view(_ALIGNED.newbyteorder())
    else:
        _pack(strided, packed)
    packed['x'][0], packed['y'][0] = np.frombuffer(data, f'{order}u2', 2)
    return packed.tobytes()


def _arrays(packed: Buffer) -> EventArrays:
    """Return packed events as arrays, without those whose time is impossible."""
    events = np.frombuffer(packed, PACKED)
    size = len(events)
    t_ns, polarity = np.empty(size, np.int64), np.empty(size, np.bool_)
    x, y = np.empty(size, np.uint16), np.empty(size, np.uint16)
    good = _unpack(events, t_ns, x, y, polarity)
    return EventArrays(t_ns[:good], x[:good], y[:good], polarity[:good])


@compiled
def _pack(aligned: Any, packed: Any) -> None:
    """Copy events from strides of CDR to packed ones."""
    for i in range(len(packed)):
        packed[i].x, packed[i].y = aligned[i].x, aligned[i].y
        packed[i].seconds, packed[i].nanoseconds = aligned[i].seconds, aligned[i].nanoseconds
        packed[i].polarity = aligned[i].polarity


@compiled
def _unpack(events: Any, t_ns: Any, x: Any, y: Any, polarity: Any) -> Any:
    """Write the events with a possible time to the arrays; return their number."""
    good = 0
    for event in events:
        if event.nanoseconds < SECOND_NS:
            t_ns[good] = np.int64(event.seconds) * SECOND_NS + np.int64(event.nanoseconds)
            x[good], y[good] = event.x, event.y
            polarity[good] = event.polarity > 0
            good += 1
    return good
