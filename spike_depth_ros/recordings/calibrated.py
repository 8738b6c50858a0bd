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

"""Calibration of a recording's cameras: from a file that the user names, or found with it."""

from collections.abc import Sequence

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.load import load
from spike_depth_ros.recordings.recording import EventCamera, EventRecording, FoundCalibration


def find_calibration(
    recording: EventRecording,
    cameras: Sequence[EventCamera],
    path: str = '',
    right_path: str = '',
) -> FoundCalibration | None:
    """Return the calibration in a file; without one, the one in or beside the recording.

    Args:
        recording: open recording.
        cameras: one or two cameras, left first.
        path: file of the rig or of the left camera, ''.
        right_path: file of the right camera with a ROS calibration of the left one, else ''.

    Raises:
        CalibrationError: a file that cannot be used, or a calibration for sensors of another size.
    """
    if path:
        rig = load(path, right_path, 1 if len(cameras) == 1 else 2)
        found: FoundCalibration | None = FoundCalibration(rig, f"'{path}'")
    else:
        found = recording.calibration(cameras)
    if found is not None:
        _check_sizes(cameras, found)
    return found


def _check_sizes(cameras: Sequence[EventCamera], found: FoundCalibration) -> None:
    for camera, calibrated in zip(cameras, found.rig.cameras, strict=True):
        size, wanted = (camera.width, camera.height), (calibrated.width, calibrated.height)
        if all(size) and size != wanted:
            raise CalibrationError(
                f"The camera '{camera.name}' has {size[0]} x {size[1]} pixels, but its "
                f'calibration {found.origin} is for {wanted[0]} x {wanted[1]}: give that of this '
                'camera.'
            )


def in_words(found: FoundCalibration | None, recording: EventRecording) -> str:
    """Return a sentence about the calibration; '' for simulated cameras, which need none."""
    if found is not None:
        return f'calibration: {found.origin}'
    if recording.is_simulated:
        return ''
    return (
        'calibration: none in or beside the recording, so the cameras are taken as rectified and '
        'the scale of the depth is unknown: give one with --calibration'
    )
