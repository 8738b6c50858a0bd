"""The one clock in which windows are cut for both cameras."""

from collections.abc import Sequence

from spike_depth_ros.events.clock import SensorClock

AUTO, SENSOR, HOST = 'auto', 'sensor', 'host'
# Header stamps of synchronised cameras agree so well with their common sensor time. Clocks that
# have nothing to do with each other do so by chance once in 400 starts (evt3) or never.
SYNCHRONOUS_NS = 20_000_000
# Cameras that were taken for synchronised have drifted apart.
DRIFT_NS = 2 * SYNCHRONOUS_NS


class Synchroniser:
    """Decide whether the cameras share a clock, and bring their times together.

    setting: 'sensor', the cameras are synchronised in hardware and windows are cut in their
    sensor time; 'host', they are not, and each one's sensor time is mapped to ROS time by its
    header stamps; 'auto', the clocks tell. mode: 'sensor' or 'host', as decided last; one camera
    alone has 'sensor' unless the setting says otherwise.
    """

    def __init__(self, setting: str) -> None:
        if setting not in (AUTO, SENSOR, HOST):
            raise ValueError(f"sync='{setting}' must be '{AUTO}', '{SENSOR}' or '{HOST}'")
        self._setting = setting
        self.mode = HOST if setting == HOST else SENSOR

    def decide(self, clocks: Sequence[SensorClock]) -> None:
        """Decide anew, before the first window; clocks: those that have started, left first."""
        if self._setting == AUTO:
            self.mode = SENSOR if abs(apart_ns(clocks)) <= SYNCHRONOUS_NS else HOST

    def finds_drift(self, clocks: Sequence[SensorClock]) -> bool:
        """Say whether cameras that were taken for synchronised are not; if so, that is decided."""
        if self._setting != AUTO or self.mode == HOST or abs(apart_ns(clocks)) <= DRIFT_NS:
            return False
        self._setting = self.mode = HOST
        return True

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
