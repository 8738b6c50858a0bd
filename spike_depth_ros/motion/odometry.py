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

import numpy as np

from spike_depth_ros.geometry.pose import Pose, from_vector, to_vector
from spike_depth_ros.motion.samples import Samples
from spike_depth_ros.units import MS_NS, SECOND_NS

# Longest time between two poses that are interpolated, and after the newest one.
MAX_GAP_NS = 200 * MS_NS
# Faster motions are jumps of the estimate: faster than cars, and than drones turn.
MAX_SPEED = 60.0  # m/s
MAX_TURN_RATE = 25.0  # rad/s
# Poses less far apart do not tell a motion beyond them: it would be jitter times a large number.
LEAST_SPAN_NS = 20 * MS_NS
MAX_POSES = 1024


class Odometry(Samples[Pose]):
    """Latest poses of a rig in a fixed frame."""

    max_gap_ns = MAX_GAP_NS

    def __init__(self) -> None:
        super().__init__(MAX_POSES)

    def add(self, t_ns: int, pose: Pose) -> None:
        """Add the pose of the rig in the fixed frame at a time, nanoseconds."""
        if np.isfinite(pose.translation).all():
            self._take(t_ns, pose)
        else:
            self.counters.invalid += 1

    def _is_jump(self, before: tuple[int, Pose], after: tuple[int, Pose]) -> bool:
        """Return whether no rig moves so fast."""
        time_s = (after[0] - before[0]) / SECOND_NS
        way = after[1].translation - before[1].translation
        turn = to_vector(before[1].rotation.T @ after[1].rotation)
        moved_m, turned = float(np.linalg.norm(way)), float(np.linalg.norm(turn))
        return moved_m > MAX_SPEED * time_s or turned > MAX_TURN_RATE * time_s

    def motion(self, start_ns: int, end_ns: int) -> Pose | None:
        """Return the pose of the rig at the end in its frame at the start.

        Poses between messages are interpolated, and extrapolated for MAX_GAP_NS after the newest.
        None where messages are further apart than MAX_GAP_NS.

        start_ns, end_ns: times, nanoseconds, the start first.
        """
        poses = self._latest()
        start, end = _pose_at(poses, start_ns), _pose_at(poses, end_ns)
        return None if start is None or end is None else start.inverse() @ end


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
