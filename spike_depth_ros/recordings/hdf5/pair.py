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

"""Recordings of one HDF5 file for each camera."""

from collections.abc import Sequence
from pathlib import Path

from spike_depth_ros.recordings.array_recording import ArrayRecording, Streams
from spike_depth_ros.recordings.calibration_file import rig_from_file
from spike_depth_ros.recordings.hdf5 import camera_file, files, prophesee
from spike_depth_ros.recordings.hdf5.camera_file import CameraFile
from spike_depth_ros.recordings.other_side import file_side
from spike_depth_ros.recordings.recording import SIDES, EventCamera, FoundCalibration


class PairRecording(ArrayRecording):
    """File of one camera, with that of the other side if there is one: left first.

    The path may be of either side.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'HDF5')

    def _open(self) -> Streams:
        files_of_cameras = [self._camera_file(self.path)]
        if other := file_side(self.path).other:
            files_of_cameras.append(self._camera_file(other))
            self.companions = (other.resolve(),)
            self.notes.append(f"the other camera is read from '{other}'")
        files_of_cameras.sort(key=lambda each: each.side == 'right')
        self.notes += [note for each in files_of_cameras for note in each.notes]
        self.kind, self.dataset = files_of_cameras[0].kind, files_of_cameras[0].dataset
        return Streams({each.camera: each.columns for each in files_of_cameras}, {}, {})

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return TUM-VIE's calibration beside the file; see EventRecording."""
        if self.dataset != 'TUM-VIE':
            return None
        sides = tuple(side for camera in cameras for side in SIDES if camera.name == side)
        return rig_from_file(self._basalt(), sides, "TUM-VIE's calibration", self.notes)

    def _basalt(self) -> Path | None:
        """Return the only calibration in JSON beside the file, or in calibration/ there."""
        folder = self.path.absolute().parent
        found = sorted({*folder.glob('*calib*.json'), *folder.glob('calibration/*.json')})
        found = [file for file in found if 'mocap' not in file.name and 'imu' not in file.name]
        return found[0] if len(found) == 1 else None

    def _camera_file(self, path: Path) -> CameraFile:
        file = files.open_hdf5(path)
        self._stack.callback(file.close)
        if prophesee.is_prophesee(file):
            return prophesee.camera_file(path, file)
        return camera_file.camera_file(path, file)
