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

"""Calibrations with wrong values are refused."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from published_lenses import camera

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError, naming

GOOD = camera('plumb_bob', 0.1, 0.0, 0.0, 0.0)


def matrix(fx: float = 200.0, skew: float = 0.0, last: float = 1.0) -> np.ndarray:
    """Return a camera matrix."""
    return np.array([[fx, skew, 173.0], [0.0, 200.0, 130.0], [0.0, 0.0, last]])


@pytest.mark.parametrize(
    ('field', 'value', 'message'),
    [
        ('width', 0, 'the size is 0 x 260, but must be 1 to 2048 pixels each way'),
        ('height', 2049, 'the size is 346 x 2049, but must be'),
        ('camera_matrix', matrix(fx=0), r'the camera matrix is \[\[0.0, .* with fx and fy above'),
        ('camera_matrix', matrix(fx=np.nan), 'the camera matrix is'),
        ('camera_matrix', matrix(skew=1), 'the camera matrix is'),
        ('camera_matrix', matrix(last=2), 'the camera matrix is'),
        ('camera_matrix', np.eye(2), 'the camera matrix is'),
        ('distortion_model', 'fisheye', "'fisheye', but must be equidistant, as ROS names"),
        ('distortion_model', 'omni', "'omni', but must be one of plumb_bob, rational_p"),
        ('distortion_model', 'equidistant', None),
        ('distortion_model', 'rational_polynomial', 'has 4 distortion .* but must have 8'),
        ('distortion', np.zeros(3), 'plumb_bob lens has 3 .* but must have 0 or 4 or 5'),
        ('distortion', np.zeros((1, 4)), 'plumb_bob lens has 4'),
        ('distortion', np.array([0, 0, 0, np.inf]), 'but must be within 1e.06 of 0'),
        ('distortion', np.array([0, 0, 0, np.nan]), 'but must be within 1e.06 of 0'),
        ('rectification', np.zeros((3, 3)), 'the rectification is .* but must be a rotation'),
        ('rectification', np.diag([1.0, 1.0, -1.0]), 'the rectification is'),
        ('rectification', np.eye(3) + 2e-3, 'the rectification is'),
        ('rectification', np.eye(3) * np.nan, 'the rectification is'),
        ('rectification', np.eye(3) + 1e-6, None),
    ],
)
def test_camera(field: str, value: Any, message: str | None) -> None:
    if message is None:
        assert getattr(replace(GOOD, **{field: value}), field) is value
    else:
        with pytest.raises(CalibrationError, match=message):
            replace(GOOD, **{field: value})


@pytest.mark.parametrize(
    ('baseline_m', 'hint'),
    [
        (0.0, 'were the two cameras calibrated as a pair'),
        (-0.1, 'left and right are exchanged'),
        (99.87, 'is the calibration in millimetres'),
        (np.inf, 'is the calibration in millimetres'),
        (0.0001, 'size of the calibration target given in metres'),
        (np.nan, ''),
    ],
)
def test_baseline_of_two(baseline_m: float, hint: str) -> None:
    message = f'the baseline is {baseline_m:g} m, but must be 0.001 to 10 m: .*{hint}'
    with pytest.raises(CalibrationError, match=message):
        RigCalibration((GOOD, GOOD), baseline_m)


def test_number_of_cameras() -> None:
    with pytest.raises(CalibrationError, match=r'the baseline of one camera is 0\.1 m, but'):
        RigCalibration((GOOD,), 0.1)
    with pytest.raises(CalibrationError, match='it has 3 cameras, but must have 1 or 2'):
        RigCalibration((GOOD,) * 3, 0.1)


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        ((0, 260, 200.0, 173.0, 130.0), 'the size is 0 x 260'),
        ((346, 260, -1.0, 173.0, 130.0), 'the camera matrix is'),
        ((346, 260, 200.0, np.nan, 130.0), 'the camera matrix is'),
    ],
)
def test_network_camera(values: Any, message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        PinholeCamera(*values)


def test_naming_makes_a_sentence() -> None:
    with (
        pytest.raises(CalibrationError) as caught,
        naming("The calibration 'a.yaml'"),
    ):
        raise CalibrationError('the size is wrong')
    assert str(caught.value) == (
        "The calibration 'a.yaml' cannot be used (the size is wrong): correct it, or calibrate "
        'again.'
    )
