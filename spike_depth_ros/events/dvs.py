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

"""Decode the events of dvs_msgs/msg/EventArray from their CDR bytes.

CDR aligns to 4 bytes within the message, and the events start aligned. An event is uint16 x,
uint16 y, int32 seconds, uint32 nanoseconds, bool polarity: the first one has these at bytes 0, 2,
4, 8 and 12; from the second on x and y come first, then 2 bytes of padding, and an event takes 16
bytes. Source: OMG CORBA 3.0, 15.3 (CDR).
"""

from typing import Any

import numpy as np

from spike_depth_ros.events.absolute import NO_TIME, REACHED, AbsoluteDecoder
from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.decoder import JITTER_NS, PacketWords, empty_time_ns
from spike_depth_ros.events.event_counts import BACKWARD_EVENTS, EVENTS, UNKNOWN_WORDS
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import SECOND_NS

DVS = 'dvs_msgs'  # name of the encoding in this package; no driver sends it
EVENT_BYTES = 16
LAST_PADDING = 3  # bytes that the last event lacks: it ends with its polarity
FIRST_BYTES = 14  # start of the second event
_NAMES = ('x', 'y', 'seconds', 'nanoseconds', 'polarity')
_FORMATS = ('u2', 'u2', 'i4', 'u4', 'u1')
_FIRST_OFFSETS = (0, 2, 4, 8, 12)
_LATER_OFFSETS = (0, 2, 6, 10, 14)

Y_SHIFT, POLARITY_SHIFT = 16, 32
ADDRESS = 0xFFFF


class DvsDecoder(AbsoluteDecoder):
    """Decoder of EventArrays, whose event times are ROS time; see Decoder.

    An event with an invalid time counts as an unknown word; an event that is earlier than the time
    reached by more than the jitter is dropped and counted.
    """

    has_host_time = True

    def __init__(self) -> None:
        super().__init__(_consume)

    def parse(self, packet: Packet) -> PacketWords:
        """Return words int64 [n, 2]: time in ns or NO_TIME; x | y << 16 | polarity << 32."""
        events = np.zeros((len(packet.data) + LAST_PADDING) // EVENT_BYTES, _dtype('=', 'first'))
        if len(events):
            order = '>' if packet.big_endian else '<'
            data = packet.data[: EVENT_BYTES * len(events) - LAST_PADDING]
            events[:1] = np.frombuffer(data, _dtype(order, 'first'), 1)
            padded = np.append(data[FIRST_BYTES:], np.zeros(EVENT_BYTES, np.uint8))
            events[1:] = np.frombuffer(padded, _dtype(order, 'later'), len(events) - 1)
        words = np.empty((len(events), 2), np.int64)
        is_time = (events['seconds'] >= 0) & (events['nanoseconds'] < SECOND_NS)
        time_ns = events['seconds'].astype(np.int64) * SECOND_NS + events['nanoseconds']
        words[:, 0] = np.where(is_time, time_ns, NO_TIME)
        words[:, 1] = events['x'] | events['y'].astype(np.int64) << Y_SHIFT
        words[:, 1] |= (events['polarity'] != 0).astype(np.int64) << POLARITY_SHIFT
        words.flags.writeable = False
        times = words[is_time, 0]
        first_ns = int(times[0]) if len(times) else empty_time_ns(packet, self.time_ns)
        return PacketWords(words, first_ns)


def _dtype(order: str, position: str) -> np.dtype[Any]:
    """Return the dtype of an event.

    Args:
        order: byte order, '<', '>' or '='.
        position: 'first' or 'later', in the array.
    """
    return np.dtype(
        {
            'names': _NAMES,
            'formats': [order + kind for kind in _FORMATS],
            'offsets': _FIRST_OFFSETS if position == 'first' else _LATER_OFFSETS,
            'itemsize': FIRST_BYTES - 1 if position == 'first' else EVENT_BYTES,
        }
    )


@compiled
def _consume(words: Any, position: Any, until_ns: Any, state: Any, sink: Any) -> Any:
    """Count events up to the first at or after until_ns; return its index."""
    time_ns, events = state[REACHED], 0
    while position < len(words):
        stamp, address = words[position, 0], words[position, 1]
        if stamp == NO_TIME:
            sink.counts[UNKNOWN_WORDS] += 1
        elif stamp < time_ns - JITTER_NS:
            sink.counts[BACKWARD_EVENTS] += 1
        else:
            time_ns = max(time_ns, stamp)
            if time_ns >= until_ns:
                break
            x, y = address & ADDRESS, address >> Y_SHIFT & ADDRESS
            count_event(sink, x, y, address >> POLARITY_SHIFT, time_ns)
            events += 1
        position += 1
    state[REACHED] = time_ns
    sink.counts[EVENTS] += events
    return position
