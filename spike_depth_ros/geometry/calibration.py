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

"""Calibration of raw cameras: lens, rectification and baseline."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry import lens
from spike_depth_ros.geometry.camera import MAX_SENSOR_SIZE
from spike_depth_ros.geometry.checks import (
    check_baseline,
    check_camera_matrix,
    check_distortion,
    check_rotation,
    check_size,
)
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.stereo_rig import BASELINES_M


@dataclass(frozen=True, eq=False)
class CameraCalibration:
    """Calibration of one raw camera: sensor, lens and rectification.

    Raises CalibrationError for values that no camera has.

    Args:
        width, height: size of the sensor in pixels, 1 to 2048.
        camera_matrix: float64 [3, 3], pixels, without skew.
        distortion_model: lens model, 'plumb_bob', 'rational_polynomial' or 'equidistant'.
        distortion: float64 [n], coefficients in the order of sensor_msgs/CameraInfo; empty for a
            plumb_bob lens without distortion.
        rectification: float64 [3, 3], rotation from the raw camera's frame to the rectified frame.
    """

    width: int
    height: int
    camera_matrix: npt.NDArray[np.float64]
    distortion_model: str
    distortion: npt.NDArray[np.float64]
    rectification: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        check_size(self.width, self.height, MAX_SENSOR_SIZE)
        check_camera_matrix(self.camera_matrix)
        check_distortion(self.distortion_model, self.distortion)
        check_rotation('the rectification', self.rectification)

    def to_rays(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the ray of each raw pixel in the rectified frame; see lens.to_rays."""
        return lens.to_rays(self, pixels) @ self.rectification.T

    def to_pixels(self, rays: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the raw pixel of each ray of the rectified frame; see lens.to_pixels."""
        return lens.to_pixels(self, rays @ self.rectification)


@dataclass(frozen=True, eq=False)
class RigCalibration:
    """Calibration of one camera, or of two with the left one first.

    Raises CalibrationError for another number of cameras, another baseline, or a matrix that is no
    rotation.

    Args:
        cameras: one or two cameras.
        baseline_m: distance of the rectified cameras in metres, 0.001 to 10; 0 for one camera.
        imu_rotation: float64 [3, 3], rotation from the IMU's frame to the left raw camera's; None
            where it is unknown.
    """

    cameras: tuple[CameraCalibration, ...]
    baseline_m: float
    imu_rotation: npt.NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if len(self.cameras) not in (1, 2):
            raise CalibrationError(f'it has {len(self.cameras)} cameras, but must have 1 or 2')
        if len(self.cameras) == 1 and self.baseline_m != 0:
            raise CalibrationError(
                f'the baseline of one camera is {self.baseline_m:g} m, but must be 0'
            )
        if len(self.cameras) == 2:
            check_baseline(self.baseline_m, *BASELINES_M)
        if self.imu_rotation is not None:
            check_rotation('the rotation from the IMU to the left camera', self.imu_rotation)
