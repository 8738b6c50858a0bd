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

"""Rotations, and poses of a camera: rigid motions."""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Pose:
    """Pose of a frame in another one: X in the other frame = rotation @ X + translation.

    `a @ b` is the pose of c in A for a, the pose of B in A, and b, the pose of c in B.

    Args:
        rotation: float64 [3, 3].
        translation: float64 [3], metres.
    """

    rotation: Matrix
    translation: Matrix

    def __matmul__(self, other: 'Pose') -> 'Pose':
        return Pose(
            self.rotation @ other.rotation, self.rotation @ other.translation + self.translation
        )

    def inverse(self) -> 'Pose':
        """Return the pose of the other frame in this one."""
        return Pose(self.rotation.T, -self.rotation.T @ self.translation)

    @classmethod
    def turned(cls, rotation: Matrix) -> Self:
        """Return the pose of a frame that is rotated alone."""
        return cls(rotation, np.zeros(3))


def from_vector(vector: npt.ArrayLike) -> Matrix:
    """Return the rotation by a rotation vector, [3], radians (Rodrigues), float64 [3, 3]."""
    return np.asarray(cv2.Rodrigues(np.asarray(vector, np.float64))[0], np.float64)


def to_vector(rotation: Matrix) -> Matrix:
    """Return the rotation vector, float64 [3], radians, of a rotation, float64 [3, 3]."""
    return np.asarray(cv2.Rodrigues(rotation)[0], np.float64)[:, 0]


def from_quaternion(x: float, y: float, z: float, w: float) -> Matrix:
    """Return the rotation of a quaternion of any length, float64 [3, 3].

    Raises ValueError for a length of 0 and for numbers that are not finite.
    """
    quaternion = np.array([x, y, z, w], np.float64)
    length = float(np.linalg.norm(quaternion))
    if not 0 < length < np.inf:
        raise ValueError(f'the quaternion {x:g}, {y:g}, {z:g}, {w:g} is no rotation')
    *vector, w = quaternion / length
    axis = np.array(vector)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.asarray(np.eye(3) + 2 * w * cross + 2 * cross @ cross)


def from_roll_pitch_yaw(roll: float, pitch: float, yaw: float) -> Matrix:
    """Return the rotation by roll about x, then pitch about y, then yaw about z, radians.

    The axes stay (REP 103), as in tf2's static_transform_publisher.
    """
    about_x, about_y, about_z = (
        from_vector(angle * axis)
        for angle, axis in zip((roll, pitch, yaw), np.eye(3), strict=True)
    )
    return about_z @ about_y @ about_x
