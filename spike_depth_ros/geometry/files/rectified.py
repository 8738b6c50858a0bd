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

"""Rectified cameras in calibration files of data sets: the views of their true depth."""

from typing import Literal

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.errors import CalibrationError, naming
from spike_depth_ros.geometry.files import dsec, yaml_file
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.geometry.stereo_rig import CAMERAS

# Numbers of the cameras in each kind of file.
CAMCHAIN = {'left': 0, 'right': 1}
CAM_TO_CAM = dict(zip(CAMERAS, dsec.EVENT_CAMERAS, strict=True))


def rectified_camera(path: str, side: Literal['left', 'right']) -> PinholeCamera:
    """Read a rectified event camera from MVSEC's camchain or DSEC's cam_to_cam file.

    They are cam0 and cam1 by their projection_matrix, and camRect0 and camRect3. Raises
    CalibrationError, one sentence with the path, for any other file.
    """
    with naming(f"The calibration '{path}'"):
        document = _document(path)
        if 'cam0' in document:
            section = document.section(f'cam{CAMCHAIN[side]}')
            matrix = section.numbers('projection_matrix', 3, 4)
            f, cx, cy = matrix[0, 0], matrix[0, 2], matrix[1, 2]
        else:
            section = document.section('intrinsics').section(f'camRect{CAM_TO_CAM[side]}')
            f, _, cx, cy = section.numbers('camera_matrix', 4)
        width, height = section.size('resolution')
        return PinholeCamera(width, height, float(f), float(cx), float(cy))


def disparity_focal_baseline(path: str) -> float:
    """Read f * baseline of DSEC's event cameras, pixels times metres, from Q of cams_03.

    Depth is Q[2][3] / (Q[3][2] * disparity). Raises CalibrationError, one sentence with the path.
    """
    with naming(f"The calibration '{path}'"):
        matrix = _document(path).section('disparity_to_depth').numbers('cams_03', 4, 4)
        if not matrix[2, 3] * matrix[3, 2] > 0:
            raise CalibrationError(
                f'Q[2][3] and Q[3][2] of disparity_to_depth.cams_03 are {matrix[2, 3]:g} and '
                f'{matrix[3, 2]:g}, but must have one sign'
            )
        return float(matrix[2, 3] / matrix[3, 2])


def _document(path: str) -> Section:
    document = yaml_file.parse(path, yaml_file.read(path))
    if not isinstance(document, dict):
        raise CalibrationError('it is no mapping')
    return Section(document)
