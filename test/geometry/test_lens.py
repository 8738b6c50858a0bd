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

"""Lenses against the published formulas, there and back, and at their limits."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from published_lenses import camera, project

from spike_depth_ros.geometry.calibration import CameraCalibration
from spike_depth_ros.geometry.lens import to_pixels, to_rays

CAMERAS = [
    camera('plumb_bob'),
    camera('plumb_bob', -0.109, 0.268, 0.0004, -0.0081),
    camera('plumb_bob', -0.35, 0.15, 0.0005, -0.0003, -0.03, f=280.0),
    camera('rational_polynomial', 0.5, -2.7, 0.0008, -0.0003, 1.55, 0.38, -2.5, 1.48),
    camera('rational_polynomial', 20.3, 12.1, 1e-4, -2e-4, 0.7, 20.7, 19.5, 3.9),
    camera('equidistant', -0.048, 0.0113, -0.0554, 0.0215),
]
# Lenses that fold, and the tangent of the angle off the axis at which the radius stops growing.
FOLDING = [
    (camera('plumb_bob', -0.3, 0.0, 0.0, 0.0), (1 / 0.9) ** 0.5),
    (camera('rational_polynomial', 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0), 1.0),
    (camera('rational_polynomial', 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0), 1.0),
    (camera('equidistant', -0.5, 0.0, 0.0, 0.0), np.tan((2 / 3) ** 0.5)),
]


def whole_sensor(lens: CameraCalibration) -> Any:
    """Return the centres of all pixels: float64 [n, 2]."""
    grid = np.meshgrid(np.arange(float(lens.width)), np.arange(float(lens.height)))
    return np.column_stack([axis.ravel() for axis in grid])


@pytest.mark.parametrize('lens', CAMERAS)
def test_rays_of_all_pixels_come_back_by_the_published_formula(lens: CameraCalibration) -> None:
    pixels = whole_sensor(lens)
    rays = to_rays(lens, pixels)
    assert np.all(rays[:, 2] == 1)
    back = project(rays, lens.camera_matrix, lens.distortion_model, lens.distortion)
    assert np.abs(back - pixels).max() < 1e-6


@pytest.mark.parametrize('lens', CAMERAS)
@pytest.mark.parametrize('length', [0.01, 1.0, 80.0])
def test_pixels_follow_the_published_formula(lens: CameraCalibration, length: float) -> None:
    plane = np.mgrid[-0.8:0.8:41j, -0.6:0.6:31j].reshape(2, -1)
    rays = length * np.vstack([plane, np.ones(plane.shape[1])]).T
    expected = project(rays, lens.camera_matrix, lens.distortion_model, lens.distortion)
    assert to_pixels(lens, rays) == pytest.approx(expected, abs=1e-9)


def test_the_principal_point_looks_ahead() -> None:
    for lens in CAMERAS:
        assert to_rays(lens, np.array([[173.0, 129.0]])) == pytest.approx(np.array([[0, 0, 1]]))


@pytest.mark.parametrize('lens', CAMERAS)
def test_rays_from_behind_have_no_pixel(lens: CameraCalibration) -> None:
    rays = np.array([[0.1, 0.1, -1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    assert np.isnan(to_pixels(lens, rays)).all()


@pytest.mark.parametrize(('lens', 'limit'), FOLDING)
def test_rays_beyond_the_fold_do_not_return_to_the_sensor(
    lens: CameraCalibration, limit: float
) -> None:
    for direction in ((1, 0), (0, -1), (0.6, 0.8)):
        rays = np.array([[*np.multiply(direction, limit * s), 1] for s in (0.999, 1.001, 1.5, 99)])
        assert np.isfinite(to_pixels(lens, rays)).all(axis=1).tolist() == [True] + [False] * 3


@pytest.mark.parametrize(('lens', 'limit'), FOLDING)
def test_pixels_that_no_light_reaches_have_no_ray(lens: CameraCalibration, limit: float) -> None:
    wide = CameraCalibration(
        800, 600, lens.camera_matrix, lens.distortion_model, lens.distortion, np.eye(3)
    )
    pixels = whole_sensor(wide)
    rays = to_rays(wide, pixels)
    assert np.nanmax(np.hypot(rays[:, 0], rays[:, 1])) < limit
    edge = np.array([[limit * 0.9999, 0.0, 1.0]])
    reached = to_pixels(wide, edge)[0, 0] - wide.camera_matrix[0, 2]
    radius = np.hypot(*((pixels - wide.camera_matrix[:2, 2]) / (200, 201)).T)
    assert np.isnan(rays[radius > 1.001 * reached / 200]).all()
    assert np.isfinite(rays[radius < 0.9 * min(reached / 200, 0.6)]).all()


@given(
    st.sampled_from([('plumb_bob', 5), ('rational_polynomial', 8), ('equidistant', 4)]),
    st.lists(st.floats(-1e6, 1e6), min_size=8, max_size=8),
    st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=2),
)
def test_rays_of_any_lens_return_to_their_pixel_or_are_nan(
    model: tuple[str, int], coefficients: list[float], pixel: list[float]
) -> None:
    lens = camera(model[0], *coefficients[: model[1]])
    pixels = np.array([pixel])
    rays = to_rays(lens, pixels)
    assert np.isnan(rays).all() or np.abs(to_pixels(lens, rays) - pixels).max() <= 0.01
