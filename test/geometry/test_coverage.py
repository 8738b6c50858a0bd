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

"""Coverage of the spike frame by a camera, compared with the field of its lens."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from spike_depth_ros.geometry.calibration import CameraCalibration
from spike_depth_ros.geometry.coverage import poor_coverage
from spike_depth_ros.geometry.pixel_table import pixel_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

NETWORK = MVSEC_RIG.camera
CAMERA = CameraCalibration(
    NETWORK.width,
    NETWORK.height,
    np.array([[226.0, 0, 173.0], [0, 226.0, 130.0], [0, 0, 1]]),
    'plumb_bob',
    np.array([-0.3, 0.1, 0.0, 0.0]),
    np.eye(3),
)


def judged(camera: CameraCalibration) -> str:
    return poor_coverage('left', camera, pixel_table(camera, NETWORK), NETWORK)


def moved(column: float = 0, factor: float = 1) -> CameraCalibration:
    """Return the camera with another principal point and focal length."""
    matrix = CAMERA.camera_matrix.copy()
    matrix[0, 2] += column
    matrix[0, 0] *= factor
    matrix[1, 1] *= factor
    return replace(CAMERA, camera_matrix=matrix)


@pytest.mark.parametrize('factor', [0.6, 1.0, 10.0])
def test_wide_and_narrow_lenses_are_fine(factor: float) -> None:
    assert judged(moved(factor=factor)) == ''


def test_a_principal_point_far_off() -> None:
    problem = judged(moved(column=100))
    assert 'the left camera covers 70% of the network' in problem
    assert 'would cover 100% if it looked straight ahead' in problem


def test_a_rotation_far_off() -> None:
    rotation, _ = cv2.Rodrigues(np.array([0, 0.4, 0]))
    assert 'rotation of the calibration' in judged(replace(CAMERA, rectification=rotation))
