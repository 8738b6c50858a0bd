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

"""When to send what of a recording, and with which stamp."""

from collections.abc import Iterable
from dataclasses import dataclass

from spike_depth_ros.units import SECOND_NS

# Header stamps of a recording lie this close to when they were logged, or count another clock.
PLAUSIBLE_NS = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """Map the log times of a recording to the clock of the machine, all nanoseconds.

    start_log_ns is sent at start_ns (monotonic); a second of the recording takes 1 / rate s.
    """

    start_log_ns: int
    start_ns: int
    rate: float

    def delay_s(self, log_time_ns: int, now_ns: int) -> float:
        """Return how long to wait at now_ns (monotonic) before a message is due; 0 if it is."""
        due_ns = self.start_ns + (log_time_ns - self.start_log_ns) / self.rate
        return max(0.0, (due_ns - now_ns) / SECOND_NS)

    def log_time_ns(self, now_ns: int) -> int:
        """Return the time of the recording at now_ns (monotonic)."""
        return self.start_log_ns + round((now_ns - self.start_ns) * self.rate)


@dataclass(frozen=True, slots=True)
class Stamps:
    """Move the header stamps of a recording, all nanoseconds.

    clock_error_ns: what to add to stamps to get the time of the log; shift_ns: from there to the
    present. None: stamps stay as they are.
    """

    clock_error_ns: int | None = None
    shift_ns: int = 0

    def of_packet(self, stamp_ns: int, log_time_ns: int) -> int:
        """Return the new stamp of an event packet, never later than it is sent."""
        if self.clock_error_ns is None:
            return stamp_ns
        return min(stamp_ns + self.clock_error_ns, log_time_ns) + self.shift_ns

    def of_other(self, stamp_ns: int) -> int:
        """Return the new stamp of a message that says when something was."""
        if self.clock_error_ns is None:
            return stamp_ns
        return stamp_ns + self.clock_error_ns + self.shift_ns


def clock_error_ns(delays_ns: Iterable[int]) -> int:
    """Return what to add to header stamps so that they count as log times do.

    delays_ns: log time minus stamp of the first event packets. The least delayed one counts: its
    stamp is taken for its log time when it lies later, or so far off that it cannot be the time
    of the events. Others were logged late.
    """
    least_ns = min(delays_ns, default=0)
    return 0 if 0 <= least_ns < PLAUSIBLE_NS else least_ns


def present_shift_ns(start_log_ns: int, present_ns: int, duration_ns: int, rate: float) -> int:
    """Return what takes log times to the present so that none lies later than it is sent.

    start_log_ns becomes the present; with a rate over 1 the end does, since stamps keep their
    spacing: they would otherwise run ahead of the clock.
    """
    ahead_ns = round(duration_ns * max(0.0, 1 - 1 / rate))
    return present_ns - start_log_ns - ahead_ns
