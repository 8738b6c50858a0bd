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

"""Rectification of any pair of cameras."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.rectify import offset_m, rectify


def extrinsic(rotation_vector: tuple[float, ...], position: tuple[float, ...]) -> np.ndarray:
    """Return the transform from the left camera's frame to that of a right one at `position`."""
    motion = np.eye(4)
    motion[:3, :3] = cv2.Rodrigues(np.array(rotation_vector))[0].T
    motion[:3, 3] = -motion[:3, :3] @ position
    return motion


def test_a_straight_pair_is_not_turned() -> None:
    left, right, baseline_m = rectify(extrinsic((0.0, 0.0, 0.0), (0.1, 0.0, 0.0)))
    assert left == pytest.approx(np.eye(3))
    assert right == pytest.approx(np.eye(3))
    assert baseline_m == pytest.approx(0.1)


def test_both_cameras_share_a_turn_about_their_axes_equally() -> None:
    left, right, _ = rectify(extrinsic((0.2, 0.0, 0.0), (0.1, 0.0, 0.0)))
    assert cv2.Rodrigues(left)[0].ravel() == pytest.approx([-0.1, 0, 0])
    assert cv2.Rodrigues(right)[0].ravel() == pytest.approx([0.1, 0, 0])


@given(st.tuples(*[st.floats(-0.3, 0.3)] * 3), st.tuples(*[st.floats(-0.05, 0.05)] * 2))
def test_the_rectified_pair_differs_by_the_baseline_alone(
    rotation_vector: tuple[float, ...], aside: tuple[float, ...]
) -> None:
    motion = extrinsic(rotation_vector, (0.1, *aside))
    # OpenCV takes a rotation under 1e-5 for none.
    left, right, baseline_m = rectify(motion)
    assert right @ motion[:3, :3] @ left.T == pytest.approx(np.eye(3), abs=1e-5)
    assert right @ motion[:3, 3] == pytest.approx(np.array([-baseline_m, 0, 0]), abs=1e-9)


@pytest.mark.parametrize(
    'position', [(0.0, -0.1, 0.0), (0.0, 0.1, 0.0), (0.05, 0.0, 0.2), (0.0, 0.0, 0.0)]
)
def test_a_second_camera_elsewhere_is_refused(position: tuple[float, ...]) -> None:
    message = f'lies \\({position[0]:g}, .* but must lie to its right, with the left camera first'
    with pytest.raises(CalibrationError, match=message):
        rectify(extrinsic((0.0, 0.0, 0.0), position))


def test_exchanged_cameras_are_refused() -> None:
    with pytest.raises(CalibrationError, match=r'0\.1 m to the left .* right are exchanged'):
        rectify(extrinsic((0.0, 0.0, 0.0), (-0.1, 0.0, 0.0)))


def test_a_motion_that_is_not_rigid_is_refused() -> None:
    with pytest.raises(CalibrationError, match=r'the rotation in T_cn_cnm1 is .* must be a rotat'):
        rectify(2 * extrinsic((0.0, 0.0, 0.0), (0.1, 0.0, 0.0)))


def test_the_offset_of_a_projection() -> None:
    projection = np.array([[200.0, 0, 1, -20], [0, 200, 1, 0], [0, 0, 1, 0]])
    assert offset_m(projection) == 0.1
    with pytest.raises(CalibrationError, match='a focal length of 0, but must have one above 0'):
        offset_m(np.zeros((3, 4)))
