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

"""DSEC's cam_to_cam files: cam0 is the left event camera, cam3 the right one."""

import math
from typing import Literal

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.files.kalibr import raw_camera
from spike_depth_ros.geometry.files.section import Section

# cam1 and cam2 are frame cameras.
EVENT_CAMERAS = (0, 3)


def read(document: Section, cameras: Literal[1, 2]) -> RigCalibration:
    """Read the event cameras from a parsed cam_to_cam file.

    The baseline is 1 / Q[3][2] of disparity_to_depth.cams_03. Raises CalibrationError with the key
    of a value that is missing or wrong.

    Args:
        document: top of the file.
        cameras: number of cameras; 1 reads the left one.
    """
    intrinsics, extrinsics = document.section('intrinsics'), document.section('extrinsics')
    raw = [
        raw_camera(
            intrinsics.section(f'cam{number}'),
            'camera_matrix',
            extrinsics.numbers(f'R_rect{number}', 3, 3),
        )
        for number in EVENT_CAMERAS[:cameras]
    ]
    return RigCalibration(tuple(raw), _baseline(document) if cameras == 2 else 0.0)


def _baseline(document: Section) -> float:
    inverse = document.section('disparity_to_depth').numbers('cams_03', 4, 4)[3, 2]
    return float(1 / inverse) if inverse else math.inf
