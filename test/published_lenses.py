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

"""The published lens formulas in plain numpy, independent of the package and of OpenCV."""

from typing import Any

import numpy as np

from spike_depth_ros.geometry.calibration import CameraCalibration


def project(points: Any, matrix: Any, model: str, coefficients: Any) -> Any:
    """Project points of the raw camera's frame, [n, 3], into its image, [n, 2]."""
    plane = points[:, :2] / points[:, 2:]
    distort = kannala_brandt if model == 'equidistant' else brown_conrady
    return distort(plane, *coefficients) @ np.array(matrix)[:2, :2].T + np.array(matrix)[:2, 2]


def kannala_brandt(plane: Any, k1: float, k2: float, k3: float, k4: float) -> Any:
    """Kannala and Brandt, A generic camera model, PAMI 2006, equation 6."""
    radius = np.hypot(*plane.T)[:, None]
    angle = np.arctan(radius)
    bent = angle + k1 * angle**3 + k2 * angle**5 + k3 * angle**7 + k4 * angle**9
    return plane * np.where(radius > 0, bent / np.where(radius > 0, radius, 1), 1)


def brown_conrady(plane: Any, *coefficients: float) -> Any:
    """Brown 1966, with the rational denominator of OpenCV; missing coefficients are 0."""
    k1, k2, p1, p2, k3, k4, k5, k6 = (*coefficients, *[0.0] * 8)[:8]
    x, y = plane.T
    r2 = x**2 + y**2
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    return np.column_stack(
        [
            x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2),
            y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y,
        ]
    )


def camera(model: str, *coefficients: float, f: float = 200.0) -> CameraCalibration:
    """Return an unturned camera of 346 x 260 pixels with this lens."""
    matrix = np.array([[f, 0.0, 173.0], [0.0, f + 1, 129.0], [0.0, 0.0, 1.0]])
    return CameraCalibration(346, 260, matrix, model, np.array(coefficients), np.eye(3))
