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

"""Cut the words of RAW files into packets: repair time words, and unwrap their times.

The decoders of events/ read the events; here only time words are looked at.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.events.decoder import JITTER_NS
from spike_depth_ros.recordings.prophesee.layouts import TIME_HIGH, Layout, Words
from spike_depth_ros.units import US_NS

# A packet ends at the first TIME_HIGH this long after its start, microseconds.
PACKET_US = 8000
MAX_PACKET_BYTES = 1 << 18
# A TIME_HIGH that jumps further is damaged if the next one takes the step back, microseconds.
JUMP_US = 1 << 20
_JITTER_US = JITTER_NS // US_NS
# A block with more jumps is no stream of events, and nothing is repaired in it.
_MAX_JUMPS = 1000
_TAIL = 4096  # words, among which one with the lowest bits of the time is as good as certain


class Piece(NamedTuple):
    """Packet in a block: words [start, stop); times at which it begins and ends, microseconds."""

    start: int
    stop: int
    begin_us: int
    end_us: int


class Cutter:
    """Follow the time words of a file, block by block.

    Attributes:
        repaired: damaged TIME_HIGH words so far.
        jumps: steps of the time by more than JUMP_US so far.
        time_highs: TIME_HIGH words so far.
    """

    def __init__(self, layout: Layout) -> None:
        self.repaired = self.jumps = self.time_highs = 0
        self._layout = layout
        self._high: int | None = None  # last TIME_HIGH, unwrapped
        self._reached_us = 0

    def cut(self, words: Words) -> Iterator[Piece]:
        """Yield the packets of the next block; none before the first TIME_HIGH of the file.

        words: whole words; a damaged TIME_HIGH gets the time of the one before it.
        """
        places = np.flatnonzero(self._layout.kinds(words) == TIME_HIGH)
        if self._high is None and not len(places):
            return
        before_us = None if self._high is None else self._reached_us
        times_us = self._times(words, places)
        if before_us is None:
            before_us = int(times_us[0])
        # The time from each edge of a packet on: that of the TIME_HIGH at it, or before it.
        known_us = np.append(before_us, times_us)
        edges = self._edges(len(words), places, known_us)
        passed = np.searchsorted(places, edges, 'right')  # TIME_HIGH words up to each edge
        ends = zip(edges, known_us[passed].tolist(), np.append(0, places)[passed], strict=True)
        for (start, begin_us, _), (stop, end_us, last) in pairwise(ends):
            if last != stop:
                end_us = max(end_us, self._last_us(words[max(start, last) : stop], end_us))
            yield Piece(start, stop, begin_us, end_us)

    def _times(self, words: Words, places: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return the times of the TIME_HIGH words at some places, microseconds; they do not fall.

        Damaged ones are repaired.
        """
        if not len(places):
            return np.zeros(0, np.int64)
        layout = self._layout
        payloads = layout.highs(words[places])
        high = int(payloads[0]) if self._high is None else self._high
        steps = self._steps(payloads, high)
        least, most = -(_JITTER_US >> layout.low_bits), JUMP_US >> layout.low_bits
        jumps = np.flatnonzero((steps < least) | (steps > most))
        if 0 < len(jumps) <= _MAX_JUMPS:
            self._repair(words, places, payloads, jumps, high)
            steps = self._steps(payloads, high)
        self.jumps += int(np.count_nonzero(abs(steps) > most))
        self.time_highs += len(places)
        steps[steps < -layout.jitter] += 1 << layout.high_bits
        highs = high + np.cumsum(steps)
        self._high = int(highs[-1])
        times_us = np.maximum.accumulate(np.append(self._reached_us, highs << layout.low_bits))
        self._reached_us = int(times_us[-1])
        return times_us[1:]

    def _steps(self, payloads: NDArray[np.int64], high: int) -> NDArray[np.int64]:
        """Return the steps from each TIME_HIGH to the next, the shorter way round a wrap."""
        wrap = 1 << self._layout.high_bits
        steps = np.diff(payloads, prepend=high)
        return (steps + wrap // 2) % wrap - wrap // 2

    def _repair(
        self,
        words: Words,
        places: NDArray[np.intp],
        payloads: NDArray[np.int64],
        jumps: NDArray[np.intp],
        high: int,
    ) -> None:
        """Give a TIME_HIGH whose jump the next one takes back the payload before it.

        Args:
            words: the block.
            places: places of the TIME_HIGH words.
            payloads: their payloads.
            jumps: indices of those that jump.
            high: TIME_HIGH before the block.
        """
        wrap, most = 1 << self._layout.high_bits, JUMP_US >> self._layout.low_bits
        for jump in jumps.tolist():
            if jump + 1 == len(places):
                return
            before = int(payloads[jump - 1]) if jump else high % wrap
            ahead, after = ((int(p) - before) % wrap for p in payloads[jump : jump + 2])
            if ahead > most and after <= most:
                payloads[jump] = before
                words[places[jump]] = self._layout.time_high(before)
                self.repaired += 1

    def _edges(
        self, size: int, places: NDArray[np.intp], known_us: NDArray[np.int64]
    ) -> list[int]:
        """Return the edges of the packets in a block of `size` words.

        Args:
            size: number of words.
            places: places of the TIME_HIGH words.
            known_us: time before the block, then those of the TIME_HIGH words, microseconds.
        """
        most = MAX_PACKET_BYTES // self._layout.word_bytes
        edges, index = [0], 0
        while edges[-1] < size:
            due_us = known_us[index] + PACKET_US
            index = int(np.searchsorted(known_us, due_us))
            stop = int(places[index - 1]) if index < len(known_us) else size
            edges += [*range(edges[-1] + most, stop, most)]
            if stop > edges[-1]:
                edges.append(stop)
        return edges

    def _last_us(self, words: Words, high_us: int) -> int:
        """Return the time of the last of _TAIL words with low bits of the time, microseconds.

        Args:
            words: words after a TIME_HIGH.
            high_us: time of the TIME_HIGH; the result without such a word.
        """
        words = words[-_TAIL:]
        timed = np.flatnonzero(np.isin(self._layout.kinds(words), self._layout.low_kinds))
        if not len(timed):
            return high_us
        low_us = int(self._layout.lows(words[timed[-1]]))
        return high_us >> self._layout.low_bits << self._layout.low_bits | low_us
