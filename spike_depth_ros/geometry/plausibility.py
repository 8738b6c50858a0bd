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

"""Plausibility of a calibration: wrong units, or the focal length of another sensor."""

import math

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry import lens
from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import CAMERAS

USUAL_BASELINES_M = (0.01, 2.0)
# Only fisheyes, whose model is equidistant, are usually wider.
WIDEST_PINHOLE_DEG = 130.0
NARROWEST_DEG = 12.0
# Least share of the pixels on a line that have a ray.
LEAST_VALID = 0.8
MAX_ASPECT = 1.1
# Range of the principal point, as a share of the sensor.
CENTRAL = (0.3, 0.7)
MAX_DIFFERENCE, MAX_FOCAL_DIFFERENCE = 1.2, 1.05


def implausible(calibration: RigCalibration) -> list[str]:
    """Return a sentence for each implausible value, none for a usual rig."""
    sentences = [implausible_baseline(calibration.baseline_m)]
    for name, camera in zip(CAMERAS, calibration.cameras, strict=False):
        sentences += [_view(name, camera), _aspect(name, camera), _principal_point(name, camera)]
    if len(calibration.cameras) == 2:
        sentences += [_sizes(*calibration.cameras), _focal_lengths(*calibration.cameras)]
    return [sentence for sentence in sentences if sentence]


def implausible_baseline(baseline_m: float) -> str:
    """Return a sentence about a baseline outside of 0.01 to 2 m, else ''; '' for 0, one camera."""
    least, most = USUAL_BASELINES_M
    if baseline_m == 0 or least <= baseline_m <= most:
        return ''
    unit = 'centimetres' if baseline_m > most else 'another unit than metres'
    return (
        f'the baseline is {baseline_m:g} m, but event cameras stand {least:g} to {most:g} m apart '
        f'as a rule, and all depth grows with it: is it in {unit}?'
    )


def view_deg(camera: CameraCalibration) -> tuple[float, float, float]:
    """Return the horizontal and vertical field of view in degrees, and a share of valid pixels.

    They are computed along the row and the column through the middle of the sensor. The share is
    that of the pixels on such a line that have a ray, the smaller one of both, 0 to 1.
    """
    columns, rows = np.arange(camera.width), np.arange(camera.height)
    across = np.column_stack([columns, np.full(camera.width, (camera.height - 1) / 2)])
    down = np.column_stack([np.full(camera.height, (camera.width - 1) / 2), rows])
    (width_deg, valid), (height_deg, other) = _span(camera, across), _span(camera, down)
    return width_deg, height_deg, min(valid, other)


def _span(camera: CameraCalibration, pixels: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the angle between the outermost rays of a line in degrees, and the share of rays."""
    rays = lens.to_rays(camera, pixels.astype(np.float64))
    rays = rays[np.isfinite(rays).all(axis=1)]
    if len(rays) < 2:
        return 0.0, 0.0
    first, last = (ray / np.linalg.norm(ray) for ray in (rays[0], rays[-1]))
    return math.degrees(math.acos(np.clip(first @ last, -1, 1))), len(rays) / len(pixels)


def _view(name: str, camera: CameraCalibration) -> str:
    across_deg, down_deg, valid = view_deg(camera)
    widest_deg = max(across_deg, down_deg)
    # A distorted lens model is unreliable far from the axis: check the plain pinhole too.
    plain_deg = math.degrees(2 * math.atan(camera.width / 2 / camera.camera_matrix[0, 0]))
    focal = f'the {name} camera has a focal length of {camera.camera_matrix[0, 0]:g} px'
    size = f'{camera.width} x {camera.height} px'
    question = 'is the focal length in pixels of this sensor?'
    if valid < LEAST_VALID:
        return f'{focal}, whose lens model holds for only {valid:.0%} of {size}: {question}'
    is_fisheye = camera.distortion_model == 'equidistant'
    if widest_deg < NARROWEST_DEG or (
        max(widest_deg, plain_deg) > WIDEST_PINHOLE_DEG and not is_fisheye
    ):
        return (
            f'{focal} and a sensor of {size}, so it sees {across_deg:.1f} x {down_deg:.1f} '
            f'degrees: {question}'
        )
    return ''


def _aspect(name: str, camera: CameraCalibration) -> str:
    fx, fy = camera.camera_matrix[0, 0], camera.camera_matrix[1, 1]
    if max(fx, fy) <= MAX_ASPECT * min(fx, fy):
        return ''
    return (
        f'the {name} camera has focal lengths of {fx:g} px across and {fy:g} px down, but pixels '
        'of event cameras are square: is the picture that was calibrated the whole sensor?'
    )


def implausible_centre(network: PinholeCamera) -> str:
    """Return a sentence about a principal point far from the middle of the frame, else ''."""
    if _is_central(network.cx, network.width) and _is_central(network.cy, network.height):
        return ''
    return (
        f'the parameters cx={network.cx:g} and cy={network.cy:g} are far from the middle of the '
        f'spike frame of {network.width} x {network.height} px: leave them out'
    )


def _is_central(place: float, size: int) -> bool:
    return CENTRAL[0] <= place / size <= CENTRAL[1]


def _principal_point(name: str, camera: CameraCalibration) -> str:
    cx, cy = camera.camera_matrix[:2, 2]
    if _is_central(cx, camera.width) and _is_central(cy, camera.height):
        return ''
    return (
        f'the {name} camera has its principal point at ({cx:g}, {cy:g}) px, far from the middle '
        f'of a sensor of {camera.width} x {camera.height} px: is it calibrated in this size?'
    )


def _sizes(left: CameraCalibration, right: CameraCalibration) -> str:
    pairs = [(left.width, right.width), (left.height, right.height)]
    if all(max(pair) <= MAX_DIFFERENCE * min(pair) for pair in pairs):
        return ''
    return (
        f'the left sensor has {left.width} x {left.height} px and the right one {right.width} x '
        f'{right.height} px: are both files of the event cameras?'
    )


def _focal_lengths(left: CameraCalibration, right: CameraCalibration) -> str:
    pair = left.camera_matrix[0, 0], right.camera_matrix[0, 0]
    is_same_sensor = (left.width, left.height) == (right.width, right.height)
    if max(pair) <= (MAX_FOCAL_DIFFERENCE if is_same_sensor else MAX_DIFFERENCE) * min(pair):
        return ''
    return (
        f'the left camera has a focal length of {pair[0]:g} px and the right one of {pair[1]:g} '
        'px: are both files of the cameras of this rig?'
    )
