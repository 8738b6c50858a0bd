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

"""The host's clock, and the deadline until which windows wait for a silent camera."""

from collections import deque

from spike_depth_ros.units import MS_NS

# Longest step of the waiting time: after a longer stop of the process, packets may wait unread.
MAX_STEP_NS = 50 * MS_NS


class Deadline:
    """Follow the host's clock and the leading camera.

    Attributes:
        max_wait_ns: longest wait for a silent camera, nanoseconds.
        now_ns: the caller's monotonic clock, nanoseconds; 0 before the first tick.
        waited_ns: waiting time, nanoseconds: advances as now_ns, by MAX_STEP_NS a tick at most.
    """

    def __init__(self, max_wait_ns: int) -> None:
        self.max_wait_ns = max_wait_ns
        self._has_begun = False
        self.now_ns = 0
        self.waited_ns = 0
        self.clear()

    def clear(self) -> None:
        """Forget the leading camera; the clock continues."""
        self._passed: deque[tuple[int, int]] = deque()

    def tick(self, now_ns: int) -> None:
        """Advance the clock."""
        if self._has_begun:
            self.waited_ns += min(max(now_ns - self.now_ns, 0), MAX_STEP_NS)
        self._has_begun, self.now_ns = True, now_ns

    def lead(self, window: int, since_ns: int) -> None:
        """Note the first window whose end a camera has not passed.

        Only the leading camera counts.

        Args:
            window: number of that window.
            since_ns: waiting time since which it is there; does not fall from call to call.
        """
        if not self._passed or window > self._passed[-1][1]:
            self._passed.append((since_ns, window))

    def overdue(self, open_window: int) -> int:
        """Return the first window that is not overdue, at least open_window.

        A window is overdue max_wait_ns after the leading camera passed its end. The method forgets
        closed windows; the number of open windows limits the memory.
        """
        overdue = open_window
        while self._passed:
            since_ns, window = self._passed[0]
            if window > open_window and self.waited_ns - since_ns < self.max_wait_ns:
                break
            overdue = max(overdue, window)
            self._passed.popleft()
        return overdue
