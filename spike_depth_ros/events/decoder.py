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

"""Decoder protocol, and functions that all encodings share."""

from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.histogram import Sink
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import US_NS

# An event may be earlier than an event read before it by at most this jitter: evt3's high time
# steps back by up to ten units of 4096 us without a wrap, and the low time with it. Such an event
# counts at the time reached.
JITTER_NS = 11 * 4_096 * US_NS
# Upper limit of a packet's time base, which has 64 bits in the message: sums still fit int64.
MAX_TIME_BASE_NS = 1 << 62


class PacketWords(NamedTuple):
    """Words of one packet, ready to decode.

    Attributes:
        words: whole words, [n] or [n, 2], aligned, in native byte order, read-only.
        first_ns: sensor time at which the packet starts, nanoseconds; None if it has no time.
        time_base_ns: sensor time from which the times of the words count, nanoseconds.
        is_truncated: whether the packet ends within a word.
    """

    words: npt.NDArray[Any]
    first_ns: int | None
    time_base_ns: int = 0
    is_truncated: bool = False


class Decoder(Protocol):
    """Decode one camera's packets and count the events.

    The time never runs back: an event that is earlier by at most JITTER_NS counts at the time
    reached. The state (time reached, address registers) persists from packet to packet. No bytes
    make a decoder raise, or write outside the histogram.

    Attributes:
        wrap_ns: period after which the sensor time repeats, nanoseconds; 0 if it never does.
        has_host_time: whether the times of events are ROS time of the driver's host.
        time_ns: sensor time reached, nanoseconds; None before the first time.
    """

    wrap_ns: int
    has_host_time: bool

    @property
    def time_ns(self) -> int | None: ...

    def parse(self, packet: Packet) -> PacketWords:
        """Return the words of a packet; does not change the decoder."""
        ...

    def consume(self, packet: PacketWords, position: int, until_ns: int, sink: Sink) -> int:
        """Count events up to the first at or after a time.

        Args:
            packet: words of the packet.
            position: index of the first word to read; 0 begins the packet.
            until_ns: sensor time, nanoseconds.
            sink: destination of the events.

        Returns:
            Index of the first word not read; len(packet.words) at the end.
        """
        ...

    def advance_wraps(self, wraps: int) -> None:
        """Advance the time by whole wraps, that no word counted; negative wraps go back."""
        ...

    def on_packet_loss(self) -> None:
        """Drop the state that a lost packet may have changed."""
        ...


def whole_words(packet: Packet, dtype: str) -> npt.NDArray[Any]:
    """Return the whole words of a packet as a little-endian dtype such as 'u2'.

    The array is aligned, in native byte order and read-only: each decoder needs one compiled form.
    """
    native = np.dtype(dtype)
    size = native.itemsize
    whole = np.ascontiguousarray(packet.data[: len(packet.data) // size * size])
    words = whole.view(('>' if packet.big_endian else '<') + dtype)
    if words.dtype != native or not words.flags.aligned:
        words = np.require(words, native, ['C', 'A'])
    words.flags.writeable = False
    return words


def time_base_ns(packet: Packet) -> int:
    """Return the packet's time base, at most MAX_TIME_BASE_NS."""
    return min(packet.time_base_ns, MAX_TIME_BASE_NS)


def empty_time_ns(packet: Packet, reached_ns: int | None) -> int | None:
    """Return the sensor time of a packet without a valid event, None if it has no time.

    An empty packet means that its time base is reached, unless the time would run back: the base
    of a driver may lie far behind. A packet of invalid words has no time.
    """
    is_later = reached_ns is None or packet.time_base_ns >= reached_ns
    return packet.time_base_ns if not len(packet.data) and is_later else None
