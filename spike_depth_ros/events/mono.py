"""Count mono: one 64-bit word an event."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.decoder import JITTER_NS, empty_time_ns, time_base_ns, whole_words
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.lookup import Lookup
from spike_depth_ros.events.noise import NoiseState
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.tally import BACKWARD_EVENTS, EVENTS, new_tally

# Bit layout. The time counts nanoseconds from the packet's time base.
TIME_MASK = 0xFFFFFFFF
X_SHIFT, X_MASK = 32, 0xFFFF
Y_SHIFT, Y_MASK = 48, 0x7FFF
POLARITY_SHIFT = 63

NO_TIME = -1


class MonoDecoder:
    """Follow one camera's mono stream; see Decoder.

    An event further back than jitter within a packet has no right time: dropped and counted.
    """

    wrap_ns = 0
    word_bytes = 8

    def __init__(self) -> None:
        self.tally = new_tally()
        self._time_base = 0
        self._first_ns: int | None = None
        self._reached = np.full(1, NO_TIME, np.int64)

    @property
    def time_ns(self) -> int | None:
        reached = int(self._reached[0])
        return None if reached == NO_TIME else reached

    def open(self, packet: Packet) -> npt.NDArray[np.int64]:
        words = whole_words(packet, 'i8')
        self._time_base = time_base_ns(packet)
        if len(words):
            self._first_ns = self._time_base + (int(words[0]) & TIME_MASK)
        else:
            self._first_ns = empty_time_ns(packet, self.time_ns)
        return words

    def first_time_ns(self, words: npt.NDArray[np.int64]) -> int | None:
        return self._first_ns

    def consume(
        self,
        words: npt.NDArray[np.int64],
        position: int,
        until_ns: int,
        lookup: Lookup,
        noise: NoiseState | None,
        histogram: npt.NDArray[np.uint8],
    ) -> int:
        return int(
            _consume(
                words,
                position,
                until_ns,
                self._time_base,
                self._reached,
                lookup,
                noise,
                histogram,
                self.tally,
            )
        )

    def shift(self, wraps: int) -> None:
        """Do nothing: the time never wraps."""

    def lose(self) -> None:
        """Do nothing: every word stands alone."""


@compiled
def _consume(
    words: Any,
    position: Any,
    until_ns: Any,
    time_base: Any,
    reached: Any,
    lookup: Any,
    noise: Any,
    histogram: Any,
    tally: Any,
) -> Any:
    """Count events up to the first at or after until_ns; return its position."""
    time_ns, events = reached[0], 0
    while position < len(words):
        word = np.int64(words[position])
        stamp = time_base + (word & TIME_MASK)
        if stamp >= time_ns - JITTER_NS:
            time_ns = max(time_ns, stamp)
            if time_ns >= until_ns:
                break
            x, y = word >> X_SHIFT & X_MASK, word >> Y_SHIFT & Y_MASK
            polarity = word >> POLARITY_SHIFT & 1
            count_event(lookup, x, y, polarity, time_ns, noise, histogram, tally)
            events += 1
        else:
            tally[BACKWARD_EVENTS] += 1
        position += 1
    reached[0] = time_ns
    tally[EVENTS] += events
    return position
