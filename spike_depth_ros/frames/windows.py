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

"""Fourth stage of the binner: cut the common time into windows and close them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.counters import BinnerCounters
from spike_depth_ros.frames.deadline import Deadline
from spike_depth_ros.frames.ring import SlotRing
from spike_depth_ros.frames.spike_frame import camera_channels
from spike_depth_ros.frames.stamps import Stamps

ALWAYS = -(1 << 62)  # before any slot


@dataclass(frozen=True, eq=False)
class SpikeFrame:
    """Event counts of one half-open window [end_ns - window, end_ns).

    Attributes:
        end_ns: end of the window, common time, a multiple of the hop, nanoseconds.
        stamp_ns: ROS time of the end, nanoseconds; at least half a hop after that of the frame
            before, unless the time was reset.
        counts: uint8 [height, width, channels], C-contiguous; see frames.spike_frame.
        saturated: events missing from counts, which saturate at MAX_COUNT.
    """

    end_ns: int
    stamp_ns: int
    counts: npt.NDArray[np.uint8]
    saturated: int


class Windows:
    """Slots of the open windows.

    Slot s is [s * hop, (s + 1) * hop). Window w has the slots up to and including slot w: it is
    [(w + 1) * hop - window, (w + 1) * hop). Windows close in order.

    Attributes:
        open: the first open window; slots before it accept no more events.
        hop_ns: length of a slot, nanoseconds.
    """

    def __init__(
        self,
        ring: SlotRing,
        window_ns: int,
        hop_ns: int,
        counters: BinnerCounters,
        deadline: Deadline,
        gives_empty: bool = False,
    ) -> None:
        """Wait for the first camera.

        Args:
            ring: slots, all clear.
            window_ns: length of a window, a multiple of hop_ns, nanoseconds.
            hop_ns: length of a slot, nanoseconds.
            counters: counters of windows.
            deadline: longest wait of a window for a camera.
            gives_empty: whether a window without events that all cameras have passed gives a
                frame; of several that close together, the last.
        """
        self.open = 0
        self.hop_ns = hop_ns
        self._stamps = Stamps()
        self._begun = False
        self._ring = ring
        self._hops = window_ns // hop_ns
        self._counters = counters
        self._deadline = deadline
        self._gives_empty = gives_empty
        self._closed = False  # whether a window has closed since the last reset
        self._newest: int | None = None  # last slot with an event
        self._next_ns = ALWAYS  # the earliest stamp of the next frame
        # First slot with all events of each camera; a window that begins earlier has only a part
        # of them.
        self._whole_from = [ALWAYS] * len(counters.cameras)

    @property
    def places(self) -> int:
        """Return the number of counts of a frame."""
        return self._ring.places

    def clear(self) -> None:
        """Discard all open windows."""
        if self._newest is not None:
            self._counters.windows_discarded += max(0, self._newest + 1 - self.open)
            for slot in range(self.open + 1 - self._hops, self._newest + 1):
                self._ring.clear(slot)
        self._newest = None
        self._begun = self._closed = False
        self._next_ns = ALWAYS
        self._whole_from = [ALWAYS] * len(self._whole_from)
        self._stamps.clear()
        self._deadline.clear()

    def begin(self, camera: int, start_ns: int, leader_ns: int) -> None:
        """Let a camera join.

        Args:
            camera: 0 (left) or 1 (right).
            start_ns: common time at which its stream begins, nanoseconds.
            leader_ns: common time that the leading camera has reached, nanoseconds.
        """
        slot = start_ns // self.hop_ns
        if not self._begun:
            self._begun, self.open = True, slot
        elif self._closed:
            self._whole_from[camera] = -(-start_ns // self.hop_ns)
        else:
            oldest = self._oldest_beside(leader_ns // self.hop_ns)
            self.open = min(self.open, max(slot, oldest))

    def follow(self, common_ns: int, since_ns: int, ros_offset_ns: int | None) -> None:
        """Record the progress of a camera.

        Args:
            common_ns: common time that the camera has reached, nanoseconds.
            since_ns: waiting time at which it reached that time, nanoseconds.
            ros_offset_ns: ROS time minus common time, nanoseconds, by the reference; None for
                other cameras.
        """
        slot = common_ns // self.hop_ns
        self._deadline.lead(slot, since_ns)
        if ros_offset_ns is not None:
            self._stamps.follow(slot, ros_offset_ns)

    def histogram(self, slot: int) -> npt.NDArray[np.uint8]:
        """Return the counts of an open slot to write to, after make_room."""
        return self._ring.histogram(slot)

    def add_events(self, slot: int, events: int) -> None:
        """Note events of a slot, saturated ones included."""
        if events:
            self._ring.add_events(slot, events)
            self._newest = slot if self._newest is None else max(self._newest, slot)

    def make_room(self, slot: int, times_ns: list[int | None]) -> list[SpikeFrame]:
        """Close the windows whose slots share a place in the ring with a slot.

        Args:
            slot: slot to write to.
            times_ns: common time that each camera has reached, nanoseconds, or None.
        """
        return self._close(self._oldest_beside(slot), self._passed(times_ns))

    def close_due(self, times_ns: list[int | None]) -> list[SpikeFrame]:
        """Close the windows that all cameras have passed, or that are overdue.

        times_ns: common time that each camera has reached, nanoseconds, or None.
        """
        passed = self._passed(times_ns)
        return self._close(max(min(passed), self._deadline.overdue(self.open)), passed)

    def _passed(self, times_ns: list[int | None]) -> list[int]:
        """Return the first slot that each camera has not passed."""
        return [self.open if time is None else time // self.hop_ns for time in times_ns]

    def _close(self, before: int, passed: list[int]) -> list[SpikeFrame]:
        """Close the windows before a window; windows without all events are incomplete.

        A window is incomplete if a camera has not passed it, if it shares a slot with a window
        that a camera had not passed, or if a camera joins within it. Its frame leaves out the
        events of such a camera: from half a window of one camera the network would infer wrong
        depth. The time taken does not grow with the number of empty windows.

        Args:
            before: first window to leave open.
            passed: first slot that each camera has not passed.
        """
        frames = []
        while self._begun and self.open < before:
            self._closed = True
            is_asked = self._gives_empty and self.open + 1 == before <= min(passed)
            frame = self._frame(self.open, is_asked)
            if frame is not None:
                frames.append(frame)
                self._leave_out(frame, passed)
            self._advance(before)
        for camera, slot in enumerate(passed):
            if self._begun and slot < self.open:
                self._whole_from[camera] = self.open
        return frames

    def _leave_out(self, frame: SpikeFrame, passed: list[int]) -> None:
        """Clear the channels of cameras of which the open window lacks events; count it."""
        first = self.open + 1 - self._hops
        partial = [
            camera
            for camera, slot in enumerate(passed)
            if slot <= self.open or self._whole_from[camera] > first
        ]
        self._counters.windows_incomplete += bool(partial)
        for camera in partial:
            frame.counts[..., camera_channels(camera)] = 0

    def _oldest_beside(self, slot: int) -> int:
        """Return the first window that can be open while a slot is written to."""
        return slot + self._hops - self._ring.size

    def _frame(self, window: int, even_empty: bool) -> SpikeFrame | None:
        """Return the frame of a window, None if it has no event unless `even_empty`."""
        offset_ns = self._stamps.offset_ns(window)
        self._counters.windows_closed += 1
        slots = range(window + 1 - self._hops, window + 1)
        if not any(self._ring.events(slot) for slot in slots):
            self._counters.windows_empty += 1
            if not even_empty:
                return None
        counts, saturated = self._ring.total(slots)
        self._counters.events_saturated += saturated
        end_ns = (window + 1) * self.hop_ns
        # If header stamps fall back by less than a jump, frame stamps advance more slowly.
        stamp_ns = max(end_ns + offset_ns, self._next_ns)
        self._next_ns = stamp_ns + self.hop_ns // 2
        return SpikeFrame(end_ns, stamp_ns, counts, saturated)

    def _advance(self, before: int) -> None:
        """Open the next window; skip all windows up to `before` if none of them has events."""
        self._ring.clear(self.open + 1 - self._hops)
        self.open += 1
        if self._newest is None or self.open + 1 - self._hops > self._newest:
            skipped = max(0, before - self._gives_empty - self.open)
            self._counters.windows_closed += skipped
            self._counters.windows_empty += skipped
            self.open += skipped
