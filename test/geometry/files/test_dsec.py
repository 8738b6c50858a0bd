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

"""cam_to_cam files of DSEC: the published file, and a small file by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.dsec import read
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.geometry.files.section import Section

UPRIGHT = np.eye(3).tolist()


def raw(width: int) -> dict[str, Any]:
    """Return a raw camera of this width."""
    return {
        'camera_model': 'pinhole',
        'camera_matrix': [556.0, 557.0, 342.0, 215.0],
        'distortion_model': 'radtan',
        'distortion_coeffs': [-0.1, 0.2, -0.0003, 6.7e-05],
        'resolution': [width, 480],
    }


def cam_to_cam(**changes: Any) -> Section:
    """Return a file with four cameras, of which 1 and 2 are not read; changes: to its top."""
    content = {
        'intrinsics': {'cam0': raw(640), 'cam1': {}, 'cam2': {}, 'cam3': raw(641)},
        'extrinsics': {'R_rect0': UPRIGHT, 'R_rect3': UPRIGHT},
        'disparity_to_depth': {'cams_03': [*np.eye(4).tolist()[:3], [0, 0, 2.0, 0]]},
    }
    return Section(content | changes)


def test_dsec(data: Path) -> None:
    rig = load(str(data / 'calibration/dsec_cam_to_cam.yaml'), '', 2)
    assert rig.baseline_m == pytest.approx(0.599238, abs=5e-7)
    left, right = rig.cameras
    assert left.camera_matrix[0].tolist() == [556.7176612320709, 0, 342.4201113309635]
    assert right.camera_matrix[0].tolist() == [555.5677991069006, 0, 321.01081512281286]
    assert right.rectification[0, 2] == -0.031714179918873986


def test_the_event_cameras_are_the_first_and_the_last() -> None:
    rig = read(cam_to_cam(), 2)
    assert [camera.width for camera in rig.cameras] == [640, 641]
    assert rig.baseline_m == 0.5


def test_one_camera_is_the_left_one() -> None:
    rig = read(cam_to_cam(disparity_to_depth={}), 1)
    assert [camera.width for camera in rig.cameras] == [640]
    assert rig.baseline_m == 0


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'intrinsics': {'cam0': raw(640)}},
            r'intrinsics\.cam3 is missing, but must be a mapping',
        ),
        ({'extrinsics': {'R_rect0': UPRIGHT}}, r'extrinsics\.R_rect3 is missing, but must be a l'),
        ({'extrinsics': [1]}, r'extrinsics is \[1\], but must be a mapping'),
        ({'disparity_to_depth': {}}, r'disparity_to_depth\.cams_03 is missing'),
        ({'disparity_to_depth': {'cams_03': [[0] * 4] * 4}}, 'the baseline is inf m, but must be'),
        ({'intrinsics': {'cam0': raw(5000)}}, r'in intrinsics\.cam0, the size is 5000 x 480, but'),
    ],
)
def test_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        read(cam_to_cam(**changes), 2)
