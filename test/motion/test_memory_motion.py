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

"""Motion of a model's memory: resolutions, waiting motions, and states that are no volumes."""

import math

import numpy as np
import pytest

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pose import Pose, from_vector
from spike_depth_ros.motion.memory_motion import MemoryMotion, coarser

CAMERA = PinholeCamera(width=60, height=44, f=50.0, cx=30.5, cy=20.5)
BASELINE_M = 0.1
SHAPE = 1, 8, 24, 32  # a half of the resolution, padded to 64 x 48


def state() -> np.ndarray:
    volume = np.zeros(SHAPE, np.float32)
    volume[:, :, 10, 20] = 4.0
    return volume


def turned(columns: float) -> Pose:
    """Return a turn to the right that moves the principal point by columns of the state."""
    return Pose.turned(from_vector([0, math.atan(columns / 25.0), 0]))


def test_a_coarser_camera_has_its_pixels_in_the_middle_of_the_blocks() -> None:
    assert coarser(CAMERA, 24, 32) == PinholeCamera(32, 24, 25.0, 15.0, 10.0)
    assert coarser(CAMERA, 44, 60) == CAMERA
    # rays through the middle of pixels 0 and 1 go through pixel 0 of the half
    rays = CAMERA.to_rays(np.array([[0.5, 0.5]]))
    np.testing.assert_allclose(coarser(CAMERA, 24, 32).to_pixels(rays), 0, atol=1e-12)


def test_a_state_moves_in_place() -> None:
    volume = state()
    MemoryMotion().move({'state': volume}, turned(5), CAMERA, BASELINE_M)
    np.testing.assert_allclose(volume[0, :, 10, 15], 4.0, rtol=1e-4)


def test_disparities_are_pixels_of_the_image_and_not_of_the_state() -> None:
    # One baseline to the right moves disparity d by d pixels of the image, d / 2 of the state.
    volume = np.zeros(SHAPE, np.float32)
    volume[0, 6, 10, 20] = 4.0
    step = Pose(np.eye(3), np.array([BASELINE_M, 0, 0]))
    MemoryMotion().move({'state': volume}, step, CAMERA, BASELINE_M)
    assert volume[0, 6, 10, 17] == pytest.approx(4.0, rel=1e-4)


def test_small_motions_wait_until_they_move_something() -> None:
    volume, motion = state(), MemoryMotion()
    for _ in range(5):  # 0.02 columns each
        motion.move({'state': volume}, turned(0.02), CAMERA, BASELINE_M)
        np.testing.assert_array_equal(volume, state())
    motion.move({'state': volume}, turned(0.9), CAMERA, BASELINE_M)
    assert volume[0, :, 10, 19].min() > 3.8  # 3.6 without those that waited


def test_forgotten_motions_do_not_count() -> None:
    volume, motion = state(), MemoryMotion()
    motion.move({'state': volume}, turned(0.1), CAMERA, BASELINE_M)
    motion.forget()
    motion.move({'state': volume}, turned(1.0), CAMERA, BASELINE_M)
    assert volume[0, :, 10, 19].min() > 3.8  # 3.4 with it


def test_each_state_moves_and_one_channel_stays() -> None:
    fine, coarse = state(), np.zeros((1, 8, 12, 16), np.float32)
    coarse[:, :, 5, 10] = 4.0
    log_depth = np.ones((1, 1, 24, 32), np.float32)
    states = {'state': fine, 'state2': coarse, 'state3': log_depth}
    motion = MemoryMotion()
    motion.move(states, turned(4), CAMERA, BASELINE_M)
    assert fine[0, 0].argmax() == 10 * 32 + 16
    assert coarse[0, 0].argmax() == 5 * 16 + 8
    np.testing.assert_array_equal(log_depth, 1)
