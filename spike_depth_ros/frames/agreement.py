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

Header stamps and sensor clocks can both be wrong; the order in which packets arrive cannot. A
packet of the right camera arrives after the latest one of the left camera and before the next, so
the common times that the two have reached bracket the distance.
"""

from dataclasses import dataclass

from spike_depth_ros.frames.synchroniser import HOST

LEFT, RIGHT = 0, 1
# A camera that has not advanced for so long tells nothing of the other one's time.
FRESH_NS = 500_000_000
BUCKET_NS = 1_000_000_000
# Cameras differ by less in the time that a packet takes to arrive.
APART_NS = 50_000_000


@dataclass(slots=True)
class _Bracket:
    """Hold bounds of right minus left common time, nanoseconds, None before any is known."""

    low_ns: int | None = None
    high_ns: int | None = None


class Agreement:
    """Measure right minus left common time over the last one to two seconds.

    All times are nanoseconds; now_ns is the host's monotonic time.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget everything, at a reset."""
        self._reached: list[tuple[int, int] | None] = [None, None]  # common time, when
        self._now, self._before = _Bracket(), _Bracket()
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
        if camera == RIGHT:
            apart_ns = common_ns - other[0]
            high_ns = self._now.high_ns
            self._now.high_ns = apart_ns if high_ns is None else min(high_ns, apart_ns)
        else:
            apart_ns = other[0] - common_ns
            low_ns = self._now.low_ns
            self._now.low_ns = apart_ns if low_ns is None else max(low_ns, apart_ns)

    def apart_ns(self) -> int | None:
        """Return right minus left common time as last measured over a second.

        None before both cameras advanced together for a second; 0 below APART_NS of real time,
        within which arrivals scatter.
        """
        low_ns, high_ns = self._before.low_ns, self._before.high_ns
        if low_ns is None or high_ns is None:
            return None
        apart_ns = (low_ns + high_ns) // 2
        return apart_ns if abs(apart_ns) > APART_NS * max(1.0, self._rate) else 0

    def _turn(self, common_ns: int, now_ns: int) -> None:
        """Begin another bucket once the present one is a second old."""
        if self._since is None:
            self._since = now_ns, common_ns
        elapsed_ns = now_ns - self._since[0]
        if elapsed_ns >= BUCKET_NS:
            self._rate = (common_ns - self._since[1]) / elapsed_ns  # of a replay
            self._before, self._now = self._now, _Bracket()
            self._since = now_ns, common_ns


def disagreement(apart_ns: int, sync: str) -> str:
    """Return the sentence about common times that are apart; sync: 'sensor' or 'host'."""
    found = f'{abs(apart_ns) / 1e9:.3f} s apart although their packets arrive together'
    if sync == HOST:
        return (
            f"the two cameras' header stamps are {found}: set the clocks of their hosts (NTP, "
            'PTP), or set sync:=sensor if one wire synchronises the cameras'
        )
    return (
        f"the two cameras' sensor times are {found}: synchronise the cameras by wire, or set the "
        'clocks of their hosts and sync:=host'
    )
