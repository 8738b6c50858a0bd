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

"""Rotations and poses."""

import math

import numpy as np
import pytest

from spike_depth_ros.geometry.pose import (
    Pose,
    from_quaternion,
    from_roll_pitch_yaw,
    from_vector,
    to_vector,
)


def test_a_pose_maps_to_the_other_frame() -> None:
    # b stands 1 m ahead on a's x axis and looks along a's y axis
    b_in_a = Pose(from_vector([0, 0, math.pi / 2]), np.array([1.0, 0.0, 0.0]))
    c_in_b = Pose(np.eye(3), np.array([2.0, 0.0, 0.0]))
    np.testing.assert_allclose((b_in_a @ c_in_b).translation, [1, 2, 0], atol=1e-12)
    back = b_in_a @ b_in_a.inverse()
    np.testing.assert_allclose(back.rotation, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(back.translation, 0, atol=1e-12)


def test_quaternions() -> None:
    half = math.sqrt(0.5)
    np.testing.assert_allclose(from_quaternion(0, 0, 0, 1), np.eye(3))
    quarter = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    np.testing.assert_allclose(from_quaternion(0, 0, half, half), quarter, atol=1e-12)
    np.testing.assert_allclose(from_quaternion(0, 0, 3, 3), quarter, atol=1e-12)
    vector = np.array([0.3, -0.5, 0.2])
    angle = np.linalg.norm(vector)
    x, y, z = vector / angle * math.sin(angle / 2)
    np.testing.assert_allclose(
        to_vector(from_quaternion(x, y, z, math.cos(angle / 2))), vector, atol=1e-12
    )


@pytest.mark.parametrize('values', [(0, 0, 0, 0), (math.nan, 0, 0, 1), (math.inf, 0, 0, 1)])
def test_no_quaternion_of_a_rotation(values: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match='is no rotation'):
        from_quaternion(*values)


def test_roll_pitch_yaw_is_that_of_an_optical_frame() -> None:
    # REP 103: x ahead, y left, z up; the optical frame has z ahead, x right, y down.
    optical = from_roll_pitch_yaw(-math.pi / 2, 0, -math.pi / 2)
    np.testing.assert_allclose(optical, [[0, 0, 1], [-1, 0, 0], [0, -1, 0]], atol=1e-12)
