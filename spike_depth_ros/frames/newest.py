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

"""Newest header stamp of each camera: detects jumps ahead and packets from before a reset."""

from spike_depth_ros.events.clock import JUMP_NS
from spike_depth_ros.units import MS_NS

LEFT, RIGHT = 0, 1
SILENT_NS = 500 * MS_NS
# Stamps by hosts with right clocks differ by less when they arrive at the same time.
STAMPS_APART_NS = 100 * MS_NS


class NewestStamps:
    """Follow the newest header stamp of each camera and the time of its arrival.

    A stamp is a jump if it is ahead of the camera's newest stamp by more than JUMP_NS beyond the
    time since; a silence of any length is no jump. A camera's first stamp is compared with the
    other camera's newest one, unless that one came within SILENT_NS: the clocks of two hosts may
    differ. All times are nanoseconds; waited_ns is the waiting time of a Deadline.

    Attributes:
        apart_ns: right minus left stamps of packets that arrive at the same time; 0 below
            STAMPS_APART_NS.
    """

    def __init__(self, cameras: int) -> None:
        self.apart_ns = 0
        self._newest: list[tuple[int, int] | None] = [None] * cameras
        self._began: tuple[int, int] | None = None  # camera and stamp of the packet after a reset

    def clear(self) -> None:
        """Forget the stamps at a reset; apart_ns stays."""
        self._newest = [None] * len(self._newest)
        self._began = None

    def begin(self, camera: int, stamp_ns: int, waited_ns: int) -> None:
        """Record the stamp of the first packet after a reset.

        Args:
            camera: 0 (left) or 1 (right).
            stamp_ns: header stamp.
            waited_ns: waiting time of its arrival.
        """
        self._began = camera, stamp_ns
        self.follow(camera, stamp_ns, waited_ns)

    def jumps(self, camera: int, stamp_ns: int, waited_ns: int) -> bool:
        """Return whether a camera's stamp has jumped ahead; see begin."""
        newest = self._newest[camera]
        if newest is None:
            newest = self._newest[-1 - camera]
            if newest is None or waited_ns - newest[1] < SILENT_NS:
                return False
            stamp_ns -= self._behind_ns(camera) - self._behind_ns(1 - camera)
        return stamp_ns - newest[0] - (waited_ns - newest[1]) > JUMP_NS

    def is_before_reset(self, camera: int, stamp_ns: int) -> bool:
        """Return whether a stamp is older than the reset, or far from the stamps since."""
        if self._began is None:
            return False
        first, began_ns = self._began
        newest = self._newest[first]
        if newest is None:
            return False
        stamp_ns -= self._behind_ns(camera) - self._behind_ns(first)
        return stamp_ns < began_ns or abs(stamp_ns - newest[0]) > JUMP_NS

    def follow(self, camera: int, stamp_ns: int, waited_ns: int) -> None:
        """Record a camera's stamp; see begin."""
        newest = self._newest[camera]
        if newest is None or stamp_ns >= newest[0]:
            self._newest[camera] = stamp_ns, waited_ns
        left, right = self._newest[LEFT], self._newest[-1]
        if len(self._newest) == 2 and left and right:
            apart_ns = (right[0] - right[1]) - (left[0] - left[1])
            self.apart_ns = apart_ns if abs(apart_ns) > STAMPS_APART_NS else 0

    def _behind_ns(self, camera: int) -> int:
        """Return the camera's stamps minus the left camera's."""
        return self.apart_ns if camera == RIGHT else 0
