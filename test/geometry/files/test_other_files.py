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

"""Files that are given for a calibration by mistake: each is called by its name."""

from pathlib import Path

import pytest

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.load import load

OPENCV = """%YAML:1.0
---
image_width: 346
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 2.26e+02, 0., 173., 0., 2.26e+02, 130., 0., 0., 1. ]
"""
INI = """# oST version 5.0 parameters


[image]

width
346

[left]

camera matrix
226.0 0.0 173.0
"""
REPORT = """Calibration results
====================
Camera-system parameters:
\tcam0 (/left/image_raw):
\t type: <class 'aslam_cv.libaslam_cv_python.DistortedPinholeCameraGeometry'>
"""


@pytest.mark.parametrize(
    ('content', 'kind', 'instead'),
    [
        (OPENCV, "OpenCV's file", 'a ROS calibration, .* or a kalibr camchain'),
        (OPENCV.replace('%YAML:1.0\n', ''), "OpenCV's file", 'ost.yaml'),
        ('<?xml version="1.0"?>\n<opencv_storage>\n', "OpenCV's file", 'ost.yaml'),
        (INI, "ROS's old .ini file", 'ost.yaml.* camera_calibration_parsers'),
        (REPORT, "kalibr's report", 'the camchain beside it'),
        ('target_type: aprilgrid\ntagCols: 6\n', "kalibr's description of a target", 'camchain'),
        ('imu0:\n  rostopic: /imu\n', "kalibr's description of an IMU", 'the camchain'),
        ('/**:\n  ros__parameters:\n    x: 1\n', 'a parameter file of ROS nodes', 'a calibration'),
        ('<!DOCTYPE html>\n<html lang="en">\n', 'a web page', 'the file itself'),
        ('version https://git-lfs.github.com/spec/v1\noid sha256:1\n', 'a pointer of', 'git lfs'),
    ],
)
def test_kind(tmp_path: Path, content: str, kind: str, instead: str) -> None:
    path = tmp_path / 'calibration.yaml'
    path.write_text(content)
    with pytest.raises(CalibrationError, match=f"calibration.yaml' is {kind}.*: give .*{instead}"):
        load(str(path), '', 2)
