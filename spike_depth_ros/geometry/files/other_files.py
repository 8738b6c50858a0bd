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

"""Files that users give by mistake: their kind, and the file to give instead."""

from collections.abc import Mapping

ROS_FILE = 'the YAML file that camera_calibration writes (ost.yaml, left.yaml or right.yaml)'
OPENCV = ("OpenCV's file", f'a ROS calibration, {ROS_FILE}, or a kalibr camchain')
INI = ("ROS's old .ini file", f'{ROS_FILE}, or convert it with camera_calibration_parsers')
REPORT = ("kalibr's report", 'the camchain beside it, whose name ends with camchain.yaml')
# Words in each kind of text.
TEXTS = {
    '%YAML:1.0': OPENCV,
    '!!opencv-matrix': OPENCV,
    '<opencv_storage': OPENCV,
    'oST version': INI,
    '[image]': INI,
    '[camera matrix]': INI,
    'Camera-system parameters': REPORT,
    'Calibration results': REPORT,
    'git-lfs.github.com': ('a pointer of git LFS', 'the file itself, after `git lfs pull`'),
    '<html': ('a web page', 'the file itself'),
    '<?xml': ('an XML file', f'a kalibr camchain or {ROS_FILE}'),
}
# Keys at the top of a YAML file.
KEYS = {
    'target_type': ("kalibr's description of a target", 'the camchain that kalibr writes'),
    'imu0': ("kalibr's description of an IMU", 'the camchain that kalibr writes'),
    'rostopic': ("kalibr's description of an IMU", 'the camchain that kalibr writes'),
}


def kind_of_text(text: str) -> tuple[str, str]:
    """Return the kind of a text and the file to give instead; two empty strings if unknown."""
    if not text.strip():
        return 'empty', 'a kalibr camchain, a DSEC cam_to_cam file or a ROS calibration'
    found = (kind for words, kind in TEXTS.items() if words.lower() in text.lower())
    return next(found, ('', ''))


def kind_of_document(document: object) -> tuple[str, str]:
    """Return the kind of a YAML document and the file to give instead; see kind_of_text."""
    if not isinstance(document, Mapping):
        return '', ''
    if any(
        isinstance(value, Mapping) and 'ros__parameters' in value for value in document.values()
    ):
        return (
            'a parameter file of ROS nodes',
            'a calibration; parameters are given with --params-file',
        )
    return next((KEYS[key] for key in KEYS if key in document), ('', ''))
