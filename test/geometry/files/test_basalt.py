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

"""Calibrations of Basalt: poses, lenses, and files that are none."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from testing.recordings.tum_vie import write_calibration


def test_event_cameras_side_by_side(tmp_path: Path) -> None:
    path = tmp_path / 'calibration.json'
    write_calibration(path, MVSEC_RIG)
    rig = load(str(path), '', 2)
    assert rig.baseline_m == pytest.approx(MVSEC_RIG.baseline_m)
    for camera in rig.cameras:
        assert (camera.width, camera.height) == (1280, 720)
        np.testing.assert_allclose(camera.rectification, np.eye(3), atol=1e-9)
    assert rig.cameras[0].camera_matrix[0, 0] == MVSEC_RIG.camera.f
    assert load(str(path), '', 1).baseline_m == 0


def test_the_imu(tmp_path: Path) -> None:
    path = tmp_path / 'calibration.json'
    write_calibration(path, MVSEC_RIG)
    expected = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    np.testing.assert_allclose(load(str(path), '', 2).imu_rotation, expected, atol=1e-12)


@pytest.mark.parametrize(
    ('change', 'words'),
    [
        (lambda top: top['intrinsics'].pop(), 'must have 4'),
        (lambda top: top['intrinsics'][2].update(camera_type='ds'), 'only kb4'),
        (lambda top: top['T_imu_cam'][3].pop('qx'), r'T_imu_cam\[3\]\.qx'),
        (lambda top: top['T_imu_cam'][3].update(qw=5.0), 'quaternion'),
        (lambda top: top.update(T_imu_cam=3), 'a list of mappings'),
        (lambda top: top['T_imu_cam'].reverse(), 'must lie to its right|exchanged'),
    ],
)
def test_a_wrong_value_is_named(
    tmp_path: Path, change: Callable[[Any], object], words: str
) -> None:
    path = tmp_path / 'calibration.json'
    write_calibration(path, MVSEC_RIG)
    document = json.loads(path.read_text())
    change(document['value0'])
    path.write_text(json.dumps(document))
    with pytest.raises(CalibrationError, match=words):
        load(str(path), '', 2)
