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

"""The one clock in which windows are cut for both cameras."""

from collections.abc import Sequence

from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.units import MS_NS, SECOND_NS

AUTO, SENSOR, HOST = 'auto', 'sensor', 'host'
# Header stamps of synchronised cameras agree so well with their common sensor time. Clocks that
# have nothing to do with each other do so by chance once in 400 starts (evt3) or never.
SYNCHRONOUS_NS = 20 * MS_NS
# Clocks further apart have drifted, if they ever were one.
DRIFT_NS = 2 * SYNCHRONOUS_NS
# So long the clocks must tell otherwise before the decision changes.
DWELL_NS = 2 * SECOND_NS


class Synchroniser:
    """Decide whether the cameras share a clock, and bring their times together.

    setting: 'sensor', the cameras are synchronised in hardware and windows are cut in their
    sensor time; 'host', they are not, and each one's sensor time is mapped to ROS time by its
    header stamps; 'auto', the clocks tell, also later on. mode: 'sensor' or 'host', as decided
    last; one camera alone has 'sensor' unless the setting says otherwise.
    """

    def __init__(self, setting: str) -> None:
        if setting not in (AUTO, SENSOR, HOST):
            raise ValueError(f"sync='{setting}' must be '{AUTO}', '{SENSOR}' or '{HOST}'")
        self._setting = setting
        self.mode = HOST if setting == HOST else SENSOR
        self._is_found = False  # the mode was found by measuring, better than by first stamps
        self._otherwise_since_ns: int | None = None

    def decide(self, clocks: Sequence[SensorClock]) -> None:
        """Decide before the first window; clocks: those that have started, left first."""
        if self._setting == AUTO and not self._is_found:
            self.mode = self._mode_for(abs(apart_ns(clocks)), at_start=True)
        self._is_found = False
        self._otherwise_since_ns = None

    def finds_otherwise(self, clocks: Sequence[SensorClock], joins: bool = False) -> bool:
        """Return whether the clocks contradict the mode for DWELL_NS; if so, the mode changes.

        clocks: those of the cameras that were heard lately. joins: a camera has just joined,
        which decides at once as a start does.
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
        """Return the mode for clocks so far apart.

        After the start, a distance between the two limits leaves the mode as it is: else it would
        flip to and fro where the distance scatters about one limit.
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
        """Return the wraps by which a clock that starts is to move on to show the common time.

        stamps_apart_ns: its header stamps minus the others' when packets arrive together.
        """
        if not others or self.mode != SENSOR:
            return 0
        return clock.wraps_behind(others[0], stamps_apart_ns)

    def offset_ns(self, clock: SensorClock) -> int:
        """Return common time minus a camera's sensor time."""
        return clock.offset_ns if self.mode == HOST else 0

    def ros_offset_ns(self, clocks: Sequence[SensorClock]) -> int:
        """Return ROS time minus common time, by the left camera where there is one."""
        return clocks[0].offset_ns if clocks and self.mode == SENSOR else 0


def apart_ns(clocks: Sequence[SensorClock]) -> int:
    """Return by how much the second clock is behind the first, 0 unless there are two."""
    return clocks[1].apart_ns(clocks[0]) if len(clocks) == 2 else 0
