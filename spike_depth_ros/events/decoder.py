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

"""Base class of the decoders of all encodings."""

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.lookup import Lookup
from spike_depth_ros.events.noise import NoiseState
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.units import US_NS

# An event may be this much earlier than one read before it: evt3's high time steps back by up to
# ten units of 4096 us without a wrap, and the low time with it. Such an event counts at the time
# that was reached.
JITTER_NS = 11 * 4_096 * US_NS
# A time base from here on, of the 64 bits that a message has for it, is no time.
NO_TIME_BASE_NS = 1 << 62


class Decoder(Protocol):
    """Count the events of one camera's packets, straight from their bytes.

    Time never runs back: an event that is at most JITTER_NS early counts at the time reached.
    State (time reached, address registers) persists from packet to packet. No bytes can make a
    decoder raise, or write outside the histogram.

    wrap_ns: period after which the sensor time repeats, 0 when it never does. word_bytes: size of
    the encoding's words. time_ns: sensor time reached, or None before the first. tally: int64
    [TALLY_SIZE], what became of events and words so far; the caller may clear it.
    """

    wrap_ns: int
    word_bytes: int
    tally: npt.NDArray[np.int64]

    @property
    def time_ns(self) -> int | None: ...

    def open(self, packet: Packet) -> npt.NDArray[Any]:
        """Return the packet's whole words, [n] or [n, 2], for the methods below."""
        ...

    def first_time_ns(self, words: npt.NDArray[Any]) -> int | None:
        """Return the time at which the opened packet starts, or None when nothing in it tells."""
        ...

    def consume(
        self,
        words: npt.NDArray[Any],
        position: int,
        until_ns: int,
        lookup: Lookup,
        noise: NoiseState | None,
        histogram: npt.NDArray[np.uint8],
    ) -> int:
        """Count events from a position on, up to the first at or after until_ns.

        Returns the position to go on from; len(words) when all was read. lookup: of the camera's
        pixels; noise: what to filter; histogram: uint8 [n], flat, C-contiguous.
        """
        ...

    def shift(self, wraps: int) -> None:
        """Move the clock on by whole wraps, as when a camera was silent for so long."""
        ...

    def lose(self) -> None:
        """Take note that packets were lost, so that state from before is not trusted."""
        ...


def whole_words(packet: Packet, dtype: str) -> npt.NDArray[Any]:
    """View the packet as little-endian words of a dtype such as 'u2', leaving out a torn last one.

    The array is aligned, in native order and read-only: one compiled form of each decoder fits.
    """
    size = np.dtype(dtype).itemsize
    whole = np.ascontiguousarray(packet.data[: len(packet.data) // size * size])
    words = whole.view(('>' if packet.big_endian else '<') + dtype)
    words = np.require(words, np.dtype(dtype), ['C', 'A']).view()
    words.flags.writeable = False
    return words


def time_base_ns(packet: Packet) -> int:
    """Return the packet's time base, no later than NO_TIME_BASE_NS, so that sums fit int64."""
    return min(packet.time_base_ns, NO_TIME_BASE_NS)


def empty_time_ns(packet: Packet, reached_ns: int | None) -> int | None:
    """Return the time that a packet without any valid event tells, for encodings with a time base.

    An empty packet tells that its time base is reached, as long as time does not run back: a
    driver's base may lie far behind. Bytes that hold no event tell nothing.
    """
    is_later = reached_ns is None or packet.time_base_ns >= reached_ns
    return packet.time_base_ns if not len(packet.data) and is_later else None
