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

"""The ROS time of the end of a window."""

from collections import deque


class Stamps:
    """Remember ROS time minus common time as it was when the camera that tells it passed a slot.

    So a frame's stamp does not depend on how far that camera has come when the window closes.
    """

    def __init__(self) -> None:
        self._latest_ns = 0
        self._passed: deque[tuple[int, int]] = deque()

    def clear(self) -> None:
        """Forget it all, at a reset."""
        self._latest_ns = 0
        self._passed.clear()

    def follow(self, slot: int, offset_ns: int) -> None:
        """Take note of the slot that the camera is in; it passed those before."""
        self._latest_ns = offset_ns
        if not self._passed or slot > self._passed[-1][0]:
            self._passed.append((slot, offset_ns))

    def offset_ns(self, slot: int) -> int:
        """Return ROS time minus common time at a slot's end: the latest while it is not passed.

        What is known of slots before it is forgotten, so memory is bounded as open windows are.
        """
        while self._passed and self._passed[0][0] <= slot:
            self._passed.popleft()
        return self._passed[0][1] if self._passed else self._latest_ns
