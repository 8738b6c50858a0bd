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

"""Rectification of two cameras whose relative pose is known."""

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.checks import check_rotation
from spike_depth_ros.geometry.errors import CalibrationError


def rectify(
    extrinsic: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]:
    """Return the rotations that make the rows of two cameras equal, and their baseline in metres.

    extrinsic: float64 [4, 4], takes points of the left camera into the right one, metres: the
    T_cn_cnm1 of the right camera in a kalibr camchain. Returns float64 [3, 3] for the left and for
    the right camera, by Bouguet's method (cv2.stereoRectify). Raises CalibrationError when it is
    no rigid motion or the second camera does not lie to the right of the first.
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
    # The rotations depend on the pose alone, so any camera matrix and size will do.
    plain, straight, size = np.eye(3), np.zeros(4), (1, 1)
    rectified = cv2.stereoRectify(plain, straight, plain, straight, size, rotation, translation)
    left, right = (np.asarray(turn, np.float64) for turn in rectified[:2])
    return left, right, float(np.linalg.norm(translation))


def offset_m(projection: npt.NDArray[np.float64]) -> float:
    """Return how far to the right of the rig's first camera a rectified camera stands, metres.

    projection: float64 [3, 4], P of sensor_msgs/CameraInfo, whose P[0, 3] is -f times that.
    Raises CalibrationError when it has no focal length.
    """
    if not projection[0, 0] > 0:
        raise CalibrationError(
            f'the projection matrix has a focal length of {projection[0, 0]:g}, but must have one '
            'above 0'
        )
    return float(-projection[0, 3] / projection[0, 0])
