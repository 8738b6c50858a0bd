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

"""Rectified cameras and disparities of published calibration files."""

from pathlib import Path

import pytest

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.rectified import disparity_focal_baseline, rectified_camera


def test_mvsec_projection_matrix(data: Path) -> None:
    path = str(data / 'calibration/mvsec_indoor_flying.yaml')
    assert rectified_camera(path, 'left') == PinholeCamera(
        346, 260, 199.6530123165822, 177.43276376280926, 126.81215684365904
    )
    assert rectified_camera(path, 'right').f == 199.6530123165822


def test_dsec_rectified_event_cameras(data: Path) -> None:
    path = str(data / 'calibration/dsec_cam_to_cam.yaml')
    for side in ('left', 'right'):
        assert rectified_camera(path, side) == PinholeCamera(
            640, 480, 583.3081203392971, 336.83414459228516, 220.91131019592285
        )


def test_dsec_disparity_to_depth(data: Path) -> None:
    """Q[2][3] / Q[3][2] = 583.308 px / 1.66879 per m."""
    path = str(data / 'calibration/dsec_cam_to_cam.yaml')
    assert disparity_focal_baseline(path) == pytest.approx(583.3081203 / 1.6687860862, rel=1e-9)


@pytest.mark.parametrize(
    'text', ['cam0: {resolution: [346, 260]}', '[1, 2]', 'intrinsics: {camRect0: {}}', 'a: {{']
)
def test_another_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text(text)
    with pytest.raises(CalibrationError, match=r'a\.yaml'):
        rectified_camera(str(path), 'left')
    with pytest.raises(CalibrationError, match=r'a\.yaml'):
        disparity_focal_baseline(str(path))


def test_disparities_of_two_signs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / 'a.yaml'
    path.write_text(
        'disparity_to_depth:\n'
        '  cams_03: [[1, 0, 0, -3], [0, 1, 0, -2], [0, 0, 0, 5], [0, 0, -1.5, 0]]'
    )
    with pytest.raises(CalibrationError, match='one sign'):
        disparity_focal_baseline(str(path))
