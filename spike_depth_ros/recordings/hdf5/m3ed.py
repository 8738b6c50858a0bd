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

"""M3ED: <sequence>_data.h5 and <sequence>_depth_gt.h5.

Source: build_system/bag_processing/rosbag2hdf5.py and lidar_depth/fasterlio_gt.py of
daniilidis-group/m3ed, which write them.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files import kalibr
from spike_depth_ros.geometry.files.section import Section
from spike_depth_ros.recordings.array_recording import ArrayRecording, Streams
from spike_depth_ros.recordings.calibration_file import have_left_first
from spike_depth_ros.recordings.errors import reading
from spike_depth_ros.recordings.frames import Frames
from spike_depth_ros.recordings.hdf5 import files
from spike_depth_ros.recordings.hdf5.columns import SeparateColumns
from spike_depth_ros.recordings.hdf5.texts import read_texts
from spike_depth_ros.recordings.imu_samples import ImuSamples
from spike_depth_ros.recordings.recording import (
    SIDES,
    DepthStream,
    EventCamera,
    FoundCalibration,
    ImageStream,
    ImuStream,
)
from spike_depth_ros.recordings.times import us_to_ns

SIZE = (1280, 720)
DEPTH, DEPTH_TIMES = 'depth/prophesee/left', 'ts'
IMU = 'ovc/imu'  # a VectorNav beside the cameras
IMU_CALIBRATION = f'{IMU}/calib/T_to_prophesee_left'
IMAGES, IMAGE_TIMES = 'ovc/{side}/data', 'ovc/ts'


def is_m3ed(file: h5py.File) -> bool:
    """Return whether a file has events or true depth of M3ED."""
    return files.has(file, DEPTH) or any(_events(side, 'x') in file for side in SIDES)


class M3edRecording(ArrayRecording):
    """Data or true depth of M3ED; times start at 0 and are not Unix time.

    True depth is in the raw, distorted view of the left camera.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'M3ED HDF5', 'M3ED')

    def _open(self) -> Streams:
        self._file = files.open_hdf5(self.path)
        self._stack.callback(self._file.close)
        streams = dict(self._cameras()), dict(self._depth()), dict(self._pictures())
        return Streams(*streams, dict(self._imus()))

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration in the file; see EventRecording."""
        sides = tuple(side for camera in cameras for side in SIDES if side in camera.name)
        if not have_left_first(sides):
            return None
        try:
            with reading(self.path):
                texts = iter(read_texts(self.path, *_text_places(sides)))
                document: dict[object, object] = {
                    f'cam{number}': self._calibration(side, next(texts), next(texts))
                    for number, side in enumerate(sides)
                }
                rig = kalibr.read(Section(document), 1 if len(sides) == 1 else 2)
        except (CalibrationError, ValueError) as error:
            note = f'the calibration in the file cannot be used: {error}'
            self.notes += [note] * (note not in self.notes)
            return None
        return FoundCalibration(rig, f"calib of '{self.path}'")

    def _calibration(self, side: str, model: str, lens: str) -> dict[str, Any]:
        """Return a camera's calibration with the keys of a kalibr camchain.

        T_to_prophesee_left leads from the frame of the camera, or of the IMU, to the left one's.

        Args:
            side: left or right.
            model: its camera_model.
            lens: its distortion_model.
        """
        group = self._file[f'prophesee/{side}/calib']
        to_left = np.array(group['T_to_prophesee_left'][()], np.float64)
        of_imu = {}
        if side == SIDES[0] and files.has(self._file, IMU_CALIBRATION):
            of_imu[kalibr.IMU] = np.array(self._file[IMU_CALIBRATION][()], np.float64).tolist()
        return {
            **of_imu,
            'camera_model': model,
            'distortion_model': lens,
            'distortion_coeffs': np.array(group['distortion_coeffs'][()], np.float64).tolist(),
            'intrinsics': np.array(group['intrinsics'][()], np.float64).tolist(),
            'resolution': [int(length) for length in group['resolution'][()]],
            'T_cn_cnm1': np.linalg.inv(to_left).tolist(),
        }

    def _cameras(self) -> Iterator[tuple[EventCamera, SeparateColumns]]:
        for side in SIDES:
            if not files.has(self._file, _events(side, 'x')):
                continue
            x, y, t = (
                files.dataset(self._file, _events(side, name), kinds=files.INTEGERS)
                for name in 'xyt'
            )
            p = files.dataset(self._file, _events(side, 'p'), kinds=files.TRUTHS)
            columns = SeparateColumns(x, y, t, p)
            yield EventCamera(f'prophesee/{side}', *SIZE, events=columns.count), columns

    def _depth(self) -> Iterator[tuple[DepthStream, Frames]]:
        if frames := self._frames(DEPTH, DEPTH_TIMES, (None, *SIZE[::-1])):
            yield DepthStream(DEPTH, 'left', 'raw', *SIZE, frames=len(frames)), frames

    def _pictures(self) -> Iterator[tuple[ImageStream, Frames]]:
        for side in SIDES:
            place = IMAGES.format(side=side)
            if frames := self._frames(place, IMAGE_TIMES, (None, None, None, 1)):
                height, width = self._file[place].shape[1:3]
                yield ImageStream(f'ovc/{side}', width, height), frames

    def _imus(self) -> Iterator[tuple[ImuStream, ImuSamples]]:
        """Yield the samples of the rig's IMU; lost ones are NaN."""
        if not files.has(self._file, *(f'{IMU}/{name}' for name in ('ts', 'omega', 'accel'))):
            return
        times = files.dataset(self._file, f'{IMU}/ts', kinds=files.INTEGERS)
        values = [
            files.dataset(self._file, f'{IMU}/{name}', (None, 3), 'f')
            for name in ('omega', 'accel')
        ]
        if len(times):
            yield (
                ImuStream(IMU),
                ImuSamples(
                    self,
                    us_to_ns(times[:]),
                    lambda part: np.hstack([column[part] for column in values]),
                ),
            )

    def _frames(self, place: str, times: str, shape: tuple[int | None, ...]) -> Frames | None:
        if not files.has(self._file, place, times):
            return None
        frames = files.dataset(self._file, place, shape, 'f' if place == DEPTH else 'u')
        stamps = files.dataset(self._file, times, kinds=files.INTEGERS)
        if not len(frames) or not len(stamps):
            return None
        t_ns = us_to_ns(stamps[:])
        return Frames(self, len(frames), t_ns, lambda number: _flat(frames[number]))


def _text_places(sides: Sequence[str]) -> list[str]:
    names = ('camera_model', 'distortion_model')
    return [f'prophesee/{side}/calib/{name}' for side in sides for name in names]


def _events(side: str, name: str) -> str:
    return f'prophesee/{side}/{name}'


def _flat(frame: NDArray[Any]) -> NDArray[Any]:
    """Return a frame without a last dimension of 1."""
    return frame[..., 0] if frame.ndim == 3 else frame
