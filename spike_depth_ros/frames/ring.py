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

"""Ring of slots: histograms that windows share."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import cached
from spike_depth_ros.frames.spike_frame import DTYPE, MAX_COUNT


class SlotRing:
    """Counts of the latest slots.

    A slot is in use from its first event to `clear`. Two slots that share a place in the ring must
    not be in use at the same time.

    Attributes:
        size: number of slots.
    """

    def __init__(self, slots: int, shape: tuple[int, int, int]) -> None:
        """Make clear slots; shape: height, width and channels of a frame."""
        self.size = slots
        self._shape = shape
        self._counts = np.zeros((slots, int(np.prod(shape))), DTYPE)
        self._events = [0] * slots

    @staticmethod
    def warm_up() -> None:
        """Compile the sum of slots."""
        _add_saturating(np.zeros(1, np.uint8), np.zeros(1, np.uint8))

    @property
    def places(self) -> int:
        """Return the number of counts of a slot."""
        return self._counts.shape[1]

    def histogram(self, slot: int) -> npt.NDArray[np.uint8]:
        """Return the counts of a slot, uint8 [height * width * channels], to write to."""
        counts: npt.NDArray[np.uint8] = self._counts[slot % self.size]
        return counts

    def add_events(self, slot: int, events: int) -> None:
        """Note events of a slot, saturated ones included."""
        self._events[slot % self.size] += events

    def events(self, slot: int) -> int:
        """Return the number of events in a slot, saturated ones included."""
        return self._events[slot % self.size]

    def total(self, slots: range) -> tuple[npt.NDArray[np.uint8], int]:
        """Return the sum of slots, uint8 [height, width, channels], and the saturated events.

        The saturated sum of saturated slots equals the histogram of all their events.
        """
        used = [slot for slot in slots if self.events(slot)]
        frame = self.histogram((used or slots)[0]).copy()
        for slot in used[1:]:
            _add_saturating(self.histogram(slot), frame)
        lost = 0  # unless a count is saturated; their sum takes four times as long as the largest
        if frame.max() == MAX_COUNT:
            lost = sum(self.events(slot) for slot in used) - int(frame.sum(dtype=np.int64))
        return frame.reshape(self._shape), lost

    def clear(self, slot: int) -> None:
        """Clear the slot's place for another slot."""
        if self.events(slot):
            self.histogram(slot).fill(0)
            self._events[slot % self.size] = 0


@cached(nogil=True)
def _add_saturating(counts: Any, frame: Any) -> None:
    """Add counts to the frame, up to MAX_COUNT.

    The sum has eight bits: a sum smaller than a summand has wrapped. Wider numbers, or counting
    the saturated events here, would take ten times as long.
    """
    for place in range(len(frame)):
        total = np.uint8(frame[place] + counts[place])
        frame[place] = np.uint8(MAX_COUNT) if total < counts[place] else total
