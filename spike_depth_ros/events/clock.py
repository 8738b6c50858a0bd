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

"""One camera's clock, held against the header stamps of its packets."""

import math

from spike_depth_ros.units import MS_NS, SECOND_NS

JUMP_NS = SECOND_NS
# Time constant of the slow estimates. Header stamps of one driver scatter by a packet's length, a
# few milliseconds; a replay at another rate than 1 drifts away from the sensor's time.
SETTLING_NS = 500 * MS_NS


class SensorClock:
    """Unwrap a sensor clock, notice its jumps, and estimate header stamp minus sensor time.

    wrap_ns: period after which the sensor time repeats, 0 when it never does. All times are
    nanoseconds; sensor times belong to the first event or time word of a packet. offset_ns: the
    estimate; stamp_ns: the last header stamp.
    """

    def __init__(self, wrap_ns: int) -> None:
        self.wrap_ns = wrap_ns
        self._sensor_ns = 0
        self._variance = 0.0
        self.stamp_ns = 0
        self.offset_ns = 0

    @property
    def spread_ns(self) -> float:
        """Return the root mean square of header stamp minus sensor time minus estimate."""
        return math.sqrt(self._variance)

    def start(self, stamp_ns: int, sensor_ns: int) -> None:
        """Take the first packet."""
        self._remember(stamp_ns, sensor_ns)
        self.offset_ns = stamp_ns - sensor_ns

    def wraps_behind(self, other: 'SensorClock', stamps_apart_ns: int = 0) -> int:
        """Return the whole wraps that this clock has to go on to show the time of another.

        Two cameras with one clock that joined at different moments differ by whole wraps.
        stamps_apart_ns: this clock's header stamps minus the other's when packets arrive together.
        """
        return self._whole_wraps(self.offset_ns - other.offset_ns - stamps_apart_ns)

    def apart_ns(self, other: 'SensorClock') -> int:
        """Return by how much this clock is behind another, whole wraps aside."""
        return self.offset_ns - other.offset_ns - self.wraps_behind(other) * self.wrap_ns

    def advance_wraps(self, wraps: int) -> None:
        """Move the clock on by whole wraps."""
        self._sensor_ns += wraps * self.wrap_ns
        self.offset_ns -= wraps * self.wrap_ns

    def follow(self, stamp_ns: int, sensor_ns: int) -> int | None:
        """Take a later packet and return the wraps that passed unseen; None for a time jump.

        A jump is an advance of the sensor time that differs from the header stamps' by more than
        JUMP_NS, whole wraps of a silent camera aside.
        """
        elapsed = sensor_ns - self._sensor_ns
        missing = stamp_ns - self.stamp_ns - elapsed
        wraps = self._whole_wraps(missing)
        if wraps < 0 or abs(missing - wraps * self.wrap_ns) > JUMP_NS:
            return None
        elapsed += wraps * self.wrap_ns
        self._remember(stamp_ns, sensor_ns + wraps * self.wrap_ns)
        error = self.stamp_ns - self._sensor_ns - self.offset_ns
        settled = min(max(elapsed, 0), SETTLING_NS)
        self.offset_ns += error * settled // SETTLING_NS
        self._variance += (float(error) ** 2 - self._variance) * (settled / SETTLING_NS)
        return wraps

    def _whole_wraps(self, difference_ns: int) -> int:
        return round(difference_ns / self.wrap_ns) if self.wrap_ns else 0

    def _remember(self, stamp_ns: int, sensor_ns: int) -> None:
        self.stamp_ns, self._sensor_ns = stamp_ns, sensor_ns
