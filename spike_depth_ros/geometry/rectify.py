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

"""Rectification of two cameras from their relative pose."""

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.checks import check_rotation
from spike_depth_ros.geometry.errors import CalibrationError


def rectify(
    extrinsic: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
    """Return the rectifications of two cameras, and their baseline in metres.

    The rectifications are rotations, float64 [3, 3], by Bouguet's method (cv2.stereoRectify):
    equal rows of the rectified cameras then see the same points. Raises CalibrationError for a
    pose that is no rigid motion, and if the second camera is not to the right of the first.

    extrinsic: float64 [4, 4], transform from the left camera's frame to the right one's, metres;
    T_cn_cnm1 of the right camera in a kalibr camchain.
    """
    rotation, translation = extrinsic[:3, :3], extrinsic[:3, 3:]
    check_rotation('the rotation in T_cn_cnm1', rotation)
    right, down, ahead = (-rotation.T @ translation)[:, 0]
    if right < -max(abs(down), abs(ahead)):
        raise CalibrationError(
            f'the second camera lies {-right:g} m to the left of the first one: left and right '
            'are exchanged, so give the left camera first'
        )
    if not right > max(abs(down), abs(ahead)):
        raise CalibrationError(
            f'the second camera lies ({right:g}, {down:g}, {ahead:g}) m to the right of, below '
            'and ahead of the first one, but must lie to its right, with the left camera first'
        )
    # The rotations depend only on the pose, not on camera matrix and size.
    plain, straight, size = np.eye(3), np.zeros(4), (1, 1)
    rectified = cv2.stereoRectify(plain, straight, plain, straight, size, rotation, translation)
    left, right = (np.asarray(turn, np.float64) for turn in rectified[:2])
    return left, right, float(np.linalg.norm(translation))


def offset_m(projection: npt.NDArray[np.float64]) -> float:
    """Return the distance of a rectified camera to the right of the rig's first camera, metres.

    Raises CalibrationError without a focal length.

    projection: float64 [3, 4], P of sensor_msgs/CameraInfo; P[0, 3] is -f times the distance.
    """
    if not projection[0, 0] > 0:
        raise CalibrationError(
            f'the projection matrix has a focal length of {projection[0, 0]:g}, but must have one '
            'above 0'
        )
    return float(-projection[0, 3] / projection[0, 0])
