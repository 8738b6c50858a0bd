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

"""The distance between the two cameras' common times, measured by the arrival of their packets.

Header stamps and sensor clocks can both be wrong; the order in which packets arrive is what it is.
Where one camera's common time has always been ahead of the other's, and both are heard, either a
clock is wrong or the other camera's packets come late.
"""

from spike_depth_ros.frames.synchroniser import HOST
from spike_depth_ros.units import MS_NS, SECOND_NS

RIGHT = 1
# A camera that has not advanced for so long tells nothing of the other one's time.
FRESH_NS = 500 * MS_NS
# So long after a camera has stopped nothing is said of its time.
STALE_NS = 2 * SECOND_NS
BUCKET_NS = SECOND_NS
# Packets of cameras with right clocks arrive together to within less.
ARRIVAL_APART_NS = 25 * MS_NS

Range = tuple[int, int]


class Agreement:
    """Measure right minus left common time over the last one to two seconds.

    All times are nanoseconds; now_ns is the host's monotonic time.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything, at a reset."""
        self._reached: list[tuple[int, int] | None] = [None, None]  # common time, when
        self._now: Range | None = None
        self._before: Range | None = None
        self._since: tuple[int, int] | None = None  # when the bucket began, and common time then
        self._rate = 1.0

    def follow(self, camera: int, common_ns: int, now_ns: int) -> None:
        """Record the common time that camera 0 or 1 has reached with a packet that came now."""
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
        """Return by how much right was always ahead of left (below 0: behind) over a second.

        None unless both cameras advance, and have done so together for a second; 0 if neither was
        ahead by ARRIVAL_APART_NS of real time all the while.
        """
        is_fresh = all(reached and now_ns - reached[1] < STALE_NS for reached in self._reached)
        if self._before is None or not is_fresh:
            return None
        low_ns, high_ns = self._before
        limit_ns = ARRIVAL_APART_NS * max(1.0, self._rate)
        return (low_ns + high_ns) // 2 if low_ns > limit_ns or high_ns < -limit_ns else 0

    def _turn(self, common_ns: int, now_ns: int) -> None:
        """Begin another bucket once the present one is a second old."""
        if self._since is None:
            self._since = now_ns, common_ns
        elapsed_ns = now_ns - self._since[0]
        if elapsed_ns >= BUCKET_NS:
            self._rate = (common_ns - self._since[1]) / elapsed_ns  # of a replay
            self._before, self._now = self._now, None
            self._since = now_ns, common_ns


def disagreement(apart_ns: int, sync: str, late: bool, max_wait_ns: int) -> str:
    """Return the sentence about common times that are apart, '' if windows wait long enough.

    sync: 'sensor' or 'host'. late: header stamps and the cameras' own clocks agree with each
    other, so the packets come late. max_wait_ns: how long a window waits for them.
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
