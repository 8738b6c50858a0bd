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

"""Difference of the two cameras' common times, measured by the arrival of their packets.

Header stamps and sensor clocks can be wrong, but the order of arrival cannot. If both cameras send
and the common time of one is always ahead of the other's, then a clock is wrong or the packets of
the other camera come late.
"""

from spike_depth_ros.frames.synchroniser import HOST
from spike_depth_ros.units import MS_NS, SECOND_NS

RIGHT = 1
# A camera that has not advanced for longer gives no measurement.
FRESH_NS = 500 * MS_NS
# The last measurement expires this long after a camera has stopped.
STALE_NS = 2 * SECOND_NS
BUCKET_NS = SECOND_NS
# Common times of cameras with right clocks differ by less when their packets arrive.
ARRIVAL_APART_NS = 25 * MS_NS

Range = tuple[int, int]


class Agreement:
    """Measure right minus left common time over the last one to two seconds.

    All times are nanoseconds; now_ns is the host's monotonic time.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget all common times, at a reset."""
        # Common time of each camera, and its monotonic time of arrival.
        self._reached: list[tuple[int, int] | None] = [None, None]
        self._now: Range | None = None
        self._before: Range | None = None
        self._since: tuple[int, int] | None = None  # start of the bucket, and common time then
        self._rate = 1.0

    def follow(self, camera: int, common_ns: int, now_ns: int) -> None:
        """Record the common time that a camera has reached with a packet.

        Args:
            camera: 0 (left) or 1 (right).
            common_ns: common time, nanoseconds.
            now_ns: monotonic time of the packet's arrival, nanoseconds.
        """
        reached = self._reached[camera]
        if reached and common_ns <= reached[0]:
            return
        self._reached[camera] = common_ns, now_ns
        self._turn(common_ns, now_ns)
        other = self._reached[1 - camera]
        if other is None or now_ns - other[1] >= FRESH_NS:
            return
        apart_ns = common_ns - other[0] if camera == RIGHT else other[0] - common_ns
        low_ns, high_ns = self._now or (apart_ns, apart_ns)
        self._now = min(low_ns, apart_ns), max(high_ns, apart_ns)

    def apart_ns(self, now_ns: int) -> int | None:
        """Return the time by which right was always ahead of left in the last second; ns.

        Negative if right was behind; 0 if neither was always ahead by ARRIVAL_APART_NS of real
        time; None unless both cameras have advanced for a second and still do.
        """
        if self._before is None:
            return None
        for reached in self._reached:
            if reached is None or now_ns - reached[1] >= STALE_NS:
                return None
        low_ns, high_ns = self._before
        limit_ns = ARRIVAL_APART_NS * max(1.0, self._rate)
        return (low_ns + high_ns) // 2 if low_ns > limit_ns or high_ns < -limit_ns else 0

    def _turn(self, common_ns: int, now_ns: int) -> None:
        """Begin another bucket when the present one is a second old."""
        if self._since is None:
            self._since = now_ns, common_ns
        elapsed_ns = now_ns - self._since[0]
        if elapsed_ns >= BUCKET_NS:
            self._rate = (
                common_ns - self._since[1]
            ) / elapsed_ns  # speed of a replay, 1 for a live camera
            self._before, self._now = self._now, None
            self._since = now_ns, common_ns


def disagreement(apart_ns: int, sync: str, late: bool, max_wait_ns: int) -> str:
    """Return a sentence about common times that differ, '' if windows wait long enough.

    Args:
        apart_ns: common time of the right camera minus that of the left, nanoseconds.
        sync: clock in which windows are cut, 'sensor' or 'host'.
        late: whether header stamps and sensor clocks agree; then the packets come late.
        max_wait_ns: longest wait of a window for a camera, nanoseconds.
    """
    apart_s, behind = abs(apart_ns) / SECOND_NS, 'left' if apart_ns > 0 else 'right'
    if late and abs(apart_ns) < max_wait_ns:
        return ''
    if late:
        return (
            f"the {behind} camera's packets come {apart_s:.2f} s later than the other's: set "
            f'max_wait_ms, now {max_wait_ns / MS_NS:g}, above that'
        )
    if sync == HOST:
        return (
            f"the two cameras' header stamps are {apart_s:.2f} s apart although their packets "
            'arrive together: set the clocks of their hosts (NTP, PTP), or set sync:=sensor if '
            'one wire synchronises the cameras'
        )
    return (
        f"the two cameras' sensor times are {apart_s:.2f} s apart although their packets arrive "
        "together: synchronise the cameras by wire, or set their hosts' clocks and sync:=host"
    )
