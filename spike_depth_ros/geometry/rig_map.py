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

"""Pixel tables of a rig's cameras, with or without a calibration."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.coverage import poor_coverage
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.pixel_table import UNMAPPED, PixelTable, pixel_table, resize_table
from spike_depth_ros.geometry.plausibility import implausible
from spike_depth_ros.geometry.stereo_rig import CAMERAS


class RigMap:
    """Pixel tables of the cameras of one rig.

    Attributes:
        baseline_m: baseline of the rectified rig in metres; None without a calibration.
        rotation: float64 [3, 3], rotation from the left raw camera's frame to the rectified frame;
            None without a calibration.
        imu_rotation: float64 [3, 3], rotation from the IMU's frame to the rectified frame; None if
            the calibration does not tell it.
    """

    def __init__(self, network: PinholeCamera, calibration: RigCalibration | None) -> None:
        """Make the tables of calibrated cameras.

        Raises CalibrationError when a camera sees nothing of the network's image.

        Args:
            network: camera of the spike frames, to which all cameras are mapped.
            calibration: calibration of the rig; None fits each sensor into the spike frame.
        """
        self._network = network
        self._tables: list[PixelTable] = []
        self._sizes: dict[int, tuple[int, int]] = {}
        self.baseline_m: float | None = None
        self.rotation: npt.NDArray[np.float64] | None = None
        self.imu_rotation: npt.NDArray[np.float64] | None = None
        self._doubts: list[str] = []
        if calibration is not None:
            self._tables = [_rectified_table(camera, network) for camera in calibration.cameras]
            self.baseline_m = calibration.baseline_m
            self.rotation = calibration.cameras[0].rectification
            if calibration.imu_rotation is not None:
                self.imu_rotation = self.rotation @ calibration.imu_rotation
            rows = zip(CAMERAS, calibration.cameras, self._tables, strict=False)
            self._doubts = [text for row in rows if (text := poor_coverage(*row, network))]
            self._doubts += implausible(calibration)

    @property
    def doubts(self) -> list[str]:
        """Return a sentence for each reason to doubt the calibration."""
        if len(set(self._sizes.values())) < 2:
            return self._doubts
        left, right = (f'{width} x {height}' for _, (width, height) in sorted(self._sizes.items()))
        return [
            f'the left sensor has {left} pixels and the right one {right}, but without a '
            'calibration only cameras of one kind fit together: give a calibration'
        ]

    def table(self, camera: int, raw_width: int, raw_height: int) -> PixelTable:
        """Return the pixel table of a camera.

        Raises CalibrationError, one sentence, when the calibration is for another sensor size.

        Args:
            camera: 0 (left) or 1 (right).
            raw_width, raw_height: size of the sensor in pixels.
        """
        if not self._tables:
            self._sizes[camera] = raw_width, raw_height
            return resize_table(raw_width, raw_height, self._network.width, self._network.height)
        table = self._tables[camera]
        height, width = table.index.shape
        if (width, height) != (raw_width, raw_height):
            raise CalibrationError(
                f'the {CAMERAS[camera]} sensor has {raw_width} x {raw_height} pixels, but its '
                f'calibration is for {width} x {height}: give the one of this camera'
            )
        return table


def _rectified_table(camera: CameraCalibration, network: PinholeCamera) -> PixelTable:
    """Return the pixel table of a calibrated camera.

    Raises CalibrationError when all raw pixels are unmapped.
    """
    table = pixel_table(camera, network)
    if not (table.index != UNMAPPED).any():
        raise CalibrationError(
            f"No pixel of the camera lands in the network's image of {network.width} x "
            f'{network.height}: correct the calibration, or choose another network camera.'
        )
    return table
