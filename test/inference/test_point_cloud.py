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

"""Points of a depth image."""

import numpy as np

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.inference.point_cloud import point_cloud

CAMERA = PinholeCamera(width=4, height=3, f=2.0, cx=1.0, cy=0.5)


def test_a_point_by_hand() -> None:
    depth = np.full((3, 4), np.nan, np.float32)
    depth[2, 3] = 4.0
    depth[0, 0] = np.inf
    colours = np.zeros((3, 4, 3), np.uint8)
    colours[2, 3] = 1, 2, 3
    ((x, y, z, rgb),) = point_cloud(depth, CAMERA, colours)
    # (3 - 1) / 2 * 4 m to the right, (2 - 0.5) / 2 * 4 m down
    assert (x, y, z) == (4.0, 3.0, 4.0)
    assert rgb.view(np.uint32) == 0x010203


def test_points_project_to_their_pixels() -> None:
    rng = np.random.default_rng(1)
    depth = rng.uniform(0.4, 13, (3, 4)).astype(np.float32)
    points = point_cloud(depth, CAMERA, np.zeros((3, 4, 3), np.uint8))
    pixels = CAMERA.to_pixels(points[:, :3].astype(np.float64))
    np.testing.assert_allclose(pixels[:, 0], np.tile(np.arange(4), 3), atol=1e-5)
    np.testing.assert_allclose(pixels[:, 1], np.repeat(np.arange(3), 4), atol=1e-5)
    assert np.array_equal(points[:, 2], depth.ravel())


def test_no_depth_gives_no_points() -> None:
    empty = np.full((3, 4), np.nan, np.float32)
    assert point_cloud(empty, CAMERA, np.zeros((3, 4, 3), np.uint8)).shape == (0, 4)
