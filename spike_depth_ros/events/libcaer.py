"""Count libcaer: two 32-bit words an event."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.decoder import JITTER_NS, empty_time_ns, time_base_ns, whole_words
from spike_depth_ros.events.histogram import count_event
from spike_depth_ros.events.lookup import Lookup
from spike_depth_ros.events.noise import NoiseState
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.tally import EVENTS, UNKNOWN_WORDS, new_tally

# Bit layout of the first word; the second is the time, 31 bits of microseconds.
VALID = 0x1
POLARITY_SHIFT = 1
Y_SHIFT = 2
X_SHIFT = 17
ADDRESS = 0x7FFF
TIME_MASK = 0x7FFFFFFF

NS_PER_US = 1000
JITTER_US = JITTER_NS // NS_PER_US
NO_TIME = -1

# Places of the state, int64 [2]: time reached in ns; time of the last event, us from the packet's
# time base, unwrapped.
REACHED, ELAPSED = range(2)


class LibcaerDecoder:
    """Follow one camera's libcaer stream; see Decoder.

    The time may wrap within a packet; from packet to packet the driver's time base carries it.
    Events that are marked invalid, or have a negative time, count as unknown words.
    """

    wrap_ns = 0
    word_bytes = 8

    def __init__(self) -> None:
        self.tally = new_tally()
        self._time_base = 0
        self._first_ns: int | None = None
        self._state = np.array([NO_TIME, 0], np.int64)

    @property
    def time_ns(self) -> int | None:
        reached = int(self._state[REACHED])
        return None if reached == NO_TIME else reached

    def open(self, packet: Packet) -> npt.NDArray[np.uint32]:
        words = whole_words(packet, 'u4')
        words = words[: len(words) // 2 * 2].reshape(-1, 2)
        self._time_base = time_base_ns(packet)
        valid = np.flatnonzero((words[:, 0] & VALID).astype(bool) & (words[:, 1] <= TIME_MASK))
        if len(valid):
            self._state[ELAPSED] = words[valid[0], 1]
            self._first_ns = self._time_base + NS_PER_US * int(self._state[ELAPSED])
        else:
            self._first_ns = empty_time_ns(packet, self.time_ns)
        return words

    def first_time_ns(self, words: npt.NDArray[np.uint32]) -> int | None:
        return self._first_ns

    def consume(
        self,
        words: npt.NDArray[np.uint32],
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
                self._state,
                lookup,
                noise,
                histogram,
                self.tally,
            )
        )

    def shift(self, wraps: int) -> None:
        """Do nothing: the time base carries the wraps."""

    def lose(self) -> None:
        """Do nothing: every word stands alone."""


@compiled
def _consume(
    words: Any,
    position: Any,
    until_ns: Any,
    time_base: Any,
    state: Any,
    lookup: Any,
    noise: Any,
    histogram: Any,
    tally: Any,
) -> Any:
    """Count events up to the first at or after until_ns; return its position."""
    time_ns, elapsed, events = state[REACHED], state[ELAPSED], 0
    while position < len(words):
        address, time_us = np.int64(words[position, 0]), np.int64(words[position, 1])
        if address & VALID and time_us <= TIME_MASK:
            elapsed += ((time_us - elapsed + JITTER_US) & TIME_MASK) - JITTER_US
            time_ns = max(time_ns, time_base + NS_PER_US * elapsed)
            if time_ns >= until_ns:
                break
            x, y = address >> X_SHIFT & ADDRESS, address >> Y_SHIFT & ADDRESS
            polarity = address >> POLARITY_SHIFT & 1
            count_event(lookup, x, y, polarity, time_ns, noise, histogram, tally)
            events += 1
        else:
            tally[UNKNOWN_WORDS] += 1
        position += 1
    state[REACHED], state[ELAPSED] = time_ns, elapsed
    tally[EVENTS] += events
    return position
