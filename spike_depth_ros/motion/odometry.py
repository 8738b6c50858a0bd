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

"""Motion of the rig between two times, from the poses of an odometry."""

from collections import deque
from threading import Lock

import numpy as np

from spike_depth_ros.geometry.pose import Pose, from_vector, to_vector
from spike_depth_ros.motion.gyroscope import JUMP_NS, SampleCounters
from spike_depth_ros.units import MS_NS, SECOND_NS

# Longest time between two poses that are interpolated, and after the newest one.
MAX_GAP_NS = 200 * MS_NS
# Faster motions are jumps of the estimate: faster than cars, and than drones turn.
MAX_SPEED = 60.0  # m/s
MAX_TURN_RATE = 25.0  # rad/s
# Poses less far apart do not tell a motion beyond them: it would be jitter times a large number.
LEAST_SPAN_NS = 20 * MS_NS
MAX_POSES = 1024


class Odometry:
    """Latest poses of a rig in a fixed frame; safe for one thread that adds and one that reads.

    Attributes:
        counters: numbers of poses.
        newest_ns: stamp of the newest pose, nanoseconds; None without one.
    """

    def __init__(self) -> None:
        self.counters = SampleCounters()
        self.newest_ns: int | None = None
        self._poses: deque[tuple[int, Pose]] = deque(maxlen=MAX_POSES)
        self._lock = Lock()

    def add(self, t_ns: int, pose: Pose) -> None:
        """Add the pose of the rig in the fixed frame at a time, nanoseconds."""
        if not np.isfinite(pose.translation).all():
            self.counters.invalid += 1
            return
        with self._lock:
            if self.newest_ns is not None and t_ns <= self.newest_ns:
                if t_ns > self.newest_ns - JUMP_NS:
                    self.counters.late += 1
                    return
                self._begin()
            elif self._poses and _is_jump(*self._poses[-1], t_ns, pose):
                self._begin()
            self.newest_ns = t_ns
            self._poses.append((t_ns, pose))
            self.counters.taken += 1

    def motion(self, start_ns: int, end_ns: int) -> Pose | None:
        """Return the pose of the rig at the end in its frame at the start.

        Poses between messages are interpolated, and extrapolated for MAX_GAP_NS after the newest.
        None where messages are further apart than MAX_GAP_NS.

        start_ns, end_ns: times, nanoseconds, the start first.
        """
        with self._lock:
            poses = list(self._poses)
        start, end = _pose_at(poses, start_ns), _pose_at(poses, end_ns)
        return None if start is None or end is None else start.inverse() @ end

    def restart(self) -> None:
        """Drop all poses, as after a jump: those that follow are of another frame."""
        with self._lock:
            self._begin()

    def _begin(self) -> None:
        self.counters.jumps += 1
        self._poses.clear()


def _is_jump(before_ns: int, before: Pose, t_ns: int, pose: Pose) -> bool:
    time_s = (t_ns - before_ns) / SECOND_NS
    moved_m = float(np.linalg.norm(pose.translation - before.translation))
    turned = float(np.linalg.norm(to_vector(before.rotation.T @ pose.rotation)))
    return moved_m > MAX_SPEED * time_s or turned > MAX_TURN_RATE * time_s


def _pose_at(poses: list[tuple[int, Pose]], t_ns: int) -> Pose | None:
    """Return the pose at a time, None if it is not known."""
    after = next((n for n, (time_ns, _) in enumerate(poses) if time_ns >= t_ns), len(poses))
    if after < len(poses) and poses[after][0] == t_ns:
        return poses[after][1]
    before = after - 1
    if after == len(poses):  # the newest and one some time before it tell the motion
        after -= 1
        while before >= 0 and poses[after][0] - poses[before][0] < LEAST_SPAN_NS:
            before -= 1
    if before < 0:
        return None
    (t0_ns, pose0), (t1_ns, pose1) = poses[before], poses[after]
    if t1_ns - t0_ns > MAX_GAP_NS or t_ns - t1_ns > MAX_GAP_NS:
        return None
    share = (t_ns - t0_ns) / (t1_ns - t0_ns)
    turn = from_vector(share * to_vector(pose0.rotation.T @ pose1.rotation))
    way = pose1.translation - pose0.translation
    return Pose(pose0.rotation @ turn, pose0.translation + share * way)
