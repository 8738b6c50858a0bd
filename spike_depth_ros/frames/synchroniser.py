"""The one clock in which windows are cut for both cameras."""

from collections.abc import Sequence

from spike_depth_ros.events.clock import SensorClock

AUTO, SENSOR, HOST = 'auto', 'sensor', 'host'
# Header stamps of synchronised cameras agree so well with their common sensor time. Clocks that
# have nothing to do with each other do so by chance once in 400 starts (evt3) or never.
SYNCHRONOUS_NS = 20_000_000
# Clocks further apart have drifted, if they ever were one.
DRIFT_NS = 2 * SYNCHRONOUS_NS
# So long the clocks must tell otherwise before the decision changes, and so fresh must both be.
DWELL_NS = 2_000_000_000
FRESH_NS = 500_000_000


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
        """Decide anew, before the first window; clocks: those that have started, left first."""
        if self._setting == AUTO and not self._is_found:
            self.mode = SENSOR if abs(apart_ns(clocks)) <= SYNCHRONOUS_NS else HOST
        self._is_found = False
        self._otherwise_since_ns = None

    def finds_otherwise(self, clocks: Sequence[SensorClock], dwell_ns: int = DWELL_NS) -> bool:
        """Say whether the clocks have told otherwise for dwell_ns; if so, the mode changes."""
        if self._setting != AUTO or len(clocks) < 2:
            return False
        stamps_ns = [clock.stamp_ns for clock in clocks]
        is_fresh = max(stamps_ns) - min(stamps_ns) < FRESH_NS
        told = self._told(abs(apart_ns(clocks)))
        if told == self.mode or not is_fresh:
            self._otherwise_since_ns = None
            return False
        if self._otherwise_since_ns is None:
            self._otherwise_since_ns = max(stamps_ns)
        if max(stamps_ns) - self._otherwise_since_ns < dwell_ns:
            return False
        self.mode, self._is_found, self._otherwise_since_ns = told, True, None
        return True

    def _told(self, apart_ns: int) -> str:
        """Return the mode that clocks so far apart tell; in between they tell nothing."""
        if apart_ns > DRIFT_NS:
            return HOST
        return SENSOR if apart_ns <= SYNCHRONOUS_NS else self.mode

    def wraps_behind(self, clock: SensorClock, others: Sequence[SensorClock]) -> int:
        """Return the wraps by which a clock that starts is to move on to show the common time."""
        return clock.wraps_behind(others[0]) if others and self.mode == SENSOR else 0

    def offset_ns(self, clock: SensorClock) -> int:
        """Return common time minus a camera's sensor time."""
        return clock.offset_ns if self.mode == HOST else 0

    def ros_offset_ns(self, clocks: Sequence[SensorClock]) -> int:
        """Return ROS time minus common time, by the left camera where there is one."""
        return clocks[0].offset_ns if clocks and self.mode == SENSOR else 0


def apart_ns(clocks: Sequence[SensorClock]) -> int:
    """Return by how much the second clock is behind the first, 0 unless there are two."""
    return clocks[1].apart_ns(clocks[0]) if len(clocks) == 2 else 0
