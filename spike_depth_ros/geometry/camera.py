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

"""Pinhole camera without distortion, such as the one of the spike frames."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.checks import check_camera_matrix, check_size

# Pixels each way. evt3 has 11 bits for an address, and no event camera is larger.
MAX_SENSOR_SIZE = 2048
# Largest side of a spike frame, pixels: a malformed message must not exhaust the memory.
MAX_SIZE = 8192


class Camera(Protocol):
    """Camera with known rays: width and height in pixels, and the two maps between them.

    Pixels are float64 [n, 2], column and row, whole numbers at pixel centres (as in OpenCV and
    ROS). Rays are float64 [n, 3], x to the right, y down, z ahead, of any length.
    """

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def to_rays(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the ray that each pixel sees, NaN where there is none."""
        ...

    def to_pixels(self, rays: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the pixel that each ray hits, also beyond the image; NaN where there is none."""
        ...


@dataclass(frozen=True)
class PinholeCamera:
    """Pinhole camera with square pixels: x = f * X / Z + cx, y = f * Y / Z + cy.

    Raises CalibrationError for values that no camera has.

    Args:
        width, height: size of the image in pixels, 1 to 8192.
        f: focal length in pixels, above 0.
        cx, cy: principal point in pixels; the centre of the upper left pixel is (0, 0).
    """

    width: int
    height: int
    f: float
    cx: float
    cy: float

    def __post_init__(self) -> None:
        check_size(self.width, self.height, MAX_SIZE)
        check_camera_matrix(np.array([[self.f, 0, self.cx], [0, self.f, self.cy], [0, 0, 1]]))

    def to_rays(self, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the ray of each pixel, with z = 1; see Camera."""
        x, y = pixels.T
        return np.stack([(x - self.cx) / self.f, (y - self.cy) / self.f, np.ones(len(x))]).T

    def to_pixels(self, rays: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return the pixel of each ray, NaN for a ray from behind; see Camera."""
        x, y, z = rays.T
        z = np.where(z > 0, z, np.nan)
        return np.stack([self.f * x / z + self.cx, self.f * y / z + self.cy]).T
