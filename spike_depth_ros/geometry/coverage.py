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

"""Coverage: the share of the spike frame that a camera sees, compared with its lens's field."""

from dataclasses import replace

import numpy as np

from spike_depth_ros.geometry.calibration import CameraCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pixel_table import PixelTable, pixel_table

# Rectification of cameras that are turned towards each other costs up to a fifth.
MIN_SHARE_OF_LENS = 0.8


def poor_coverage(
    name: str, camera: CameraCalibration, table: PixelTable, network: PinholeCamera
) -> str:
    """Return a sentence about a camera that covers too little of the spike frame, else ''.

    Args:
        name: 'left' or 'right'.
        camera: calibration of the camera.
        table: pixel table of the camera.
        network: camera of the spike frame.
    """
    possible = _centred_coverage(camera, network)
    if table.covered >= MIN_SHARE_OF_LENS * possible:
        return ''
    return (
        f"the {name} camera covers {table.covered:.0%} of the network's image, but its lens would "
        f'cover {possible:.0%} if it looked straight ahead: are principal point, image size and '
        'rotation of the calibration right?'
    )


def _centred_coverage(camera: CameraCalibration, network: PinholeCamera) -> float:
    """Return the coverage of the same lens over the middle of its sensor, without rotation."""
    matrix = camera.camera_matrix.copy()
    matrix[:2, 2] = (camera.width - 1) / 2, (camera.height - 1) / 2
    straight = replace(camera, camera_matrix=matrix, rectification=np.eye(3))
    return pixel_table(straight, network).covered
