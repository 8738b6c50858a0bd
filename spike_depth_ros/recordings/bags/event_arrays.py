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
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.events.dvs import EVENT_BYTES, LAST_PADDING
from spike_depth_ros.events.fields import MessageFields, Ros1Fields
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
# Enough for the fields before the events.
_HEAD_BYTES = 4096


class ArrayHead(NamedTuple):
    """Fields before the events of an EventArray, and the first byte of the events."""

    stamp_ns: int
    frame_id: str
    width: int
    height: int
    events: int
    first_byte: int


def read_head(message: BagMessage) -> ArrayHead:
    """Read the fields before the events; raises ValueError unless the events end the message."""
    fields = message.head(_HEAD_BYTES)
    stamp_ns, frame_id = fields.header()
    height, width = fields.numbers('II', 4)
    head = ArrayHead(stamp_ns, frame_id, width, height, fields.count(), fields.position)
    if head.first_byte + _length(fields, head.events) != message.size:
        raise ValueError(f'a message of {message.size} bytes does not hold {head.events} events')
    return head


def times(message: BagMessage) -> tuple[int, int] | None:
    """Return the first and the last time of a message, nanoseconds; None if it has no event.

    Raises ValueError for a damaged message.
    """
    first_ns, last_ns = 1 << 63, -1
    for part in _events(message, read_head(message)):
        t_ns = _arrays([part], Counter()).t_ns
        if len(t_ns):
            first_ns, last_ns = min(first_ns, int(t_ns.min())), max(last_ns, int(t_ns.max()))
    return (first_ns, last_ns) if last_ns >= 0 else None


def blocks(messages: Iterable[BagMessage | None], losses: Counter[str]) -> Iterator[EventArrays]:
    """Yield the events of one camera's messages in blocks of about BLOCK events.

    Args:
        messages: EventArrays of one camera; None: a damaged one.
        losses: numbers of what is left out, by a phrase.
    """
    pending: list[NDArray[np.void]] = []
    count = 0
    for part in _parts(messages, losses):
        pending.append(part)
        count += len(part)
        if count >= BLOCK:
            yield _arrays(pending, losses)
            pending, count = [], 0
    if count:
        yield _arrays(pending, losses)


def _parts(
    messages: Iterable[BagMessage | None], losses: Counter[str]
) -> Iterator[NDArray[np.void]]:
    """Yield the events as the messages hold them, at most BLOCK each."""
    for message in messages:
        try:
            if message is None:
                raise ValueError('the bag is damaged here')
            yield from _events(message, read_head(message))
        except ValueError:
            losses[DAMAGED] += 1


def _events(message: BagMessage, head: ArrayHead) -> Iterator[NDArray[np.void]]:
    fields = message.head(_HEAD_BYTES)
    if isinstance(fields, Ros1Fields):
        for first in range(0, head.events, BLOCK):
            size = PACKED.itemsize * min(BLOCK, head.events - first)
            data = message.read(head.first_byte + PACKED.itemsize * first, size)
            yield np.frombuffer(data, PACKED)
    elif head.events:
        data = message.read(head.first_byte, message.size - head.first_byte)
        yield _from_cdr(data, head.events, '>' if fields.is_big_endian else '<')


def _from_cdr(data: Buffer, events: int, order: str) -> NDArray[np.void]:
    """Return events [n] of the type PACKED from the CDR bytes of a sequence.

    In strides of 16 bytes from the first event on lie its y (from the second on), its time, its
    polarity, and the x of the next event.
    """
    strides = np.dtype(
        {
            'names': ['y', 'seconds', 'nanoseconds', 'polarity', 'next_x'],
            'formats': [f'{order}u2', f'{order}u4', f'{order}u4', 'u1', f'{order}u2'],
            'offsets': [0, 4, 8, 12, 14],
            'itemsize': EVENT_BYTES,
        }
    )
    padded = np.append(np.frombuffer(data, np.uint8), np.zeros(LAST_PADDING, np.uint8))
    found = padded.view(strides)
    packed = np.empty(events, PACKED)
    for name in ('y', 'seconds', 'nanoseconds', 'polarity'):
        packed[name] = found[name]
    packed['x'][1:] = found['next_x'][:-1]
    packed['x'][0], packed['y'][0] = np.frombuffer(data, f'{order}u2', 2)
    return packed


def _arrays(parts: list[NDArray[np.void]], losses: Counter[str]) -> EventArrays:
    packed = parts[0] if len(parts) == 1 else np.concatenate(parts)
    t_ns = packed['seconds'].astype(np.int64)
    t_ns *= SECOND_NS
    nanoseconds = packed['nanoseconds'].copy()
    t_ns += nanoseconds
    x, y = packed['x'].copy(), packed['y'].copy()
    events = EventArrays(t_ns, x, y, packed['polarity'] > 0)
    if not len(nanoseconds) or nanoseconds.max() < SECOND_NS:
        return events
    is_time = nanoseconds < SECOND_NS
    losses[WRONG_TIME] += int(np.count_nonzero(~is_time))
    return events.select(is_time)


def _length(fields: MessageFields, events: int) -> int:
    """Return the number of bytes of a sequence of events."""
    if isinstance(fields, Ros1Fields):
        return PACKED.itemsize * events
    return max(EVENT_BYTES * events - LAST_PADDING, 0)
