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

"""Calibration files: their kinds, and an error of one sentence for every other file."""

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.load import load

CAMCHAIN = """
cam0:
  camera_model: pinhole
  distortion_coeffs: [-0.05, 6.7e-05, 1e-05, 0]
  distortion_model: equidistant
  intrinsics: [226.4, 226.2, 173.6, 133.7]
  resolution: [346, 260]
cam1:
  T_cn_cnm1:
  - [1.0, 0.0, 0.0, -0.1]
  - [0.0, 1.0, 0.0, 1e-05]
  - [0.0, 0.0, 1.0, 0.0]
  - [0.0, 0.0, 0.0, 1.0]
  camera_model: pinhole
  distortion_coeffs: [-0.05, 0.01, -0.04, 0.005]
  distortion_model: equidistant
  intrinsics: [226.0, 225.8, 174.5, 124.2]
  resolution: [346, 260]
"""
CAM_TO_CAM = """
intrinsics:
  cam0: &camera
    camera_model: pinhole
    camera_matrix: [556.7, 556.6, 342.4, 215.1]
    distortion_coeffs: [-0.1, 0.2, -0.0003, 6.7e-05]
    distortion_model: radtan
    resolution: [640, 480]
  cam3: *camera
extrinsics:
  R_rect0: &turn [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
  R_rect3: *turn
disparity_to_depth:
  cams_03: [[1, 0, 0, -336.8], [0, 1, 0, -220.9], [0, 0, 0, 583.3], [0, 0, 4.0, 0]]
"""
# As camera_calibration_parsers writes it.
CAMERA_INFO = """
image_width: 640
image_height: 480
camera_name: left
camera_matrix:
  rows: 3
  cols: 3
  data: [556.7, 0, 342.4, 0, 556.6, 215.1, 0, 0, 1]
distortion_model: rational_polynomial
distortion_coefficients:
  rows: 1
  cols: 8
  data: [0.5, -2.7, 8e-05, -3e-4, 1.55, 0.38, -2.5, 1.48]
rectification_matrix:
  rows: 3
  cols: 3
  data: [1, 0, 0, 0, 1, 0, 0, 0, 1]
projection_matrix:
  rows: 3
  cols: 4
  data: [500, 0, 320, TX, 0, 500, 240, 0, 0, 0, 1, 0]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a file of each kind."""
    (tmp_path / 'camchain.yaml').write_text(CAMCHAIN)
    (tmp_path / 'cam_to_cam.yaml').write_text(CAM_TO_CAM)
    (tmp_path / 'left.yaml').write_text(CAMERA_INFO.replace('TX', '0'))
    (tmp_path / 'right.yaml').write_text(CAMERA_INFO.replace('TX', '-1e2'))
    return tmp_path


@pytest.mark.parametrize(
    ('name', 'right', 'model', 'baseline_m'),
    [
        ('camchain', '', 'equidistant', 0.1),
        ('cam_to_cam', '', 'plumb_bob', 0.25),
        ('left', 'right', 'rational_polynomial', 0.2),
    ],
)
def test_each_kind(folder: Path, name: str, right: str, model: str, baseline_m: float) -> None:
    path = str(folder / f'{name}.yaml')
    pair = load(path, str(folder / f'{right}.yaml') if right else '', 2)
    assert [camera.distortion_model for camera in pair.cameras] == [model] * 2
    assert pair.baseline_m == pytest.approx(baseline_m)
    alone = load(path, '', 1)
    assert alone.baseline_m == 0
    assert len(alone.cameras) == 1
    for one, other in zip(alone.cameras, pair.cameras[:1], strict=True):
        assert np.array_equal(one.camera_matrix, other.camera_matrix)
        assert np.array_equal(one.distortion, other.distortion)


def test_a_number_without_a_point_is_a_number(folder: Path) -> None:
    rig = load(str(folder / 'camchain.yaml'), '', 2)
    assert rig.cameras[0].distortion.tolist() == [-0.05, 6.7e-05, 1e-05, 0]


@pytest.mark.parametrize(
    ('path', 'right', 'cameras', 'reason'),
    [
        ('left', '', 2, r"left\.yaml' is that of one camera: give the right camera's file too\.$"),
        ('camchain', 'right', 2, r"chain\.yaml' is all that is needed here: leave out '/.*right"),
        ('cam_to_cam', 'right', 2, r"cam_to_cam\.yaml' is all that is needed here: leave out"),
        ('left', 'right', 1, r"left\.yaml' is all that is needed here: leave out"),
        ('left', 'left', 2, r"left\.yaml' cannot be used \(the baseline is 0 m, but must be 0"),
        ('right', 'left', 2, r"left\.yaml' cannot be used \(the baseline is -0\.2 m, but must be"),
        ('left', 'camchain', 2, r"chain\.yaml' cannot be used \(image_width is missing, but must"),
        ('left', 'absent', 2, r"absent\.yaml' cannot be read \(No such file or directory\): give"),
        ('absent', '', 1, r"absent\.yaml' cannot be read \(No such file or directory\): give"),
    ],
)
def test_files_that_do_not_belong_together(
    folder: Path, path: str, right: str, cameras: Literal[1, 2], reason: str
) -> None:
    with pytest.raises(CalibrationError, match=reason):
        load(str(folder / f'{path}.yaml'), right and str(folder / f'{right}.yaml'), cameras)


@pytest.mark.parametrize(
    ('content', 'reason'),
    [
        (b' \n', 'is empty: give a kalibr camchain, a DSEC cam_to_cam file or a ROS calibration'),
        (b'# a comment', r'is none of a kalibr camchain \(with cam0\), a DSEC cam_to_cam file'),
        (b'[1, 2]', 'is none of a kalibr camchain'),
        (b'just a text', 'is none of a kalibr camchain'),
        (b'width: 5', r'a ROS camera calibration \(with camera_matrix\): give one of these\.$'),
        (b'cam0: 5', r'cannot be used \(it has no cam1, but two cameras are needed: calibrate'),
        (b'cam0: 5\ncam1: 5', r'cannot be used \(cam0 is 5, but must be a mapping\): correct'),
        (b'cam0:\n\tx: 5', r'is no YAML \(line 2: it is indented with a tab, but YAML allows'),
        (b'cam0:\n  x:\t[5', r'is no YAML \(line 2: there is a tab, but YAML allows spaces'),
        (b'cam0:\n  x: [5\ny: 1', r'\(line 2: a list is not closed, .*: x: \[5\): correct it'),
        (b'cam0: {cam1: ', r'is no YAML \(line 1: .*: cam0: {cam1:\): correct it\.$'),
        (b'cam0: {}\ncam0: {}', r'is no YAML \(line 2: a key appears twice: cam0: {}\): corr'),
        (b'cam0: pin: hole', r'is no YAML \(line 1: there is a colon where none can be'),
        (b'cam0:\n  x: 1\n   y: 2', r'is no YAML \(line 3: .* or the line is indented wrongly'),
        (
            b'cam0:\n  a: b\n  x\n  z: 2',
            r'is no YAML \(line 3: a key has no colon: x\): correct it',
        ),
        (b'cam0: "x\n', r'is no YAML \(line 1: a quotation mark is not closed: cam0: "x\)'),
        (b'cam0: *x', r'is no YAML \(line 1: an alias has no anchor'),
        (b'cam0: !x y', r'is no YAML \(line 1: there is a tag that only another program knows'),
        (b'cam0: 1\n---\ncam0: 1', r'is no YAML \(line 2: a second document begins'),
        (b'cam0: 2001-99-99', r'is no YAML \(month must be in 1..12\): correct it\.$'),
        (b'\xff\x00\x80', 'is no text in UTF-8: give a YAML file, saved as UTF-8'),
        ('cam0: {}'.encode('utf-16-le'), 'is no text in UTF-8'),
        ('cam0: röbots'.encode('latin-1'), 'is no text in UTF-8'),
        (b'\x1f\x8b\x08', 'is an archive: unpack it and give a file of it'),
        (b'[' * 5000, r'is no YAML \(it is nested too deeply\): correct it'),
        (b'#' * 100_001, 'has more than 100000 bytes, as no calibration has: give another'),
        (b'intrinsics: {}', r'cannot be used \(extrinsics is missing, but must be a mapping\)'),
        (
            b'camera_matrix: {}',
            r'cannot be used \(image_width is missing, but must be a whole num',
        ),
        (CAMCHAIN.encode().replace(b'226.4', b'-1'), r'cannot be used \(in cam0, the camera matr'),
    ],
)
def test_wrong_content_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / 'calibration.yaml'
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match=reason) as caught:
        load(str(path), '', 2)
    message = str(caught.value)
    assert message.startswith(f"The calibration '{path}' ")
    assert '\n' not in message


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match=r'cannot be read \(Is a directory\): give a file'):
        load(str(tmp_path), '', 1)
