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

"""The pixel tables of a rig, calibrated or not."""

import numpy as np
import pytest
from published_lenses import camera

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.pixel_table import pixel_table, resize_table
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG

NETWORK = MVSEC_RIG.camera
LEFT = camera('plumb_bob', -0.3, 0.08, 0.0005, -0.001)
RIGHT = camera('equidistant', -0.05, 0.01, -0.05, 0.02)


def test_without_a_calibration_any_sensor_is_fitted_in() -> None:
    rig = RigMap(NETWORK, None)
    assert (rig.baseline_m, rig.rotation) == (None, None)
    for width, height in ((640, 480), (1280, 720)):
        expected = resize_table(width, height, NETWORK.width, NETWORK.height)
        assert np.array_equal(rig.table(1, width, height).index, expected.index)


def test_with_a_calibration_each_camera_has_its_table() -> None:
    rig = RigMap(NETWORK, RigCalibration((LEFT, RIGHT), 0.12))
    assert rig.baseline_m == 0.12
    assert rig.rotation is LEFT.rectification
    for number, one in enumerate((LEFT, RIGHT)):
        table = rig.table(number, one.width, one.height)
        assert np.array_equal(table.index, pixel_table(one, NETWORK).index)


def test_the_imu_turns_with_the_rectification() -> None:
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    rig = RigMap(NETWORK, RigCalibration((LEFT, RIGHT), 0.12, turn))
    np.testing.assert_allclose(rig.imu_rotation, LEFT.rectification @ turn)
    assert RigMap(NETWORK, RigCalibration((LEFT, RIGHT), 0.12)).imu_rotation is None


def test_a_sensor_of_another_size_is_refused() -> None:
    rig = RigMap(NETWORK, RigCalibration((LEFT, RIGHT), 0.12))
    with pytest.raises(CalibrationError, match='the right sensor has 64 x 48 pixels, but its cal'):
        rig.table(1, 64, 48)
