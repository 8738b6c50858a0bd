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

"""CameraInfo, from messages or from the fields that messages have."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from ruamel.yaml import YAML

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.camera_info import CameraInfoRecord, infos, rig
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.geometry.pixel_table import pixel_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

UPRIGHT = [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]
MATRIX = [200.0, 0, 173, 0, 201, 129, 0, 0, 1]


def projection(offset_m: float) -> list[float]:
    """Return the projection matrix of a camera so far to the right."""
    return [200.0, 0, 173, -200 * offset_m, 0, 200, 129, 0, 0, 0, 1, 0]


LEFT = CameraInfoRecord(346, 260, 'plumb_bob', [0.1, 0, 0, 0, 0], MATRIX, UPRIGHT, projection(0))
RIGHT = replace(LEFT, p=projection(0.1))


def test_two_cameras() -> None:
    pair = rig(LEFT, RIGHT)
    assert pair.baseline_m == pytest.approx(0.1)
    for camera in pair.cameras:
        assert (camera.width, camera.height) == (346, 260)
        assert camera.camera_matrix.tolist() == [[200, 0, 173], [0, 201, 129], [0, 0, 1]]
        assert camera.distortion.tolist() == [0.1, 0, 0, 0, 0]


def test_the_baseline_is_counted_from_the_left_camera() -> None:
    shifted = replace(LEFT, p=projection(-0.05))
    assert rig(shifted, replace(RIGHT, p=projection(0.07))).baseline_m == pytest.approx(0.12)


def test_one_camera_needs_neither_rotation_nor_projection() -> None:
    alone = rig(replace(LEFT, r=[0.0] * 9, p=[0.0] * 12, d=[]), None)
    assert alone.baseline_m == 0
    assert alone.cameras[0].rectification.tolist() == np.eye(3).tolist()


def test_the_fields_of_a_camchain_give_the_same_map(data: Path) -> None:
    path = data / 'calibration/mvsec_indoor_flying.yaml'
    content = YAML(typ='safe').load(path)
    pair = rig(*(from_camchain(content[name]) for name in ('cam0', 'cam1')))
    camchain = load(str(path), '', 2)
    assert pair.baseline_m == camchain.baseline_m
    network = MVSEC_RIG.camera
    for camera, other in zip(pair.cameras, camchain.cameras, strict=True):
        table, same = pixel_table(camera, network), pixel_table(other, network)
        assert np.array_equal(table.index, same.index)
        assert np.array_equal(table.mapped, same.mapped)


@pytest.mark.parametrize('cameras', [1, 2])
def test_the_camera_info_of_a_rig_gives_the_rig_back(data: Path, cameras: Literal[1, 2]) -> None:
    given = load(str(data / 'calibration/mvsec_indoor_flying.yaml'), '', cameras)
    found = infos(given)
    back = rig(found[0], found[1] if cameras == 2 else None)
    assert back.baseline_m == pytest.approx(given.baseline_m, rel=1e-12)
    for camera, same in zip(back.cameras, given.cameras, strict=True):
        assert (camera.width, camera.height) == (same.width, same.height)
        assert camera.distortion_model == same.distortion_model
        for name in ('camera_matrix', 'distortion', 'rectification'):
            assert np.array_equal(getattr(camera, name), getattr(same, name))


def from_camchain(camera: Any) -> CameraInfoRecord:
    """Return the fields that a driver would publish of a rectified camchain's camera."""
    fx, fy, cx, cy = camera['intrinsics']
    return CameraInfoRecord(
        *camera['resolution'],
        camera['distortion_model'],
        camera['distortion_coeffs'],
        [fx, 0, cx, 0, fy, cy, 0, 0, 1],
        np.ravel(camera['rectification_matrix']),
        np.ravel(camera['projection_matrix']),
    )


@pytest.mark.parametrize(
    ('left', 'right', 'message'),
    [
        (
            {'k': [0.0] * 9},
            {},
            'The left camera_info cannot be used .the camera matrix k is all zero',
        ),
        (
            {},
            {'k': [0.0] * 9},
            'The right camera_info cannot be used .the camera matrix k is all ze',
        ),
        ({'r': [0.0] * 9}, {}, 'left .*the rectification is .*, but must be a rotation'),
        ({'p': [0.0] * 12}, {}, 'left .*the projection matrix has a focal length of 0, but must'),
        ({}, {'p': [0.0] * 12}, 'right .*the projection matrix has a focal length of 0'),
        ({}, {'p': projection(0)}, 'right .*the baseline is 0 m, .* calibrated as a pair'),
        ({}, {'p': projection(-0.1)}, 'the baseline is -0.1 m, .* left and right are exchanged'),
        ({'distortion_model': ''}, {}, "the distortion model is '', but must be one of plumb_bob"),
        ({'d': [0.1] * 6}, {}, 'left .*a plumb_bob lens has 6 distortion coefficients, but must'),
        ({}, {'width': 0}, 'right .*the size is 0 x 260, but must be'),
    ],
)
def test_refused(left: dict[str, Any], right: dict[str, Any], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        rig(replace(LEFT, **left), replace(RIGHT, **right))
