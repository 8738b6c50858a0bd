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

"""Warp of a volume over disparity: hand-computed motions of a camera."""

import math

import numpy as np
import pytest

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pose import Pose, from_vector
from spike_depth_ros.motion.warp import VolumeWarp

CAMERA = PinholeCamera(width=33, height=25, f=20.0, cx=16.0, cy=12.0)
FOCAL_BASELINE = 2.0  # disparity 4 is at 0.5 m
DISPARITIES = 12


@pytest.fixture(scope='module')
def warp() -> VolumeWarp:
    return VolumeWarp(CAMERA, DISPARITIES)


def point(disparity: int, row: int, column: int) -> np.ndarray:
    volume = np.zeros((DISPARITIES, CAMERA.height, CAMERA.width), np.float32)
    volume[disparity, row, column] = 8.0
    return volume


def everywhere(row: int, column: int) -> np.ndarray:
    """Return evidence that no change of disparity alters."""
    volume = np.zeros((DISPARITIES, CAMERA.height, CAMERA.width), np.float32)
    volume[:, row, column] = 8.0
    return volume


def noise() -> np.ndarray:
    shape = DISPARITIES, CAMERA.height, CAMERA.width
    return np.random.default_rng(1).normal(0, 4, shape).astype(np.float32)


def test_no_motion_changes_no_bit(warp: VolumeWarp) -> None:
    volume = noise()
    warp.move(volume, Pose.turned(np.eye(3)), FOCAL_BASELINE)
    assert volume.tobytes() == noise().tobytes()


def test_half_a_turn_about_the_optical_axis_is_exact(warp: VolumeWarp) -> None:
    volume = noise()
    warp.move(volume, Pose.turned(np.diag([-1.0, -1.0, 1.0])), FOCAL_BASELINE)
    np.testing.assert_array_equal(volume, noise()[:, ::-1, ::-1])


def test_a_turn_to_the_right_moves_the_image_to_the_left(warp: VolumeWarp) -> None:
    # the ray 3 columns right of the principal point becomes the optical axis
    turn = from_vector([0.0, math.atan(3 / CAMERA.f), 0.0])
    volume = everywhere(row=12, column=19)
    warp.move(volume, Pose.turned(turn), FOCAL_BASELINE)
    np.testing.assert_allclose(volume[:, 12, 16], 8.0, rtol=1e-4)
    assert abs(volume[:, :, 19:]).max() == 0


def test_a_turn_changes_the_disparity_of_a_point_off_the_axis(warp: VolumeWarp) -> None:
    # Ray (0, 0, 1) was ray (3 / 4, 0, 1): depth along the axis grows by 5 / 4.
    turn = from_vector([0.0, math.atan(15 / CAMERA.f), 0.0])
    volume = point(disparity=10, row=12, column=31)
    warp.move(volume, Pose.turned(turn), FOCAL_BASELINE)
    np.testing.assert_allclose(volume[8, 12, 16], 8.0, rtol=1e-4)
    assert np.unravel_index(volume.argmax(), volume.shape) == (8, 12, 16)


def test_a_step_to_the_right_moves_each_disparity_by_itself(warp: VolumeWarp) -> None:
    # A step of B moves a point by its disparity: here B = FOCAL_BASELINE / f = 0.1 m.
    step = Pose(np.eye(3), np.array([0.1, 0.0, 0.0]))
    volume = point(disparity=4, row=10, column=20) + point(disparity=9, row=6, column=20)
    warp.move(volume, step, FOCAL_BASELINE)
    expected = point(disparity=4, row=10, column=16) + point(disparity=9, row=6, column=11)
    np.testing.assert_allclose(volume, expected, atol=1e-4)


def test_a_step_ahead_halves_the_depth(warp: VolumeWarp) -> None:
    # 0.5 m ahead of a point at 1 m (disparity 2): it is at 0.5 m (disparity 4), twice as far out.
    step = Pose(np.eye(3), np.array([0.0, 0.0, 0.5]))
    volume = point(disparity=2, row=14, column=19)
    warp.move(volume, step, FOCAL_BASELINE)
    np.testing.assert_allclose(volume[4, 16, 22], 8.0, rtol=1e-4)
    # passed planes (disparity 4 and more) leave nothing
    volume = point(disparity=5, row=14, column=19)
    warp.move(volume, step, FOCAL_BASELINE)
    assert not volume.any()


def test_nothing_is_known_of_what_was_outside(warp: VolumeWarp) -> None:
    volume = np.ones_like(noise())
    step = Pose(np.eye(3), np.array([0.1, 0.0, 0.0]))
    warp.move(volume, step, FOCAL_BASELINE)
    for disparity in range(1, DISPARITIES):
        assert not volume[disparity, :, CAMERA.width - disparity :].any()
        assert volume[disparity, :, : CAMERA.width - disparity].all()
    warp.move(volume, Pose.turned(np.diag([-1.0, 1.0, -1.0])), FOCAL_BASELINE)  # looks back
    assert not volume.any()


def test_disparities_beyond_the_channels_take_the_nearest(warp: VolumeWarp) -> None:
    # 1 m back: disparity 11 was at 0.18 m less 1 m, which lies behind the old camera.
    volume = np.tile(np.arange(12, dtype=np.float32)[:, None, None], (1, 25, 33))
    warp.move(volume, Pose(np.eye(3), np.array([0.0, 0.0, 0.02])), FOCAL_BASELINE)
    # new disparity 11 was 11 / (1 + 0.01 * 11)
    assert volume[11, 12, 16] == pytest.approx(11 / 1.11, abs=1e-3)
    volume = np.tile(np.arange(12, dtype=np.float32)[:, None, None], (1, 25, 33))
    warp.move(volume, Pose(np.eye(3), np.array([0.0, 0.0, -0.02])), FOCAL_BASELINE)
    assert volume[11, 12, 16] == pytest.approx(11, abs=1e-3)


def test_there_and_back_again_returns_a_smooth_volume(warp: VolumeWarp) -> None:
    d, y, x = np.mgrid[:DISPARITIES, :25, :33].astype(np.float64)
    smooth = np.sin(x / 6) + np.cos(y / 7) + np.sin(d / 4)
    volume = smooth.astype(np.float32)
    pose = Pose(from_vector([0.01, -0.02, 0.03]), np.array([0.01, -0.01, 0.005]))
    warp.move(volume, pose, FOCAL_BASELINE)
    assert abs(volume - smooth)[2:8, 5:20, 5:28].max() > 0.05
    warp.move(volume, pose.inverse(), FOCAL_BASELINE)
    np.testing.assert_allclose(volume[2:8, 5:20, 5:28], smooth[2:8, 5:20, 5:28], atol=0.02)


def test_largest_shift(warp: VolumeWarp) -> None:
    step = Pose(np.eye(3), np.array([0.1, 0.0, 0.0]))
    assert warp.largest_shift(step, FOCAL_BASELINE) == pytest.approx(DISPARITIES - 1)
    assert warp.largest_shift(Pose.turned(np.eye(3)), FOCAL_BASELINE) == 0
    back = Pose.turned(np.diag([-1.0, 1.0, -1.0]))
    assert warp.largest_shift(back, FOCAL_BASELINE) > 1e5
