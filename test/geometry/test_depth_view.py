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

"""True depth in the network's image, on cases computed by hand."""

import math

import numpy as np
import pytest

from spike_depth_ros.geometry.calibration import CameraCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RawView, RectifiedView

NAN = math.nan
VIEW = PinholeCamera(8, 4, 10.0, 4.0, 2.0)


def raw(rotation: np.ndarray) -> CameraCalibration:
    matrix = np.array([[10.0, 0, 4], [0, 10, 2], [0, 0, 1]])
    return CameraCalibration(8, 4, matrix, 'plumb_bob', np.zeros(4), rotation)


def turned(angle: float) -> np.ndarray:
    """Return a rotation about y: a point ahead moves to the right."""
    sine, cosine = math.sin(angle), math.cos(angle)
    return np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])


def test_a_camera_of_half_the_focal_length_sees_every_second_pixel() -> None:
    network = PinholeCamera(6, 3, 5.0, 3.0, 1.0)
    depth = np.arange(32, dtype=np.float32).reshape(4, 8)
    # Column x of the network is column 4 + 2 (x - 3) of the view, row y is row 2 + 2 (y - 1).
    expected = [[NAN, 0, 2, 4, 6, NAN], [NAN, 16, 18, 20, 22, NAN], [NAN] * 6]
    found = RectifiedView(VIEW, network).to_network(depth)
    np.testing.assert_array_equal(found, np.float32(expected))
    assert found.dtype == np.float32


def test_equal_cameras_change_nothing() -> None:
    depth = np.arange(1, 33, dtype=np.float32).reshape(4, 8)
    depth[1, 2] = NAN
    view = RectifiedView(VIEW, VIEW)
    np.testing.assert_array_equal(view.to_network(depth), depth)
    np.testing.assert_allclose(view.to_view(depth), depth, rtol=1e-6)


def test_disparity_is_interpolated_on_the_way_back() -> None:
    network = PinholeCamera(6, 3, 5.0, 3.0, 1.0)
    view = RectifiedView(VIEW, network)
    disparity = np.tile(np.float32([1, 2, 4, 6, 8, 10]), (3, 1))
    found = view.to_view(1 / disparity)
    # Column x of the view is column 3 + (x - 4) / 2 of the network.
    np.testing.assert_allclose(1 / found[0], [2, 3, 4, 5, 6, 7, 8, 9], rtol=1e-6)


def test_beside_a_hole_the_nearest_pixel_counts() -> None:
    network = PinholeCamera(6, 3, 5.0, 3.0, 1.0)
    depth = np.full((3, 6), 2, np.float32)
    depth[:, 3] = NAN
    found = RectifiedView(VIEW, network).to_view(depth)
    # Columns 3.5 and 4 of the network are nearest to column 4, column 2.5 to column 3.
    np.testing.assert_array_equal(found[0], np.float32([2, 2, 2, NAN, NAN, 2, 2, 2]))


def test_pixels_that_the_network_does_not_see_have_no_depth() -> None:
    narrow = PinholeCamera(2, 2, 10.0, 1.0, 1.0)  # columns 3 and 4, rows 1 and 2 of the view
    found = RectifiedView(VIEW, narrow).to_view(np.full((2, 2), 3, np.float32))
    assert np.argwhere(found == 3).tolist() == [[1, 3], [1, 4], [2, 3], [2, 4]]
    assert np.isnan(found).sum() == 28
    mask = RectifiedView(VIEW, narrow).mask_to_view(np.array([[True, False], [False, False]]))
    assert np.argwhere(mask).tolist() == [[1, 3]]


def test_raw_depth_without_lens_and_rotation_is_unchanged() -> None:
    depth = np.arange(32, dtype=np.float32).reshape(4, 8)
    depth[2, 3], depth[3, 3] = np.inf, NAN
    expected = np.where(np.isfinite(depth) & (depth > 0), depth, np.float32(NAN))
    np.testing.assert_array_equal(RawView(raw(np.eye(3)), VIEW).to_network(depth), expected)


def test_raw_depth_is_taken_along_the_rectified_axis() -> None:
    # Straight ahead at 2 m: after a turn by 0.2 rad, z is 2 cos 0.2 and x is 2 sin 0.2, which is
    # column 4 + 10 tan 0.2 = 6.03.
    depth = np.full((4, 8), NAN, np.float32)
    depth[2, 4] = 2
    found = RawView(raw(turned(0.2)), VIEW).to_network(depth)
    assert np.argwhere(np.isfinite(found)).tolist() == [[2, 6]]
    assert found[2, 6] == pytest.approx(2 * math.cos(0.2))


def test_the_nearest_surface_on_a_pixel_counts() -> None:
    network = PinholeCamera(2, 1, 1.0, 0.5, 0.0)
    depth = np.array([[NAN] * 8, [NAN] * 8, [5, 4, 7, 9, 3, 8, 6, 2], [NAN] * 8], np.float32)
    found = RawView(raw(np.eye(3)), network).to_network(depth)
    # Columns 0 to 3 look left of the axis; column 4 is the axis, half a pixel off either one.
    np.testing.assert_array_equal(found, np.float32([[4, 2]]))


def test_depth_of_another_size_is_refused() -> None:
    for view in (RectifiedView(VIEW, VIEW), RawView(raw(np.eye(3)), VIEW)):
        with pytest.raises(ValueError, match=r'shape \(3, 3\)'):
            view.to_network(np.ones((3, 3), np.float32))
