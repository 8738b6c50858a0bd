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

"""Common clock in which windows of both cameras are cut."""

from collections.abc import Sequence

from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.units import MS_NS, SECOND_NS

AUTO, SENSOR, HOST = 'auto', 'sensor', 'host'
# Header stamps of synchronised cameras agree with their common sensor time within this limit.
# Independent clocks agree by chance once in 400 starts (evt3) or never.
SYNCHRONOUS_NS = 20 * MS_NS
# Clocks that differ by more are not synchronised, or no longer.
DRIFT_NS = 2 * SYNCHRONOUS_NS
# The clocks must contradict the mode for this long before it changes.
DWELL_NS = 2 * SECOND_NS


class Synchroniser:
    """Decide whether the cameras share a clock, and give the offset to the common time.

    Attributes:
        mode: 'sensor' or 'host', the last decision; 'sensor' for one camera unless set to 'host'.
    """

    def __init__(self, setting: str) -> None:
        """Set the mode, or leave it to the clocks.

        setting: 'sensor': the cameras are synchronised in hardware, and windows are cut in their
        sensor time. 'host': they are not, and header stamps map each camera's sensor time to ROS
        time. 'auto': the clocks decide, also while running.
        """
        if setting not in (AUTO, SENSOR, HOST):
            raise ValueError(f"sync='{setting}' must be '{AUTO}', '{SENSOR}' or '{HOST}'")
        self._setting = setting
        self.mode = HOST if setting == HOST else SENSOR
        self._is_found = False  # the mode was measured, which is better than first stamps
        self._otherwise_since_ns: int | None = None

    def decide(self, clocks: Sequence[SensorClock]) -> None:
        """Decide before the first window; clocks: clocks that have started, left first."""
        if self._setting == AUTO and not self._is_found:
            self.mode = self._mode_for(abs(apart_ns(clocks)), at_start=True)
        self._is_found = False
        self._otherwise_since_ns = None

    def finds_otherwise(self, clocks: Sequence[SensorClock], joins: bool = False) -> bool:
        """Return whether the clocks contradict the mode for DWELL_NS; if so, the mode changes.

        clocks: clocks of the cameras that send. joins: whether a camera has just joined; then the
        mode changes at once, as at the start.
        """
        if self._setting != AUTO:
            return False
        mode = self._mode_for(abs(apart_ns(clocks)), joins) if len(clocks) == 2 else self.mode
        if mode == self.mode:
            self._otherwise_since_ns = None
            return False
        newest_ns = max(clock.stamp_ns for clock in clocks)
        if self._otherwise_since_ns is None:
            self._otherwise_since_ns = newest_ns
        if not joins and newest_ns - self._otherwise_since_ns < DWELL_NS:
            return False
        self.mode, self._is_found, self._otherwise_since_ns = mode, True, None
        return True

    def _mode_for(self, apart_ns: int, at_start: bool) -> str:
        """Return the mode for the difference of the clocks.

        After the start, a difference between the two limits leaves the mode unchanged. With one
        limit, the mode would alternate where the difference scatters about the limit.
        """
        if apart_ns <= SYNCHRONOUS_NS:
            return SENSOR
        return HOST if at_start or apart_ns > DRIFT_NS else self.mode

    def is_confirmed(self, clocks: Sequence[SensorClock]) -> bool:
        """Return whether windows are cut in sensor time and header stamps agree with it."""
        return self.mode == SENSOR and abs(apart_ns(clocks)) <= SYNCHRONOUS_NS

    def wraps_behind(
        self, clock: SensorClock, others: Sequence[SensorClock], stamps_apart_ns: int = 0
    ) -> int:
        """Return the wraps by which a starting clock must advance to show the common time.

        Args:
            clock: clock that starts.
            others: clocks that have started before.
            stamps_apart_ns: header stamps of this camera minus the others' when packets arrive at
                the same time.
        """
        if not others or self.mode != SENSOR:
            return 0
        return clock.wraps_behind(others[0], stamps_apart_ns)

    def offset_ns(self, clock: SensorClock) -> int:
        """Return common time minus a camera's sensor time."""
        return clock.offset_ns if self.mode == HOST else 0

    def ros_offset_ns(self, clocks: Sequence[SensorClock]) -> int:
        """Return ROS time minus common time, by the first clock."""
        return clocks[0].offset_ns if clocks and self.mode == SENSOR else 0


def apart_ns(clocks: Sequence[SensorClock]) -> int:
    """Return the time by which the second clock is behind the first; 0 unless there are two."""
    return clocks[1].apart_ns(clocks[0]) if len(clocks) == 2 else 0
