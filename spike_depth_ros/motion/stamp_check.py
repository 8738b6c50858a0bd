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


"""Clock of a topic's stamps, judged by the times at which messages and windows come."""

from collections import deque
from math import nan
from statistics import median

from spike_depth_ros.units import MS_NS, SECOND_NS

# Windows over which stamps are compared, and the least number of them.
WINDOWS, LEAST_WINDOWS = 15, 5
# A right stamp is not ahead of the clock by more: clocks of two computers agree to milliseconds.
MAX_AHEAD_NS = 10 * MS_NS
# Windows that are younger are stamped by the node's clock.
MAX_WINDOW_AGE_NS = SECOND_NS
# By another clock, a message is ahead of the window that comes with it by at most 100 ms, for
# which a window waits for its cameras, and by its way through the nodes.
MAX_LEAD_NS = 150 * MS_NS


class StampCheck:
    """Comparison of a topic's stamps with the clock, and with those of windows.

    A window and a message that come at the same time are compared by their ages on arrival, if
    windows are stamped by the node's clock: delays only make a message older, so the least age
    tells a wrong clock. Stamps of another clock, as in a replay with its own stamps, are compared
    with each other: a window comes late by its wait, which only a large lead exceeds.

    Args:
        max_age_ns: largest age on arrival of a message with a right stamp, nanoseconds.
    """

    def __init__(self, max_age_ns: int) -> None:
        """Begin without windows; see the class."""
        self._max_age_ns = max_age_ns
        self._leads_ns: deque[int] = deque(maxlen=WINDOWS)
        # Ages of messages and of windows on arrival.
        self._ages_ns: deque[int] = deque(maxlen=WINDOWS)
        self._window_ages_ns: deque[int] = deque(maxlen=WINDOWS)

    def add(self, lead_ns: int, age_ns: int | None, window_age_ns: int | None) -> None:
        """Add a window, and the newest message at its arrival.

        Args:
            lead_ns: stamp of the message less that of the window, nanoseconds.
            age_ns, window_age_ns: times by the clock on the arrival of each less its stamp,
                nanoseconds; None: the clock is simulated, and steps.
        """
        self._leads_ns.append(lead_ns)
        if age_ns is None or window_age_ns is None:
            self._ages_ns.clear()
            self._window_ages_ns.clear()
        else:
            self._ages_ns.append(age_ns)
            self._window_ages_ns.append(window_age_ns)

    @property
    def lead_ns(self) -> float:
        """Return the median lead of messages over windows, nanoseconds; NaN before it is known."""
        return _median(self._leads_ns)

    def fault(self, is_covered: bool) -> str:
        """Return the end of a sentence that begins with the topic, '' if its clock may be right.

        is_covered: whether the topic tells the motion up to the end of the newest window.
        """
        if -MAX_AHEAD_NS <= _median(self._window_ages_ns) < MAX_WINDOW_AGE_NS:
            return self._fault_by_clock()
        lead_ns = self.lead_ns
        if lead_ns > MAX_LEAD_NS or (lead_ns < -self._max_age_ns and not is_covered):
            side = 'ahead of' if lead_ns > 0 else 'behind'
            return (
                f'is {abs(lead_ns) / SECOND_NS:.3f} s {side} the windows that come at the same '
                'time: stamp both by one clock, unless windows are late'
            )
        return ''

    def _fault_by_clock(self) -> str:
        age_ns = min(tuple(self._ages_ns), default=0)
        if age_ns < -MAX_AHEAD_NS:
            return (
                f'is stamped {-age_ns / SECOND_NS:.3f} s ahead of the ROS time at which it '
                'comes: set the clock of its driver'
            )
        if age_ns > self._max_age_ns:
            return (
                f'comes {age_ns / SECOND_NS:.3f} s after its stamp, but must come within '
                f'{self._max_age_ns / SECOND_NS:g} s: set the clock of its driver, or its delay'
            )
        return ''


def _median(values: deque[int]) -> float:
    """Return the median, NaN of fewer than LEAST_WINDOWS."""
    known = tuple(values)  # another thread appends
    return median(known) if len(known) >= LEAST_WINDOWS else nan
