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

"""Times of a replay: when each message is due, and its new header stamp."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from spike_depth_ros.units import SECOND_NS

# A header stamp that differs more from its log time belongs to another clock.
PLAUSIBLE_NS = 10_000_000_000
# The first packets of a recording may be logged late, all at once; later ones within this time are
# not.
BEGINNING_NS = 3_000_000_000


@dataclass(frozen=True, slots=True)
class Timeline:
    """Map from log times of a recording to the machine's monotonic clock.

    Attributes:
        start_log_ns: log time at which the replay starts, nanoseconds.
        start_ns: monotonic time at which the replay starts, nanoseconds.
        rate: speed; a second of the recording takes 1 / rate seconds.
    """

    start_log_ns: int
    start_ns: int
    rate: float

    def delay_s(self, log_time_ns: int, now_ns: int) -> float:
        """Return the seconds from now_ns (monotonic) until a message is due, at least 0."""
        return max(0.0, (self.due_ns(log_time_ns) - now_ns) / SECOND_NS)

    def due_ns(self, log_time_ns: int) -> int:
        """Return the monotonic time at which a message is due, nanoseconds."""
        return self.start_ns + round((log_time_ns - self.start_log_ns) / self.rate)

    def log_time_ns(self, now_ns: int) -> int:
        """Return the recording's time at now_ns (monotonic), nanoseconds."""
        return self.start_log_ns + round((now_ns - self.start_ns) * self.rate)


@dataclass(frozen=True, slots=True)
class Stamps:
    """Header stamps of a replay.

    Attributes:
        clock_error_ns: added to recorded stamps to get log times, nanoseconds.
        shift_ns: added to log times to get the present, nanoseconds; None leaves recorded stamps.
    """

    clock_error_ns: int = 0
    shift_ns: int | None = None

    def of_packet(self, stamp_ns: int, log_time_ns: int) -> int:
        """Return the new stamp of an event packet, never later than its sending."""
        if self.shift_ns is None:
            return stamp_ns
        return min(stamp_ns + self.clock_error_ns, log_time_ns) + self.shift_ns

    def at(self, time_ns: int) -> int:
        """Return the stamp of true depth, or of a measurement, at a time of the recording."""
        if self.shift_ns is None:
            return time_ns - self.clock_error_ns
        return time_ns + self.shift_ns


def beginning_delays_ns(times: Iterable[tuple[int, int]]) -> Iterator[int]:
    """Yield log time minus header stamp of the packets in the first BEGINNING_NS.

    times: log time and header stamp of packets, from the first one on.
    """
    end_ns: int | None = None
    for log_time_ns, stamp_ns in times:
        end_ns = log_time_ns + BEGINNING_NS if end_ns is None else end_ns
        if log_time_ns >= end_ns:
            return
        yield log_time_ns - stamp_ns


def clock_error_ns(delays_ns: Iterable[int]) -> int:
    """Return the correction from header stamps to log times, nanoseconds.

    The least delayed packet decides; the others were logged late. 0 if its stamp is at most
    PLAUSIBLE_NS before its log time; else the stamps count another clock, and the correction makes
    this stamp equal its log time.

    Args:
        delays_ns: log time minus header stamp of the first event packets.
    """
    least_ns = min(delays_ns, default=0)
    return 0 if 0 <= least_ns < PLAUSIBLE_NS else least_ns


def present_shift_ns(start_log_ns: int, present_ns: int, duration_ns: int, rate: float) -> int:
    """Return the shift from log times to the present, nanoseconds.

    start_log_ns becomes present_ns. With a rate over 1 the end becomes the present instead: stamps
    have the spacing of the recording and would run ahead of the clock.

    Args:
        start_log_ns: log time at the start.
        present_ns: present time.
        duration_ns: duration of the recording.
        rate: speed of the replay.
    """
    ahead_ns = round(duration_ns * max(0.0, 1 - 1 / rate))
    return present_ns - start_log_ns - ahead_ns
