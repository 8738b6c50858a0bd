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
from spike_depth_ros.frames.slots import Slots
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
    """Slots of the open windows; see Slots for their places in time. Windows close in order.

    Attributes:
        open: the first open window; times before its last hop accept no more events.
        slots: division of the time into slots.
    """

    def __init__(
        self,
        ring: SlotRing,
        slots: Slots,
        counters: BinnerCounters,
        deadline: Deadline,
        gives_empty: bool = False,
    ) -> None:
        """Wait for the first camera.

        Args:
            ring: slots, all clear.
            slots: division of the time into slots.
            counters: counters of windows.
            deadline: longest wait of a window for a camera.
            gives_empty: whether a window without events that all cameras have passed gives a
                frame; of several that close together, the last.
        """
        self.open = 0
        self.slots = slots
        self._hop_ns = slots.hop_ns
        self._stamps = Stamps()
        self._begun = False
        self._ring = ring
        self._counters = counters
        self._deadline = deadline
        self._gives_empty = gives_empty
        self._closed = False  # whether a window has closed since the last reset
        self._newest: int | None = None  # last slot with an event
        self._next_ns = ALWAYS  # the earliest stamp of the next frame
        # Time since which all events of each camera count; a window that begins earlier has only
        # a part of them.
        self._whole_from_ns = [ALWAYS] * len(counters.cameras)

    @property
    def places(self) -> int:
        """Return the number of counts of a frame."""
        return self._ring.places

    @property
    def open_ns(self) -> int:
        """Return the time before which no more events are accepted, nanoseconds."""
        return self.open * self._hop_ns

    def clear(self) -> None:
        """Discard all open windows."""
        if self._newest is not None:
            newest_window = self._newest // self.slots.per_hop
            self._counters.windows_discarded += max(0, newest_window + 1 - self.open)
            for slot in range(self.slots.of_window(self.open).start, self._newest + 1):
                self._ring.clear(slot)
        self._newest = None
        self._begun = self._closed = False
        self._next_ns = ALWAYS
        self._whole_from_ns = [ALWAYS] * len(self._whole_from_ns)
        self._stamps.clear()
        self._deadline.clear()

    def begin(self, camera: int, start_ns: int, leader_ns: int) -> None:
        """Let a camera join.

        Args:
            camera: 0 (left) or 1 (right).
            start_ns: common time at which its stream begins, nanoseconds.
            leader_ns: common time that the leading camera has reached, nanoseconds.
        """
        window = start_ns // self._hop_ns
        if not self._begun:
            self._begun, self.open = True, window
        elif self._closed:
            self._whole_from_ns[camera] = start_ns
        else:
            oldest = self._oldest_beside(self.slots.at(leader_ns))
            self.open = min(self.open, max(window, oldest))

    def follow(self, common_ns: int, since_ns: int, ros_offset_ns: int | None) -> None:
        """Record the progress of a camera.

        Args:
            common_ns: common time that the camera has reached, nanoseconds.
            since_ns: waiting time at which it reached that time, nanoseconds.
            ros_offset_ns: ROS time minus common time, nanoseconds, by the reference; None for
                other cameras.
        """
        window = common_ns // self._hop_ns
        self._deadline.lead(window, since_ns)
        if ros_offset_ns is not None:
            self._stamps.follow(window, ros_offset_ns)

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
        """Return the first window whose end each camera has not passed."""
        return [self.open if time is None else time // self._hop_ns for time in times_ns]

    def _close(self, before: int, passed: list[int]) -> list[SpikeFrame]:
        """Close the windows before a window; windows without all events are incomplete.

        A window is incomplete if a camera has not passed it, if it overlaps a window that closed
        before a camera passed it, or if a camera joins within it. Its frame leaves out the
        events of such a camera: from half a window of one camera the network would infer wrong
        depth. The time taken does not grow with the number of empty windows.

        Args:
            before: first window to leave open.
            passed: first window whose end each camera has not passed.
        """
        frames: list[SpikeFrame] = []
        while self._begun and self.open < before:
            self._closed = True
            is_asked = self._gives_empty and self.open + 1 == before <= min(passed)
            frame = self._frame(self.open, is_asked)
            if frame is not None:
                frames.append(frame)
                self._leave_out(frame, passed)
            self._advance(before)
        for camera, window in enumerate(passed):
            if self._begun and window < self.open:
                self._whole_from_ns[camera] = self.open_ns
        return frames

    def _leave_out(self, frame: SpikeFrame, passed: list[int]) -> None:
        """Clear the channels of cameras of which the open window lacks events; count it."""
        start_ns = self.slots.start_ns(self.slots.of_window(self.open).start)
        partial = [
            camera
            for camera, window in enumerate(passed)
            if window <= self.open or self._whole_from_ns[camera] > start_ns
        ]
        self._counters.windows_incomplete += bool(partial)
        for camera in partial:
            frame.counts[..., camera_channels(camera)] = 0

    def _oldest_beside(self, slot: int) -> int:
        """Return the first window that can be open while a slot is written to."""
        return self.slots.oldest_window(slot + 1 - self._ring.size)

    def _frame(self, window: int, even_empty: bool) -> SpikeFrame | None:
        """Return the frame of a window, None if it has no event unless `even_empty`."""
        offset_ns = self._stamps.offset_ns(window)
        self._counters.windows_closed += 1
        slots = self.slots.of_window(window)
        if not any(self._ring.events(slot) for slot in slots):
            self._counters.windows_empty += 1
            if not even_empty:
                return None
        counts, saturated = self._ring.total(slots)
        self._counters.events_saturated += saturated
        end_ns = (window + 1) * self._hop_ns
        # If header stamps fall back by less than a jump, frame stamps advance more slowly.
        stamp_ns = max(end_ns + offset_ns, self._next_ns)
        self._next_ns = stamp_ns + self._hop_ns // 2
        return SpikeFrame(end_ns, stamp_ns, counts, saturated)

    def _advance(self, before: int) -> None:
        """Open the next window; skip all windows up to `before` if none of them has events."""
        first = self.slots.of_window(self.open).start
        self.open += 1
        next_first = self.slots.of_window(self.open).start
        for slot in range(first, next_first):
            self._ring.clear(slot)
        if self._newest is None or next_first > self._newest:
            skipped = max(0, before - self._gives_empty - self.open)
            self._counters.windows_closed += skipped
            self._counters.windows_empty += skipped
            self.open += skipped
