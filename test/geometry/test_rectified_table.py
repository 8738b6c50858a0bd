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

"""Pixel table of a calibrated camera: known cases, and rounding of the map of every pixel."""

from dataclasses import replace

import numpy as np
import pytest
from published_lenses import camera

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.pixel_table import pixel_table, resize_table
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

NETWORK = MVSEC_RIG.camera
CURVED = camera('plumb_bob', -0.3, 0.08, 0.0005, -0.001)


def straight(width: int, height: int, f: float) -> CameraCalibration:
    """Return a camera without distortion that looks through the middle of its sensor."""
    matrix = np.array([[f, 0, width / 2 - 0.5], [0, f, height / 2 - 0.5], [0, 0, 1]])
    return CameraCalibration(width, height, matrix, 'plumb_bob', np.zeros(0), np.eye(3))


def centred(width: int, height: int, f: float) -> PinholeCamera:
    """Return a network camera that looks through the middle of its image."""
    return PinholeCamera(width, height, f, width / 2 - 0.5, height / 2 - 0.5)


def turned(raw: CameraCalibration, pitch: float, yaw: float) -> CameraCalibration:
    """Return a camera whose rectification turns it, angles in radians."""
    up = np.array(
        [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    )
    aside = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    return replace(raw, rectification=up @ aside)


def test_the_same_camera_gives_the_identity() -> None:
    table = pixel_table(straight(346, 260, 200), centred(346, 260, 200))
    assert np.array_equal(table.index, np.arange(260 * 346).reshape(260, 346))
    assert table.mapped.all()
    assert table.median_raw_pixels == 1


@pytest.mark.parametrize(
    ('raw', 'network'),
    [
        ((640, 480), (346, 260)),
        ((1280, 720), (346, 260)),
        ((240, 180), (346, 260)),
        ((9, 7), (4, 3)),
    ],
)
def test_a_scaled_camera_gives_the_plain_resize(
    raw: tuple[int, int], network: tuple[int, int]
) -> None:
    scale = min(network[0] / raw[0], network[1] / raw[1])
    table = pixel_table(straight(*raw, 500), centred(*network, 500 * scale))
    plain = resize_table(*raw, *network)
    assert np.array_equal(table.index, plain.index)
    assert np.array_equal(table.mapped, plain.mapped)


def test_a_shorter_network_crops() -> None:
    table = pixel_table(straight(4, 3, 100), PinholeCamera(2, 2, 100, 0.5, 0.0))
    assert table.index.tolist() == [[-1] * 4, [-1, 0, 1, -1], [-1, 2, 3, -1]]
    assert table.mapped.all()


def test_a_camera_on_its_head_is_turned_upright() -> None:
    raw = replace(straight(3, 2, 100), rectification=np.diag([-1.0, -1.0, 1.0]))
    assert pixel_table(raw, centred(3, 2, 100)).index.tolist() == [[5, 4, 3], [2, 1, 0]]


def test_half_a_pixel_rounds_up_as_half_open_pixels_do() -> None:
    network = PinholeCamera(3, 1, 100, 1.5, 0.0)
    assert pixel_table(straight(3, 1, 100), network).index.tolist() == [[1, 2, -1]]


@pytest.mark.parametrize(
    'raw',
    [
        CURVED,
        turned(CURVED, 0.3, -0.5),
        turned(camera('equidistant', -0.048, 0.0113, -0.0554, 0.0215), -0.1, 1.2),
        turned(camera('plumb_bob', -0.3, 0.0, 0.0, 0.0, f=120.0), 0.0, 0.1),
    ],
)
def test_the_table_is_the_rounding_of_the_map(raw: CameraCalibration) -> None:
    row, column = np.mgrid[: raw.height, : raw.width]
    pixels = np.column_stack([column.ravel(), row.ravel()]).astype(float)
    table = pixel_table(raw, NETWORK)
    for place, index in zip(
        NETWORK.to_pixels(raw.to_rays(pixels)), table.index.ravel(), strict=True
    ):
        if index < 0:
            within = np.all(place >= -0.5) and np.all(
                place < (NETWORK.width - 0.5, NETWORK.height - 0.5)
            )
            assert np.isnan(place).all() or not within
        else:
            assert np.abs(place - (index % NETWORK.width, index // NETWORK.width)).max() <= 0.5
            assert table.mapped.ravel()[index]


def test_only_pixels_that_look_at_the_sensor_are_mapped() -> None:
    small = straight(100, 80, 400)
    table = pixel_table(small, centred(346, 260, 800))
    inside = np.zeros((260, 346), np.bool_)
    inside[50:210, 73:273] = True
    assert np.array_equal(table.mapped, inside)
    assert table.median_raw_pixels == 0


def test_a_camera_that_looks_elsewhere_is_refused() -> None:
    for yaw in (2.0, 3.0):
        with pytest.raises(
            CalibrationError, match="lands in the network's image of 346 x 260: co"
        ):
            RigMap(NETWORK, RigCalibration((turned(CURVED, 0.0, yaw),), 0.0))
