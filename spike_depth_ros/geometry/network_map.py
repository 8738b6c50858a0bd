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

"""The way from raw pixels to the network's camera: undistort, rectify, crop and scale at once."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.pixel_table import PixelTable
from spike_depth_ros.geometry import lens
from spike_depth_ros.geometry.calibration import CameraCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError


def to_network(
    camera: CameraCalibration, network: PinholeCamera, pixels: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return where raw pixels lie in the network's image, before rounding.

    pixels: float64 [n, 2], column and row, whole numbers at pixel centres (as in OpenCV and ROS),
    n at least 1. Returns float64 [n, 2] likewise, also beyond the image; NaN for nowhere.
    """
    rays = lens.to_rays(camera, pixels) @ camera.rectification.T
    ahead = np.where(rays[:, 2:] > 0, rays[:, 2:], np.nan)
    return network.f * rays[:, :2] / ahead + (network.cx, network.cy)


def rectified_table(camera: CameraCalibration, network: PinholeCamera) -> PixelTable:
    """Round the map of every raw pixel to a pixel table.

    Raises CalibrationError when no raw pixel lands in the network's image.
    """
    places = to_network(camera, network, _centres(camera.width, camera.height))
    index = _index(places, network.width, network.height)
    if index.max() < 0:
        raise CalibrationError(
            f"No pixel of the camera lands in the network's image of {network.width} x "
            f'{network.height}: correct the calibration, or choose another network camera.'
        )
    mapped = _index(_to_raw(camera, network), camera.width, camera.height) >= 0
    mapped[index[index >= 0]] = True
    return PixelTable(
        index.reshape(camera.height, camera.width), mapped.reshape(network.height, network.width)
    )


def _to_raw(camera: CameraCalibration, network: PinholeCamera) -> npt.NDArray[np.float64]:
    """Return where the centre of each network pixel looks on the sensor: float64 [n, 2]."""
    plane = (_centres(network.width, network.height) - (network.cx, network.cy)) / network.f
    rays = np.column_stack([plane, np.ones(len(plane))])
    return lens.to_pixels(camera, rays @ camera.rectification)


def _centres(width: int, height: int) -> npt.NDArray[np.float64]:
    """Return column and row of every pixel, row by row: float64 [width * height, 2]."""
    row, column = np.mgrid[:height, :width]
    return np.column_stack([column.ravel(), row.ravel()]).astype(np.float64)


def _index(places: npt.NDArray[np.float64], width: int, height: int) -> npt.NDArray[np.int32]:
    """Return the row-major index of the pixel on which each place lies, or -1: int32 [n]."""
    column, row = np.floor(places.T + 0.5)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return np.where(inside, row * width + column, -1).astype(np.int32)
