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

"""Camchain of kalibr: cam0 is the left camera, cam1 the right one."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.checks import without_tail
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.geometry.rectify import offset_m, rectify

# Names of the lens models in kalibr's files and on its command line.
LENSES = {
    'radtan': 'plumb_bob',
    'plumb_bob': 'plumb_bob',
    'none': 'plumb_bob',
    'equidistant': 'equidistant',
    'equi': 'equidistant',
}
RECTIFICATION = 'rectification_matrix'
IMU = 'T_cam_imu'


def read(document: Section, cameras: Literal[1, 2]) -> RigCalibration:
    """Read the cameras of a parsed camchain.

    If every camera has a rectification_matrix, those are used with the baseline of cam1's
    projection_matrix; otherwise T_cn_cnm1 gives both. One camera without a rectification_matrix
    is not rotated. T_cam_imu of the left camera, where it is given, tells the IMU's orientation.
    Raises CalibrationError with the key of a value that is missing or wrong.

    Args:
        document: top of the file.
        cameras: number of cameras; 1 reads the left one.
    """
    if cameras == 2 and 'cam1' not in document:
        raise CalibrationError(
            'it has no cam1, but two cameras are needed: calibrate both at once, or run the '
            'binner with stereo:=false'
        )
    sections = [document.section(f'cam{number}') for number in range(cameras)]
    if all(RECTIFICATION in section for section in sections):
        rotations = [section.numbers(RECTIFICATION, 3, 3) for section in sections]
        baseline_m = 0.0 if cameras == 1 else _given_baseline(sections[1])
    elif cameras == 1:
        rotations, baseline_m = [np.eye(3)], 0.0
    else:
        *rotations, baseline_m = rectify(sections[1].numbers('T_cn_cnm1', 4, 4))
    pairs = zip(sections, rotations, strict=True)
    raw = [raw_camera(section, 'intrinsics', rotation) for section, rotation in pairs]
    imu = sections[0].numbers(IMU, 4, 4)[:3, :3] if IMU in sections[0] else None
    return RigCalibration(tuple(raw), baseline_m, imu)


def raw_camera(
    section: Section, intrinsics: str, rectification: npt.NDArray[np.float64]
) -> CameraCalibration:
    """Read one camera.

    Raises CalibrationError with the key, or the camera, of a value that is missing or wrong.

    Args:
        section: section of the camera.
        intrinsics: key of fx, fy, cx and cy.
        rectification: float64 [3, 3], see CameraCalibration.
    """
    if (model := section.text('camera_model')) != 'pinhole':
        raise CalibrationError(
            f"{section.place}.camera_model is '{model}', but only pinhole is read: "
            'calibrate with the models pinhole-radtan or pinhole-equi'
        )
    fx, fy, cx, cy = section.numbers(intrinsics, 4)
    matrix = np.array([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]])
    lens, coefficients = _lens(section)
    width, height = section.size('resolution')
    try:
        return CameraCalibration(width, height, matrix, lens, coefficients, rectification)
    except CalibrationError as error:
        raise CalibrationError(f'in {section.place}, {error}') from error


def _lens(section: Section) -> tuple[str, npt.NDArray[np.float64]]:
    name = section.text('distortion_model')
    if name not in LENSES:
        raise CalibrationError(
            f"{section.place}.distortion_model is '{name}', but must be one of {', '.join(LENSES)}"
        )
    if name == 'none':
        return LENSES[name], np.zeros(0)
    return LENSES[name], without_tail(LENSES[name], section.numbers('distortion_coeffs', -1))


def _given_baseline(right: Section) -> float:
    return offset_m(right.numbers('projection_matrix', 3, 4))
