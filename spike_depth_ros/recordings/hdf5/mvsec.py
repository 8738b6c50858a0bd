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

"""MVSEC's HDF5 files: <sequence>_data.hdf5 and <sequence>_gt.hdf5.

Source: tools/mvsec_simple_reader/mvsec_h5py.py of daniilidis-group/mvsec, which writes them.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.recordings import mvsec
from spike_depth_ros.recordings.array_recording import ArrayRecording, Streams
from spike_depth_ros.recordings.frames import Frames
from spike_depth_ros.recordings.hdf5 import files
from spike_depth_ros.recordings.hdf5.columns import Columns, TableColumns
from spike_depth_ros.recordings.imu_samples import ImuSamples
from spike_depth_ros.recordings.recording import (
    SIDES,
    DepthStream,
    EventCamera,
    FoundCalibration,
    ImageStream,
    ImuStream,
    Side,
    View,
)
from spike_depth_ros.recordings.times import seconds_to_ns

EVENTS, IMAGES, IMU = 'events', 'image_raw', 'imu'
DEPTHS: dict[str, View] = {'depth_image_rect': 'rectified', 'depth_image_raw': 'raw'}


def is_mvsec(file: h5py.File) -> bool:
    """Return whether a file has events or true depth of MVSEC."""
    return any(_path(side, name) in file for side in SIDES for name in (EVENTS, *DEPTHS))


class MvsecRecording(ArrayRecording):
    """Data or true depth of MVSEC; times are Unix time.

    Times of images and depth are those at which the bag recorded them. image_raw_event_inds, which
    starts at -1, is not used.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'MVSEC HDF5', 'MVSEC')

    def _open(self) -> Streams:
        self._file = files.open_hdf5(self.path)
        self._stack.callback(self._file.close)
        self.notes += mvsec.defects(self.path)
        streams = dict(self._events()), dict(self._depth()), dict(self._pictures())
        return Streams(*streams, dict(self._imus()))

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration from MVSEC's camchain beside the file; see EventRecording."""
        sides = tuple(side for camera in cameras for side in SIDES if f'/{side}' in camera.name)
        return mvsec.calibration(self.path, sides, self.notes)

    def _events(self) -> Iterator[tuple[EventCamera, Columns]]:
        for side in SIDES:
            if files.has(self._file, name := _path(side, EVENTS)):
                columns = TableColumns(files.dataset(self._file, name, (None, 4), 'f'))
                yield _camera(f'davis/{side}', columns), columns

    def _depth(self) -> Iterator[tuple[DepthStream, Frames]]:
        for side in SIDES:
            for name, view in DEPTHS.items():
                frames = self._frames(side, name)
                if frames is None:
                    continue
                camera = None
                if view == 'rectified':
                    camera = mvsec.rectified_view(self.path, side, self.notes)
                yield _depth_stream(side, name, view, camera, len(frames)), frames

    def _pictures(self) -> Iterator[tuple[ImageStream, Frames]]:
        for side in SIDES:
            if frames := self._frames(side, IMAGES):
                yield ImageStream(_path(side, IMAGES), mvsec.WIDTH, mvsec.HEIGHT), frames

    def _imus(self) -> Iterator[tuple[ImuStream, ImuSamples]]:
        """Yield the samples of each camera, in whose files the acceleration comes first."""
        for side in SIDES:
            if not files.has(self._file, place := _path(side, IMU), f'{place}_ts'):
                continue
            rows = files.dataset(self._file, place, (None, 6), 'f')
            times = files.dataset(self._file, f'{place}_ts', kinds='f')
            if len(rows) and len(times):
                # The IMU of a DAVIS has the axes of its image, as in AEDAT 4.
                stream = ImuStream(place, has_camera_axes=True)
                yield stream, ImuSamples(self, _known_ns(times), partial(_rate_first, rows))

    def _frames(self, side: Side, name: str) -> Frames | None:
        place = _path(side, name)
        if not files.has(self._file, place, f'{place}_ts'):
            return None
        kinds = 'u' if name == IMAGES else 'f'
        frames = files.dataset(self._file, place, (None, mvsec.HEIGHT, mvsec.WIDTH), kinds)
        times = files.dataset(self._file, f'{place}_ts', kinds='f')
        if not len(frames) or not len(times):
            return None
        return Frames(self, len(frames), _known_ns(times), frames.__getitem__)


def _path(side: Side, name: str) -> str:
    return f'davis/{side}/{name}'


def _known_ns(times: h5py.Dataset) -> NDArray[np.int64]:
    """Return times, nanoseconds; 0 where they are not finite."""
    return seconds_to_ns(np.nan_to_num(times[:]))


def _rate_first(rows: h5py.Dataset, part: slice) -> NDArray[np.float64]:
    return np.roll(rows[part].astype(np.float64), 3, axis=1)


def _depth_stream(
    side: Side, name: str, view: View, camera: PinholeCamera | None, frames: int
) -> DepthStream:
    size = mvsec.WIDTH, mvsec.HEIGHT
    return DepthStream(_path(side, name), side, view, *size, camera, frames=frames)


def _camera(name: str, columns: Columns) -> EventCamera:
    return EventCamera(name, mvsec.WIDTH, mvsec.HEIGHT, events=columns.count)
