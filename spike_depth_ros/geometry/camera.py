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

import numpy as np

from spike_depth_ros.geometry.checks import check_camera_matrix, check_size

# No event camera is as large; a broken file or message must not exhaust the memory.
MAX_SIZE = 8192


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
