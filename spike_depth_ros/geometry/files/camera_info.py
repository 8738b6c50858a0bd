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

"""Calibrations of ROS: sensor_msgs/CameraInfo, and files of camera_calibration_parsers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.checks import without_tail
from spike_depth_ros.geometry.errors import CalibrationError, naming
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.geometry.rectify import offset_m

Numbers = Sequence[float] | npt.NDArray[np.float64]


class CameraInfo(Protocol):
    """Fields of sensor_msgs/CameraInfo that are read; the message has them too.

    k and r have 9 numbers, p has 12, row by row.
    """

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def distortion_model(self) -> str: ...
    @property
    def d(self) -> Numbers: ...
    @property
    def k(self) -> Numbers: ...
    @property
    def r(self) -> Numbers: ...
    @property
    def p(self) -> Numbers: ...


@dataclass(frozen=True, eq=False)
class CameraInfoRecord:
    """CameraInfo that was read from a file."""

    width: int
    height: int
    distortion_model: str
    d: Numbers
    k: Numbers
    r: Numbers
    p: Numbers


def read(document: Section) -> CameraInfoRecord:
    """Read one camera from a parsed file.

    Raises CalibrationError with the key of a value that is missing or wrong.
    """
    return CameraInfoRecord(
        document.whole('image_width'),
        document.whole('image_height'),
        document.text('distortion_model'),
        document.section('distortion_coefficients').numbers('data', -1),
        document.section('camera_matrix').numbers('data', 9),
        document.section('rectification_matrix').numbers('data', 9),
        document.section('projection_matrix').numbers('data', 12),
    )


def rig(
    left: CameraInfo,
    right: CameraInfo | None,
    names: tuple[str, str] = ('The left camera_info', 'The right camera_info'),
) -> RigCalibration:
    """Return the calibration of two cameras, or of one.

    The baseline is the difference of -P[0, 3] / P[0, 0]. Raises CalibrationError for a camera that
    is not calibrated, and for wrong values.

    Args:
        left: left or only camera. With one camera, a rotation of zeros stands for the identity.
        right: right camera; None: one camera.
        names: subjects of the error sentences.
    """
    with naming(names[0]):
        cameras = [_camera(left, alone=right is None)]
        left_m = 0.0 if right is None else _offset_m(left)
    if right is None:
        return RigCalibration(tuple(cameras), 0.0)
    with naming(names[1]):
        cameras.append(_camera(right, alone=False))
        return RigCalibration(tuple(cameras), _offset_m(right) - left_m)


def _camera(info: CameraInfo, alone: bool) -> CameraCalibration:
    matrix, rotation = _matrix(info.k), _matrix(info.r)
    if not matrix.any():
        raise CalibrationError('the camera matrix k is all zero: this camera was never calibrated')
    if alone and not rotation.any():
        rotation = np.eye(3)
    model = info.distortion_model
    coefficients = without_tail(model, np.array(info.d, np.float64))
    return CameraCalibration(info.width, info.height, matrix, model, coefficients, rotation)


def _offset_m(info: CameraInfo) -> float:
    return offset_m(_matrix(info.p))


def _matrix(values: Numbers) -> npt.NDArray[np.float64]:
    """Return 9 or 12 numbers as float64 [3, 3] or [3, 4]."""
    return np.array(values, np.float64).reshape(3, -1)


def infos(
    rig: RigCalibration, rectified: PinholeCamera | None = None
) -> tuple[CameraInfoRecord, ...]:
    """Return the CameraInfo of each camera of a rig, left first; rig() takes them back.

    Args:
        rig: calibration of the cameras.
        rectified: camera of P; None: the mean of the raw cameras' focal lengths and principal
            points.
    """
    if rectified is None:
        matrices = np.array([camera.camera_matrix for camera in rig.cameras])
        f = float(matrices[:, (0, 1), (0, 1)].mean())
        cx, cy = matrices[:, :2, 2].mean(axis=0)
    else:
        f, cx, cy = rectified.f, rectified.cx, rectified.cy
    offsets_m = (0.0, rig.baseline_m)
    return tuple(
        CameraInfoRecord(
            camera.width,
            camera.height,
            camera.distortion_model,
            camera.distortion,
            camera.camera_matrix.ravel(),
            camera.rectification.ravel(),
            np.array([f, 0, cx, -f * offset_m, 0, f, cy, 0, 0, 0, 1, 0], np.float64),
        )
        for camera, offset_m in zip(rig.cameras, offsets_m, strict=False)
    )
