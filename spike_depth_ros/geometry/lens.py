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

"""Lens models of OpenCV: from raw pixels to rays, and from rays to raw pixels."""

import math
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt
from numpy.polynomial import Polynomial

# The default of 5 iterations leaves an error of 0.4 px at the edge of DSEC's frame cameras.
_UNTIL = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-9)
_TOLERANCE_PX = 0.01
# cv2.projectPoints always computes a Jacobian too, 30 numbers for each point.
_PORTION = 4096


class Lens(Protocol):
    """Parameters of a lens; see CameraCalibration."""

    @property
    def camera_matrix(self) -> npt.NDArray[np.float64]: ...

    @property
    def distortion_model(self) -> str: ...

    @property
    def distortion(self) -> npt.NDArray[np.float64]: ...


def to_rays(camera: Lens, pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the ray of each raw pixel.

    Args:
        camera: lens.
        pixels: float64 [n, 2], column and row, whole numbers at pixel centres, n at least 1.

    Returns:
        float64 [n, 3] in the raw camera's frame with z = 1; NaN where OpenCV finds no ray that
        the lens model maps to within 0.01 px of the pixel.
    """
    points = np.ascontiguousarray(pixels, np.float64)[:, None]
    matrix, coefficients = camera.camera_matrix, _coefficients(camera)
    if camera.distortion_model == 'equidistant':
        plane = cv2.fisheye.undistortPoints(points, matrix, coefficients, criteria=_UNTIL)
    else:
        # OpenCV 4.6 and 5 both have this call, and it takes a criterion.
        ideal = cv2.undistortImagePoints(points, matrix, coefficients, None, _UNTIL)
        plane = (ideal - matrix[:2, 2]) / matrix.diagonal()[:2]
    rays = np.column_stack([plane[:, 0], np.ones(len(plane))])
    rays[~(np.hypot(*(to_pixels(camera, rays) - pixels).T) <= _TOLERANCE_PX)] = np.nan
    return rays


def to_pixels(camera: Lens, rays: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the raw pixel of each ray, also beyond the sensor.

    Args:
        camera: lens.
        rays: float64 [n, 3] in the raw camera's frame, of any length.

    Returns:
        float64 [n, 2], column and row; NaN for a ray from behind, and for a ray so far off the
        axis that the lens model is not monotone there and would fold it back onto the sensor.
    """
    pixels = np.full((len(rays), 2), np.nan)
    forward = np.flatnonzero(rays[:, 2] > 0)
    plane = rays[forward, :2] / rays[forward, 2:]
    inside = np.hypot(*plane.T) < _widest_tangent(camera)
    pixels[forward[inside]] = _projected(camera, plane[inside])
    return pixels


def _projected(camera: Lens, plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Distort points of the plane z = 1, float64 [n, 2], into pixels, float64 [n, 2]."""
    matrix, coefficients = camera.camera_matrix, _coefficients(camera)
    pixels = np.empty_like(plane)
    for start in range(0, len(plane), _PORTION):
        part = plane[start : start + _PORTION]
        if camera.distortion_model == 'equidistant':
            places = cv2.fisheye.distortPoints(part[:, None], matrix, coefficients)
        else:
            points = np.column_stack([part, np.ones(len(part))])
            places, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix, coefficients)
        pixels[start : start + _PORTION] = places[:, 0]
    return pixels


def _coefficients(camera: Lens) -> npt.NDArray[np.float64]:
    return camera.distortion if camera.distortion.size else np.zeros(4)


def _widest_tangent(camera: Lens) -> float:
    """Return the tangent of the angle off the axis up to which the radial lens model is monotone.

    It is infinite if the model is monotone up to 90 degrees. The distance of a pixel from the
    principal point is, in focal lengths,
    - equidistant: t (1 + k1 t^2 + k2 t^4 + k3 t^6 + k4 t^8) of the angle t (Kannala and Brandt
      2006, equation 6);
    - otherwise: r (1 + k1 r^2 + k2 r^4 + k3 r^6) / (1 + k4 r^2 + k5 r^4 + k6 r^6) of the tangent r
      (OpenCV, calib3d), monotone up to the first root of the derivative or of the denominator.
    """
    if camera.distortion_model == 'equidistant':
        k1, k2, k3, k4 = camera.distortion
        angle = math.sqrt(_first_root(Polynomial([1, 3 * k1, 5 * k2, 7 * k3, 9 * k4])))
        return math.tan(angle) if angle < math.pi / 2 else math.inf
    k1, k2, _, _, k3, k4, k5, k6 = np.pad(_coefficients(camera), (0, 8))[:8]
    above, below = Polynomial([1, k1, k2, k3]), Polynomial([1, k4, k5, k6])
    twice_square = Polynomial([0, 2])
    slope = above * below + twice_square * (above.deriv() * below - above * below.deriv())
    return math.sqrt(min(_first_root(slope), _first_root(below)))


def _first_root(polynomial: Polynomial) -> float:
    """Return the least positive root of a polynomial with the constant 1, else infinity."""
    inverses = np.roots(
        polynomial.coef
    )  # in reverse order the coefficients have the inverse roots
    positive = inverses.real[(inverses.imag == 0) & (inverses.real > 0)]
    return 1 / float(positive.max()) if positive.size else math.inf
