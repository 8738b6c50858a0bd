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

"""Checks of the values of a calibration."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.errors import CalibrationError

# Allowed numbers of coefficients of each lens model, in the order of sensor_msgs/CameraInfo.
COEFFICIENTS = {
    'plumb_bob': (0, 4, 5),
    'rational_polynomial': (8,),
    'equidistant': (4,),
}
# Other names of these models, in OpenCV, kalibr and elsewhere.
OTHER_NAMES = {
    'fisheye': 'equidistant',
    'equi': 'equidistant',
    'kannala_brandt': 'equidistant',
    'radtan': 'plumb_bob',
    'brown_conrady': 'plumb_bob',
    'rational': 'rational_polynomial',
}
MAX_COEFFICIENT = 1e6
ROTATION_TOLERANCE = 1e-3


def check_size(width: int, height: int, maximum: int) -> None:
    """Raise CalibrationError unless width and height are from 1 to a maximum, in pixels."""
    if not (1 <= width <= maximum and 1 <= height <= maximum):
        raise CalibrationError(
            f'the size is {width} x {height}, but must be 1 to {maximum} pixels each way'
        )


def check_camera_matrix(matrix: npt.NDArray[np.float64]) -> None:
    """Raise CalibrationError unless a camera matrix is that of a pinhole camera without skew."""
    if matrix.shape == (3, 3) and np.isfinite(matrix).all():
        fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
        plain = [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]
        if min(fx, fy) > 0 and np.array_equal(matrix, plain):
            return
    raise CalibrationError(
        f'the camera matrix is {matrix.tolist()}, but must be [[fx, 0, cx], [0, fy, cy], '
        '[0, 0, 1]] with fx and fy above 0'
    )


def check_baseline(baseline_m: float, least_m: float, most_m: float) -> None:
    """Raise CalibrationError unless a baseline is from least_m to most_m, metres."""
    if least_m <= baseline_m <= most_m:
        return
    if baseline_m < 0:
        hint = 'left and right are exchanged, so give the left camera first'
    elif baseline_m == 0:
        hint = 'were the two cameras calibrated as a pair?'
    elif baseline_m > most_m:
        hint = 'is the calibration in millimetres?'
    else:
        hint = 'was the size of the calibration target given in metres?'
    raise CalibrationError(
        f'the baseline is {baseline_m:.4g} m, but must be {least_m:g} to {most_m:g} m: {hint}'
    )


def without_tail(model: str, coefficients: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return distortion coefficients without the zeros that follow those of the lens model."""
    most = max(COEFFICIENTS.get(model, (coefficients.size,)))
    return coefficients if coefficients[most:].any() else coefficients[:most]


def check_distortion(model: str, distortion: npt.NDArray[np.float64]) -> None:
    """Raise CalibrationError unless a lens model is known and has its number of coefficients."""
    if model not in COEFFICIENTS:
        other = OTHER_NAMES.get(model)
        allowed = f'one of {", ".join(COEFFICIENTS)}'
        raise CalibrationError(
            f"the distortion model is '{model}', but must be "
            + (f'{other}, as ROS names this lens' if other else allowed)
        )
    if distortion.ndim != 1 or distortion.size not in COEFFICIENTS[model]:
        allowed = ' or '.join(str(count) for count in COEFFICIENTS[model])
        fitting = [name for name, counts in COEFFICIENTS.items() if distortion.size in counts]
        raise CalibrationError(
            f'a {model} lens has {distortion.size} distortion coefficients, but must have '
            f'{allowed}' + (f': is the model {" or ".join(fitting)}?' if fitting else '')
        )
    if not (np.abs(distortion) <= MAX_COEFFICIENT).all():
        raise CalibrationError(
            f'the distortion coefficients are {distortion.tolist()}, but must be within '
            f'{MAX_COEFFICIENT:g} of 0'
        )


def check_rotation(name: str, matrix: npt.NDArray[np.float64]) -> None:
    """Raise CalibrationError, with a name, unless a matrix is a rotation within 1e-3."""
    if matrix.shape == (3, 3) and np.isfinite(matrix).all():
        error = np.abs(matrix @ matrix.T - np.eye(3)).max()
        if error <= ROTATION_TOLERANCE and np.linalg.det(matrix) > 0:
            return
    raise CalibrationError(f'{name} is {matrix.tolist()}, but must be a rotation')
