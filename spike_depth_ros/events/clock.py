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

"""Sensor clock of one camera, compared with the header stamps of its packets."""

import math

from spike_depth_ros.units import MS_NS, SECOND_NS

JUMP_NS = SECOND_NS
# Time constant of the slow estimates. Header stamps of one driver scatter by the length of a
# packet, a few milliseconds; those of a replay at another rate than 1 drift from the sensor time.
SETTLING_NS = 500 * MS_NS


class SensorClock:
    """Unwrap a sensor clock, detect its jumps, and estimate header stamp minus sensor time.

    All times are nanoseconds; a sensor time is that of a packet's first event or time word.

    Attributes:
        wrap_ns: period after which the sensor time repeats; 0 if it never does.
        stamp_ns: header stamp of the last packet.
        offset_ns: slow estimate of header stamp minus sensor time.
    """

    def __init__(self, wrap_ns: int) -> None:
        self.wrap_ns = wrap_ns
        self._sensor_ns = 0
        self._variance = 0.0
        self.stamp_ns = 0
        self.offset_ns = 0

    @property
    def spread_ns(self) -> float:
        """Return the root mean square of header stamp minus sensor time minus the estimate."""
        return math.sqrt(self._variance)

    def start(self, stamp_ns: int, sensor_ns: int) -> None:
        """Start with the first packet."""
        self._remember(stamp_ns, sensor_ns)
        self.offset_ns = stamp_ns - sensor_ns

    def wraps_behind(self, other: 'SensorClock', stamps_apart_ns: int = 0) -> int:
        """Return the whole wraps by which this clock is behind another.

        The clocks of two synchronised cameras that joined at different moments differ by whole
        wraps.

        Args:
            other: clock of the other camera.
            stamps_apart_ns: header stamps of this camera minus the other's when packets arrive at
                the same time.
        """
        return self._whole_wraps(self.offset_ns - other.offset_ns - stamps_apart_ns)

    def apart_ns(self, other: 'SensorClock') -> int:
        """Return the time by which this clock is behind another, modulo whole wraps."""
        return self.offset_ns - other.offset_ns - self.wraps_behind(other) * self.wrap_ns

    def advance_wraps(self, wraps: int) -> None:
        """Advance the clock by whole wraps; negative wraps go back."""
        self._sensor_ns += wraps * self.wrap_ns
        self.offset_ns -= wraps * self.wrap_ns

    def follow(self, stamp_ns: int, sensor_ns: int) -> int | None:
        """Follow a later packet; return the wraps that no word counted, None for a time jump.

        A jump is an advance of the sensor time that differs from that of the header stamps by
        more than JUMP_NS, whole wraps of a silent camera aside.
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
