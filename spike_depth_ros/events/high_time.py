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

"""Time of evt2 and evt21 (Prophesee EVT 2.0 and 2.1): TIME_HIGH words and six bits per event.

Source: https://docs.prophesee.ai/stable/data/encoding_formats/evt2.html and evt21.html.
"""

from typing import Any

import numpy as np

from spike_depth_ros.events.compiled import inlined
from spike_depth_ros.events.decoder import JITTER_NS, PacketWords, whole_words
from spike_depth_ros.events.histogram import Sink
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import US_NS

# Types of words, in their highest four bits.
OFF, ON = 0x0, 0x1  # events
TIME_HIGH = 0x8  # bits 33..6 of the time
EXT_TRIGGER = 0xA
OTHERS = 0xE
CONTINUED = 0xF
# The six bits below the type are the lowest ones of the time; a bit set of types.
HAS_TIME = 1 << OFF | 1 << ON | 1 << EXT_TRIGGER | 1 << OTHERS

LOW_BITS, LOW = 6, 0x3F
HIGH_BITS, HIGH = 28, 0xFFFFFFF
TIME_BITS = HIGH_BITS + LOW_BITS  # microseconds, wraps every 4.8 hours

JITTER_US = JITTER_NS // US_NS
NO_TIME = -(1 << 62)  # us, before the zero of any clock
# Unwrapped TIME_HIGH stays in this range whatever the words: times fit int64 nanoseconds.
MAX_HIGH = 1 << 45

# Indices of the state, int64 [STATE_SIZE]: unwrapped TIME_HIGH; time reached, us; knowledge of
# TIME_HIGH: never read, lost with a packet, or known.
UNWRAPPED, REACHED, KNOWLEDGE = range(3)
STATE_SIZE = 3
NEVER, LOST, KNOWN = range(3)


class HighTimeDecoder:
    """Decoder of evt2 or evt21 packets; see Decoder.

    Events are stale until TIME_HIGH has come, at the start and after a packet loss. An event that
    is earlier than the time reached by more than the jitter is dropped and counted.
    """

    wrap_ns = US_NS << TIME_BITS
    has_host_time = False

    def __init__(self, dtype: str, first_time: Any, count: Any) -> None:
        """Start without a time.

        Args:
            dtype: words, as a little-endian dtype such as 'u4'.
            first_time: compiled function (words, state) that returns the first time, us.
            count: compiled function (words, position, until_us, state, sink) that returns the
                index of the first word not read; see Decoder.consume.
        """
        self._dtype, self._first_time, self._count = dtype, first_time, count
        self._state = np.zeros(STATE_SIZE, np.int64)
        self._state[REACHED] = NO_TIME

    @property
    def time_ns(self) -> int | None:
        time_us = int(self._state[REACHED])
        return None if time_us == NO_TIME else time_us * US_NS

    def parse(self, packet: Packet) -> PacketWords:
        """Return words [n]; the time is that of the first event or trigger, else of TIME_HIGH."""
        words = whole_words(packet, self._dtype)
        time_us = int(self._first_time(words, self._state))
        first_ns = None if time_us == NO_TIME else time_us * US_NS
        is_truncated = len(packet.data) % words.itemsize > 0
        return PacketWords(words, first_ns, is_truncated=is_truncated)

    def consume(self, packet: PacketWords, position: int, until_ns: int, sink: Sink) -> int:
        until_us = -(-until_ns // US_NS)
        return int(self._count(packet.words, position, until_us, self._state, sink))

    def advance_wraps(self, wraps: int) -> None:
        self._state[UNWRAPPED] += wraps << HIGH_BITS

    def on_packet_loss(self) -> None:
        self._state[KNOWLEDGE] = min(self._state[KNOWLEDGE], LOST)


@inlined
def follow(high: Any, payload: Any, knowledge: Any) -> Any:
    """Return the unwrapped TIME_HIGH nearest to the one before; the first one counts from 0."""
    ahead = (payload - high) & HIGH
    if knowledge != NEVER and ahead >= 1 << (HIGH_BITS - 1):
        ahead -= 1 << HIGH_BITS
    return min(max(high + ahead, -MAX_HIGH), MAX_HIGH)


@inlined
def time_of(high: Any, low: Any) -> Any:
    """Return the time, us, of a TIME_HIGH and the lowest bits of the time."""
    return high << LOW_BITS | low
