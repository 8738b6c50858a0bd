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

"""Camchains of kalibr: their values, and errors for wrong ones."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.kalibr import read
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.geometry.files.section import Section

CAMERA = {
    'camera_model': 'pinhole',
    'intrinsics': [200.0, 201.0, 173.0, 129.0],
    'distortion_model': 'radtan',
    'distortion_coeffs': [-0.1, 0.2, 1e-05, 0.0],
    'resolution': [346, 260],
    'rostopic': '/events',
}
POSE = [[1, 0, 0, -0.1], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
HALF_TURN = [[-1, 0, 0], [0, -1, 0], [0, 0, 1]]
PROJECTION = [[200.0, 0, 173, -40.0], [0, 200.0, 129, 0], [0, 0, 1, 0]]


def camchain(**changes: Any) -> Section:
    """Return a camchain of two cameras; changes: dotted keys with __ for the dot, None removes."""
    content: Any = {'cam0': copy.deepcopy(CAMERA), 'cam1': {**copy.deepcopy(CAMERA)}}
    content['cam1']['T_cn_cnm1'] = POSE
    for place, value in changes.items():
        name, _, key = place.partition('__')
        if value is None:
            del content[name][key]
        else:
            content[name][key] = value
    return Section(content)


def test_mvsec(data: Path) -> None:
    rig = load(str(data / 'calibration/mvsec_indoor_flying.yaml'), '', 2)
    rectified = PinholeCamera(346, 260, 199.6530123165822, 177.43276376280926, 126.81215684365904)
    pixel = np.array([[100.0, 100.0]])
    assert rig.baseline_m == pytest.approx(0.099882, abs=5e-7)
    left, right = (rectified.to_pixels(camera.to_rays(pixel))[0] for camera in rig.cameras)
    assert left == pytest.approx([107.6938, 97.4931], abs=5e-5)
    assert right == pytest.approx([108.2435, 103.6139], abs=5e-5)


def test_the_cameras_are_read() -> None:
    rig = read(camchain(cam1__resolution=[640, 480]), 2)
    left, right = rig.cameras
    assert (left.width, left.height, right.width, right.height) == (346, 260, 640, 480)
    assert left.camera_matrix.tolist() == [[200, 0, 173], [0, 201, 129], [0, 0, 1]]
    assert left.distortion_model == 'plumb_bob'
    assert left.distortion.tolist() == [-0.1, 0.2, 1e-05, 0.0]


@pytest.mark.parametrize(
    ('name', 'model'),
    [('plumb_bob', 'plumb_bob'), ('equidistant', 'equidistant'), ('equi', 'equidistant')],
)
def test_the_lenses(name: str, model: str) -> None:
    (camera,) = read(camchain(cam0__distortion_model=name), 1).cameras
    assert camera.distortion_model == model
    assert camera.distortion.size == 4


def test_a_lens_without_distortion() -> None:
    (camera,) = read(
        camchain(cam0__distortion_model='none', cam0__distortion_coeffs=None), 1
    ).cameras
    assert camera.distortion_model == 'plumb_bob'
    assert camera.distortion.size == 0


def test_a_rectification_of_both_is_used_and_one_alone_is_not() -> None:
    given = {'cam0__rectification_matrix': HALF_TURN, 'cam1__projection_matrix': PROJECTION}
    rig = read(camchain(**given, cam1__rectification_matrix=HALF_TURN), 2)
    assert rig.baseline_m == 0.2
    assert [camera.rectification.tolist() for camera in rig.cameras] == [HALF_TURN] * 2
    rig = read(camchain(**given), 2)
    assert rig.baseline_m == pytest.approx(0.1)
    assert rig.cameras[0].rectification == pytest.approx(np.eye(3))


def test_the_imu() -> None:
    pose = [[0, -1, 0, 0.1], [1, 0, 0, 0.2], [0, 0, 1, 0.3], [0, 0, 0, 1]]
    rotation = read(camchain(cam0__T_cam_imu=pose), 1).imu_rotation
    assert rotation is not None and rotation.tolist() == [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    assert read(camchain(), 2).imu_rotation is None


def test_one_camera_is_rotated_only_by_a_rectification_matrix() -> None:
    rig = read(Section({'cam0': CAMERA}), 1)
    assert rig.baseline_m == 0
    assert rig.cameras[0].rectification.tolist() == np.eye(3).tolist()
    turned = read(camchain(cam0__rectification_matrix=HALF_TURN), 1)
    assert turned.cameras[0].rectification.tolist() == HALF_TURN


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'cam0__T_cam_imu': [[2, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
            'the rotation from the IMU to the left camera is .* but must be a rotation',
        ),
        (
            {'cam0__camera_model': 'omni'},
            r"cam0\.camera_model is 'omni', but only pinhole is read",
        ),
        (
            {'cam1__distortion_model': 'fov'},
            r"cam1\.distortion_model is 'fov', but must be one of radtan, plumb_bob, none, equid",
        ),
        (
            {'cam1__T_cn_cnm1': None},
            r'cam1\.T_cn_cnm1 is missing, but must be a list of 4 x 4 fin',
        ),
        (
            {'cam0__intrinsics': [1, 2, 3]},
            r'cam0\.intrinsics is \[1, 2, 3\], but must be a list of 4',
        ),
        ({'cam0__intrinsics': [0, 2, 3, 4]}, r'in cam0, the camera matrix is \[\[0\.0, 0\.0, 3'),
        ({'cam1__distortion_coeffs': [0, 1]}, 'in cam1, a plumb_bob lens has 2 distortion coeff'),
        (
            {'cam1__resolution': [346.5, 260]},
            r'cam1\.resolution is \[346\.5, 260\], but must be a l',
        ),
        (
            {'cam0__rectification_matrix': HALF_TURN, 'cam1__rectification_matrix': HALF_TURN},
            r'cam1\.projection_matrix is missing, but must be a list of 3 x 4 finite numbers',
        ),
    ],
)
def test_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        read(camchain(**changes), 2)


def test_a_missing_right_camera() -> None:
    with pytest.raises(
        CalibrationError, match=r'it has no cam1, .* run the binner with stereo:=false'
    ):
        read(Section({'cam0': CAMERA}), 2)
