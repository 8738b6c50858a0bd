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

"""ROS's own calibrations: sensor_msgs/CameraInfo, and the files of camera_calibration_parsers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.checks import without_tail
from spike_depth_ros.geometry.errors import CalibrationError, naming
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.geometry.rectify import offset_m

Numbers = Sequence[float] | npt.NDArray[np.float64]


class CameraInfo(Protocol):
    """The fields of a sensor_msgs/CameraInfo that are read: the message itself will do.

    k and r: 9 numbers each, p: 12, row by row.
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
    """Hold these fields where there is no message."""

    width: int
    height: int
    distortion_model: str
    d: Numbers
    k: Numbers
    r: Numbers
    p: Numbers


def read(document: Section) -> CameraInfoRecord:
    """Read one camera from a parsed file.

    Raises CalibrationError, naming the key, for what is missing or does not fit.
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
    """Return the rig of two cameras, or of the left one alone.

    The baseline is the difference of -P[0, 3] / P[0, 0]. An all-zero rotation leaves a camera
    that is alone as it is. names: what to call the two in errors. Raises CalibrationError for a
    camera that is not calibrated, and for values that no camera or no rig has.
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
