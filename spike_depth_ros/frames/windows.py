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

"""Cut the common time into windows and say when each one closes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.counters import BinnerCounters
from spike_depth_ros.frames.ring import SlotRing
from spike_depth_ros.frames.spike_frame import camera_channels
from spike_depth_ros.frames.stamps import Stamps

ALWAYS = -(1 << 62)  # before any slot


@dataclass(frozen=True, eq=False)
class SpikeFrame:
    """Hold the event counts of one half-open window [end_ns - window, end_ns).

    end_ns: common sensor clock, a multiple of the hop. stamp_ns: ROS time of the end; at least
    half a hop after the frame before, unless time was reset. counts:
    uint8 [height, width, channels], C-contiguous, ON before OFF and left before right, stopping
    at 255. saturated: events that 255 cut.
    """

    end_ns: int
    stamp_ns: int
    counts: npt.NDArray[np.uint8]
    saturated: int


class Windows:
    """Hold the slots of the windows that are still open.

    Window w is [(w + 1) * hop - window, (w + 1) * hop): the slots up to and including slot w. It
    closes in order; slots before `open` take no more events.
    """

    def __init__(
        self, ring: SlotRing, hop_ns: int, hops: int, counters: BinnerCounters, stamps: Stamps
    ) -> None:
        self.open = 0
        self._begun = False
        self._ring = ring
        self._hop_ns = hop_ns
        self._hops = hops
        self._counters = counters
        self._stamps = stamps
        self._closed = False
        self._newest: int | None = None  # last slot with an event
        self._next_ns = ALWAYS  # the earliest stamp of the next frame
        # The first slot that holds all of a camera's events; windows that reach further back
        # would hold half of what it saw.
        self._whole_from = [ALWAYS] * len(counters.cameras)

    def begin(self, camera: int, start_ns: int, leader: int) -> None:
        """Let a camera join at a common time, when the leading one is in a slot."""
        slot = start_ns // self._hop_ns
        if not self._begun:
            self._begun, self.open = True, slot
        elif self._closed:
            self._whole_from[camera] = -(-start_ns // self._hop_ns)
        else:
            self.open = min(self.open, max(slot, self._oldest_beside(leader)))

    def histogram(self, slot: int) -> npt.NDArray[np.uint8]:
        """Return the counts of an open slot, for which there is room, to write to."""
        return self._ring.histogram(slot)

    def add_events(self, slot: int, events: int) -> None:
        """Take note of events that were counted in a slot, or would have been but for 255."""
        if events:
            self._ring.add_events(slot, events)
            self._newest = slot if self._newest is None else max(self._newest, slot)

    def make_room(self, slot: int, passed: list[int]) -> list[SpikeFrame]:
        """Close the windows whose slots share a place in the ring with this one."""
        return self.close(self._oldest_beside(slot), passed)

    def close(self, before: int, passed: list[int]) -> list[SpikeFrame]:
        """Close the windows before one; without all events of each camera they are incomplete.

        Those are windows that a camera has not passed, overlapping ones that share a slot with
        such a window, and those in which a camera joins. What such a camera sent of a window is
        left out of its frame: half a window of one eye would make the network see depth that is
        not there. passed: the first slot that each camera has not passed. Takes no longer for a
        jump over many empty windows.
        """
        frames = []
        while self._begun and self.open < before:
            self._closed = True
            frame = self._frame(self.open)
            if frame is not None:
                frames.append(frame)
                self._leave_out(frame, passed)
            self._advance(before)
        for camera, slot in enumerate(passed):
            if self._begun and slot < self.open:
                self._whole_from[camera] = self.open
        return frames

    def _leave_out(self, frame: SpikeFrame, passed: list[int]) -> None:
        """Leave out the cameras whose part of the open window is not whole; count the window."""
        first = self.open + 1 - self._hops
        partial = [
            camera
            for camera, slot in enumerate(passed)
            if slot <= self.open or self._whole_from[camera] > first
        ]
        self._counters.windows_incomplete += bool(partial)
        for camera in partial:
            frame.counts[..., camera_channels(camera)] = 0

    def discard(self) -> None:
        """Give up all open windows."""
        if self._newest is not None:
            self._counters.windows_discarded += max(0, self._newest + 1 - self.open)
            for slot in range(self.open + 1 - self._hops, self._newest + 1):
                self._ring.clear(slot)
        self._newest = None
        self._begun = self._closed = False
        self._next_ns = ALWAYS
        self._whole_from = [ALWAYS] * len(self._whole_from)

    def _oldest_beside(self, slot: int) -> int:
        """Return the first window that can be open while a slot is written to."""
        return slot + self._hops - self._ring.size

    def _frame(self, window: int) -> SpikeFrame | None:
        offset_ns = self._stamps.offset_ns(window)
        self._counters.windows_closed += 1
        slots = range(window + 1 - self._hops, window + 1)
        if not any(self._ring.events(slot) for slot in slots):
            self._counters.windows_empty += 1
            return None
        counts, saturated = self._ring.total(slots)
        self._counters.events_saturated += saturated
        end_ns = (window + 1) * self._hop_ns
        # Where header stamps fall back by less than a jump, those of frames advance more slowly.
        stamp_ns = max(end_ns + offset_ns, self._next_ns)
        self._next_ns = stamp_ns + self._hop_ns // 2
        return SpikeFrame(end_ns, stamp_ns, counts, saturated)

    def _advance(self, before: int) -> None:
        """Open the next window; when only empty ones are left before `before`, skip them all."""
        self._ring.clear(self.open + 1 - self._hops)
        self.open += 1
        if self._newest is None or self.open + 1 - self._hops > self._newest:
            skipped = max(0, before - self.open)
            self._counters.windows_closed += skipped
            self._counters.windows_empty += skipped
            self.open += skipped
