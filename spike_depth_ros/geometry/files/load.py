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

"""Calibration from a file of any known kind."""

from typing import Literal

from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.errors import CalibrationError, naming
from spike_depth_ros.geometry.files import (
    basalt,
    camera_info,
    dsec,
    kalibr,
    other_files,
    yaml_file,
)
from spike_depth_ros.geometry.files.section import Section

# Key at the top of each kind of file.
KINDS = {
    'cam0': 'a kalibr camchain',
    'intrinsics': 'a DSEC cam_to_cam file',
    basalt.TOP: 'a Basalt calibration',
    'camera_matrix': 'a ROS camera calibration',
}
# Readers of files of a rig, by their key.
READERS = {'cam0': kalibr.read, 'intrinsics': dsec.read, basalt.TOP: basalt.read}


def load(path: str, right_path: str, cameras: Literal[1, 2]) -> RigCalibration:
    """Load a kalibr camchain, a DSEC cam_to_cam file, Basalt's file or ROS camera calibrations.

    The kind follows from the content. Raises CalibrationError, one sentence with the path, for a
    file that is missing, unreadable or wrong.

    Args:
        path: file of the rig, or of the left camera.
        right_path: file of the right camera with a ROS calibration of the left one, else empty.
        cameras: number of cameras; 1 reads the left one.
    """
    document = _document(path)
    one_each = 'camera_matrix' in document
    if right_path and not (one_each and cameras == 2):
        raise CalibrationError(
            f"The calibration '{path}' is all that is needed here: leave out '{right_path}'."
        )
    if one_each:
        return _from_camera_infos(path, document, right_path, cameras)
    with naming(_name(path)):
        return next(read for key, read in READERS.items() if key in document)(document, cameras)


def _from_camera_infos(
    path: str, document: Section, right_path: str, cameras: Literal[1, 2]
) -> RigCalibration:
    left = _camera_info(path, document)
    if cameras == 1:
        return camera_info.rig(left, None, (_name(path), ''))
    if not right_path:
        raise CalibrationError(
            f"The calibration '{path}' is that of one camera: give the right camera's file too."
        )
    right = _camera_info(right_path, _document(right_path))
    return camera_info.rig(left, right, (_name(path), _name(right_path)))


def _camera_info(path: str, document: Section) -> camera_info.CameraInfoRecord:
    with naming(_name(path)):
        return camera_info.read(document)


def _document(path: str) -> Section:
    """Return the mapping in a file of one of the known kinds."""
    text = yaml_file.read(path)
    try:
        document = yaml_file.parse(path, text)
    except CalibrationError:
        _refuse(path, *other_files.kind_of_text(text))
        raise
    if isinstance(document, dict) and KINDS.keys() & document.keys():
        return Section(document)
    _refuse(path, *other_files.kind_of_text(text))
    _refuse(path, *other_files.kind_of_document(document))
    kinds = ', '.join(f'{kind} (with {key})' for key, kind in KINDS.items())
    raise CalibrationError(f'{_name(path)} is none of {kinds}: give one of these.')


def _refuse(path: str, kind: str, instead: str) -> None:
    if kind:
        raise CalibrationError(f'{_name(path)} is {kind}: give {instead}.')


def _name(path: str) -> str:
    return f"The calibration '{path}'"
