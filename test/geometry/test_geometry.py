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

"""Points in space have the same row and the right disparity in both rectified cameras."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from published_lenses import project
from ruamel.yaml import YAML

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.files import dsec, kalibr
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

DEPTHS_M = (0.5, 1.0, 3.0, 10.0, 80.0)
SHIPPED = MVSEC_RIG.camera
NATIVE_DSEC = PinholeCamera(640, 480, 583.3081203392971, 336.83414459228516, 220.91131019592285)


def mvsec(data: Path) -> tuple[RigCalibration, Any, list[Any]]:
    """Return MVSEC's rig as read, its extrinsic, and its raw cameras as the file has them."""
    content = YAML(typ='safe').load(data / 'calibration/mvsec_indoor_flying.yaml')
    raw = [content['cam0'], content['cam1']]
    return kalibr.read(Section(content), 2), np.array(raw[1]['T_cn_cnm1']), raw


def mvsec_computed(data: Path) -> tuple[RigCalibration, Any, list[Any]]:
    """Return MVSEC's rig with its rectification computed instead of read."""
    _, extrinsic, raw = mvsec(data)
    for camera in raw:
        del camera['rectification_matrix'], camera['projection_matrix']
    return kalibr.read(Section({'cam0': raw[0], 'cam1': raw[1]}), 2), extrinsic, raw


def dsec_rig(data: Path) -> tuple[RigCalibration, Any, list[Any]]:
    """Return DSEC's rig, its extrinsic by way of the frame cameras, and its raw cameras."""
    content = YAML(typ='safe').load(data / 'calibration/dsec_cam_to_cam.yaml')
    steps = [np.array(content['extrinsics'][name]) for name in ('T_32', 'T_21', 'T_10')]
    raw = [content['intrinsics'][name] for name in ('cam0', 'cam3')]
    for camera in raw:
        camera['intrinsics'] = camera['camera_matrix']
    return dsec.read(Section(content), 2), steps[0] @ steps[1] @ steps[2], raw


def seen(points: Any, camera: Any) -> tuple[Any, Any]:
    """Return raw pixels of points in a raw camera's frame, and a mask of those on its sensor."""
    fx, fy, cx, cy = camera['intrinsics']
    matrix = [[fx, 0, cx], [0, fy, cy], [0, 0, 1]]
    pixels = project(points, matrix, camera['distortion_model'], camera['distortion_coeffs'])
    return pixels, ((pixels > -0.5) & (pixels < np.array(camera['resolution']) - 0.5)).all(axis=1)


def pixels_at_depths(network: PinholeCamera) -> tuple[Any, Any]:
    """Return every tenth network pixel, [n, 2], at each of the depths, [n, 1]."""
    column, row = np.meshgrid(np.arange(0, network.width, 10), np.arange(0, network.height, 10))
    pixels = np.column_stack([column.ravel(), row.ravel()])
    return np.tile(pixels, (len(DEPTHS_M), 1)), np.repeat(DEPTHS_M, len(pixels))[:, None]


def check(rig: RigCalibration, extrinsic: Any, raw: list[Any], network: PinholeCamera) -> None:
    """Project points into the raw cameras by the published formulas, map them, and compare."""
    pixels, depth_m = pixels_at_depths(network)
    plane = (pixels - (network.cx, network.cy)) / network.f
    rectified = depth_m * np.column_stack([plane, np.ones(len(plane))])
    points = rectified @ rig.cameras[0].rectification
    left, in_left = seen(points, raw[0])
    right, in_right = seen(points @ extrinsic[:3, :3].T + extrinsic[:3, 3], raw[1])
    common = in_left & in_right  # at 0.5 m, DSEC's cameras have no field in common
    assert common.sum() > 900

    left = network.to_pixels(rig.cameras[0].to_rays(left[common]))
    right = network.to_pixels(rig.cameras[1].to_rays(right[common]))
    disparity = network.f * rig.baseline_m / depth_m[common, 0]
    assert np.abs(left - pixels[common]).max() < 0.05
    assert np.abs(left[:, 1] - right[:, 1]).max() < 0.05
    assert np.abs(left[:, 0] - right[:, 0] - disparity).max() < 0.05


@pytest.mark.parametrize(
    ('rig_of', 'network'),
    [(mvsec, SHIPPED), (mvsec_computed, SHIPPED), (dsec_rig, SHIPPED), (dsec_rig, NATIVE_DSEC)],
)
def test_equal_rows_and_the_disparity_of_the_depth(
    data: Path, rig_of: Callable[[Path], Any], network: PinholeCamera
) -> None:
    check(*rig_of(data), network)


def test_two_unlike_cameras_that_squint() -> None:
    left = {
        'camera_model': 'pinhole',
        'intrinsics': [300.0, 301.0, 170.0, 135.0],
        'distortion_model': 'radtan',
        'distortion_coeffs': [-0.3, 0.1, 0.001, -0.002],
        'resolution': [346, 260],
    }
    right = left | {
        'intrinsics': [600.0, 598.0, 310.0, 250.0],
        'distortion_model': 'equidistant',
        'distortion_coeffs': [-0.05, 0.01, -0.05, 0.02],
        'resolution': [640, 480],
    }
    turn = cv2.Rodrigues(np.array([0.05, -0.1, 0.2]))[0]
    extrinsic = np.eye(4)
    extrinsic[:3] = np.column_stack([turn, -turn @ [0.12, 0.03, -0.02]])
    content = {'cam0': left, 'cam1': right | {'T_cn_cnm1': extrinsic.tolist()}}
    check(kalibr.read(Section(content), 2), extrinsic, [left, right], SHIPPED)


def test_the_computed_rotations_are_the_published_ones(data: Path) -> None:
    published, computed = mvsec(data)[0], mvsec_computed(data)[0]
    assert computed.baseline_m == pytest.approx(published.baseline_m, abs=1e-9)
    for one, other in zip(published.cameras, computed.cameras, strict=True):
        assert one.rectification == pytest.approx(other.rectification, abs=1e-9)
