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

"""Motion from the poses of an odometry."""

import math

import numpy as np
import pytest

from spike_depth_ros.geometry.pose import Pose, from_vector, to_vector
from spike_depth_ros.motion.odometry import Odometry
from spike_depth_ros.units import MS_NS, SECOND_NS


def driving(times_ms: range) -> Odometry:
    """Return an odometry of a rig that drives at 2 m/s along x and turns at 0.5 rad/s about z."""
    odometry = Odometry()
    for t_ms in times_ms:
        odometry.add(t_ms * MS_NS, driven(t_ms))
    return odometry


def driven(t_ms: float) -> Pose:
    return Pose(from_vector([0, 0, 0.5e-3 * t_ms]), np.array([2e-3 * t_ms, 1.0, 0.0]))


@pytest.mark.parametrize('step_ms', [1, 20, 50, 200])
def test_poses_are_interpolated(step_ms: int) -> None:
    motion = driving(range(0, 401, step_ms)).motion(105 * MS_NS, 155 * MS_NS)
    assert motion is not None
    expected = driven(105).inverse() @ driven(155)
    np.testing.assert_allclose(motion.rotation, expected.rotation, atol=1e-12)
    np.testing.assert_allclose(motion.translation, expected.translation, atol=1e-12)


def test_the_translation_is_in_the_frame_of_the_start() -> None:
    odometry = Odometry()
    left = from_vector([0, 0, math.pi / 2])  # the rig's x axis is the odometry's y axis
    odometry.add(0, Pose(left, np.array([5.0, 0.0, 0.0])))
    odometry.add(100 * MS_NS, Pose(left, np.array([5.0, 1.0, 0.0])))
    motion = odometry.motion(0, 50 * MS_NS)
    assert motion is not None
    np.testing.assert_allclose(motion.translation, [0.5, 0, 0], atol=1e-12)
    np.testing.assert_allclose(to_vector(motion.rotation), 0, atol=1e-12)


def test_poses_are_extrapolated_for_a_while() -> None:
    odometry = driving(range(0, 101, 20))
    motion = odometry.motion(100 * MS_NS, 150 * MS_NS)
    assert motion is not None
    np.testing.assert_allclose(to_vector(motion.rotation), [0, 0, 0.025], atol=1e-9)
    assert odometry.motion(250 * MS_NS, 301 * MS_NS) is None
    assert odometry.motion(-50 * MS_NS, 50 * MS_NS) is None
    assert Odometry().motion(0, MS_NS) is None


def test_a_gap_gives_no_motion() -> None:
    odometry = driving(range(0, 101, 20))
    odometry.add(400 * MS_NS, driven(400))
    assert odometry.motion(90 * MS_NS, 150 * MS_NS) is None
    assert odometry.motion(40 * MS_NS, 90 * MS_NS) is not None


def test_a_jump_of_the_estimate_starts_again() -> None:
    odometry = driving(range(0, 101, 20))
    odometry.add(120 * MS_NS, Pose(np.eye(3), np.array([50.0, 0.0, 0.0])))
    assert odometry.counters.jumps == 1
    assert odometry.motion(80 * MS_NS, 110 * MS_NS) is None


def test_a_turn_that_no_rig_makes_starts_again() -> None:
    odometry = driving(range(0, 101, 20))
    odometry.add(120 * MS_NS, Pose(from_vector([0, 0, math.pi / 2]), driven(120).translation))
    assert odometry.counters.jumps == 1


def test_poses_close_in_time_do_not_tell_the_motion_beyond_them() -> None:
    odometry = driving(range(0, 101, 20))
    odometry.add(101 * MS_NS, Pose(driven(101).rotation, driven(101).translation + 0.02))
    motion = odometry.motion(100 * MS_NS, 200 * MS_NS)
    assert motion is not None
    assert np.abs(motion.translation - [0.2, 0, 0]).max() < 0.12  # 20 mm in 21 ms, over 100 ms
    alone = Odometry()
    alone.add(0, driven(0))
    alone.add(MS_NS, driven(1))
    assert alone.motion(0, 50 * MS_NS) is None


def test_poses_of_another_frame_start_again() -> None:
    odometry = driving(range(0, 101, 20))
    odometry.restart()
    odometry.add(120 * MS_NS, driven(120))
    assert odometry.counters.jumps == 1
    assert odometry.motion(80 * MS_NS, 110 * MS_NS) is None


def test_late_and_impossible_poses_are_counted() -> None:
    odometry = driving(range(0, 101, 20))
    odometry.add(90 * MS_NS, driven(0))
    odometry.add(120 * MS_NS, Pose(np.eye(3), np.array([math.nan, 0.0, 0.0])))
    assert (odometry.counters.late, odometry.counters.invalid) == (1, 1)
    odometry.add(100 * MS_NS - 2 * SECOND_NS, driven(0))
    assert odometry.counters.jumps == 1
