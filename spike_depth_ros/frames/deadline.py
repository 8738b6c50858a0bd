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

"""The deadline up to which windows wait for a silent camera."""

from collections import deque

from spike_depth_ros.units import MS_NS

# A process that was stopped for longer may have packets waiting that it has not seen: only so
# much of the pause counts as waiting.
MAX_STEP_NS = 50 * MS_NS


class Deadline:
    """Follow the leading camera, and which slots it passed at least max_wait_ns ago.

    Time spent waiting is measured by the caller's clock, monotonic nanoseconds, in steps of at
    most MAX_STEP_NS. now_ns: that clock, 0 before it began.
    """

    def __init__(self, max_wait_ns: int) -> None:
        self.max_wait_ns = max_wait_ns
        self._has_begun = False
        self.now_ns = 0
        self.waited_ns = 0
        self.clear()

    def clear(self) -> None:
        """Forget the leading camera; the clock goes on."""
        self._passed: deque[tuple[int, int]] = deque()

    def tick(self, now_ns: int) -> None:
        """Let the clock advance."""
        if self._has_begun:
            self.waited_ns += min(max(now_ns - self.now_ns, 0), MAX_STEP_NS)
        self._has_begun, self.now_ns = True, now_ns

    def lead(self, slot: int, since_ns: int) -> None:
        """Take note of the slot that a camera is in, since a waiting time.

        It passed those before. Only the leading camera's counts. Time may not go back from call
        to call.
        """
        if not self._passed or slot > self._passed[-1][1]:
            self._passed.append((since_ns, slot))

    def overdue(self, open_slot: int) -> int:
        """Return the slot before which everything is overdue, at least the first open one.

        What is known of slots that are closed is forgotten, so memory is bounded as they are.
        """
        overdue = open_slot
        while self._passed:
            since_ns, slot = self._passed[0]
            if slot > open_slot and self.waited_ns - since_ns < self.max_wait_ns:
                break
            overdue = max(overdue, slot)
            self._passed.popleft()
        return overdue
