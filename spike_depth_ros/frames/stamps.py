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

"""ROS time of the end of a window."""

from collections import deque


class Stamps:
    """Hold ROS time minus common time of the moment at which the reference passed a window's end.

    A frame's stamp then does not depend on the progress of that camera when the window closes.
    """

    def __init__(self) -> None:
        self._latest_ns = 0
        self._passed: deque[tuple[int, int]] = deque()

    def clear(self) -> None:
        """Forget all windows, at a reset."""
        self._latest_ns = 0
        self._passed.clear()

    def follow(self, window: int, offset_ns: int) -> None:
        """Note the first window whose end the reference camera has not passed."""
        self._latest_ns = offset_ns
        if not self._passed or window > self._passed[-1][0]:
            self._passed.append((window, offset_ns))

    def offset_ns(self, window: int) -> int:
        """Return ROS time minus common time at a window's end; the latest if it is not passed.

        The method forgets earlier windows; the number of open windows limits the memory.
        """
        while self._passed and self._passed[0][0] <= window:
            self._passed.popleft()
        return self._passed[0][1] if self._passed else self._latest_ns
