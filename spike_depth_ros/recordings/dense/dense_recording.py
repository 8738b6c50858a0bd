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

"""Sequences of DENSE: one simulated camera, with events, true depth and images.

Source: carla/ and e2depth/data_loader/event_dataset.py of uzh-rpg/rpg_e2depth.
"""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.recordings.array_recording import ArrayRecording, Streams
from spike_depth_ros.recordings.dense.event_files import EventFiles
from spike_depth_ros.recordings.errors import reading
from spike_depth_ros.recordings.frames import Frames
from spike_depth_ros.recordings.png import read_picture
from spike_depth_ros.recordings.recording import (
    DepthStream,
    EventCamera,
    FoundCalibration,
    ImageStream,
)
from spike_depth_ros.recordings.times import seconds_to_ns

WIDTH, HEIGHT = 346, 260
FIELD_OF_VIEW_DEG = 83
# Depth of the sky, metres.
FAR_M = 1000
_F = WIDTH / 2 / math.tan(math.radians(FIELD_OF_VIEW_DEG / 2))
_CAMERA = PinholeCamera(WIDTH, HEIGHT, _F, WIDTH / 2, HEIGHT / 2)


class DenseRecording(ArrayRecording):
    """Sequence of DENSE; times are those of the simulation. The far plane is unknown depth."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'DENSE folder', 'DENSE')
        self.about = {'simulated': 'true', 'origin': 'DENSE: simulated with CARLA and ESIM'}

    def _open(self) -> Streams:
        events = EventFiles(self.path)
        depth = self._frames('depth/data', 'depth_*.npy', _depth)
        images = self._frames('rgb/frames', 'frame_*.png', _image)
        view = DepthStream('depth', 'left', 'rectified', WIDTH, HEIGHT, _CAMERA, frames=len(depth))
        return Streams(
            {EventCamera('events', WIDTH, HEIGHT): events},
            {view: depth} if len(depth) else {},
            {ImageStream('rgb', WIDTH, HEIGHT): images} if len(images) else {},
        )

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the pinhole of the simulation's field of view; see EventRecording."""
        if len(cameras) != 1:
            return None
        matrix = np.array([[_CAMERA.f, 0, _CAMERA.cx], [0, _CAMERA.f, _CAMERA.cy], [0, 0, 1]])
        camera = CameraCalibration(WIDTH, HEIGHT, matrix, 'plumb_bob', np.zeros(0), np.eye(3))
        origin = f"the field of view of DENSE's simulation, {FIELD_OF_VIEW_DEG} degrees"
        return FoundCalibration(RigCalibration((camera,), 0.0), origin)

    def _frames(self, place: str, names: str, read: Callable[[Path], NDArray[Any]]) -> Frames:
        files = sorted((self.path / place).glob(names))
        times = _times_ns(self.path / place) if files else {}
        timed = [file for file in files if _number(file) in times]
        if len(timed) < len(files):
            self.notes.append(
                f'{len(files) - len(timed)} of {len(files)} files in {place} have no time in its '
                'timestamps.txt and are not used'
            )
        t_ns = np.array([times[_number(file)] for file in timed], np.int64)
        return Frames(self, len(timed), t_ns, lambda number: read(timed[number]))


def _times_ns(folder: Path) -> dict[int, int]:
    """Return the time of each number: lines of index and seconds, in the folder or above it."""
    for path in (folder / 'timestamps.txt', folder.parent / 'timestamps.txt'):
        if path.is_file():
            with reading(path):
                lines = [line for line in path.read_text().splitlines() if line.strip()]
                if not lines:
                    return {}
                table = np.loadtxt(lines, ndmin=2, usecols=(0, 1))
                t_ns = seconds_to_ns(np.nan_to_num(table[:, 1]))
                return dict(zip(table[:, 0].astype(int).tolist(), t_ns.tolist(), strict=True))
    return {}


def _number(file: Path) -> int:
    found = re.search(r'\d+$', file.stem)
    return int(found.group()) if found else -1


def _depth(path: Path) -> NDArray[np.float32]:
    depth: NDArray[Any] = np.load(path, mmap_mode='r', allow_pickle=False)
    if depth.shape != (HEIGHT, WIDTH):
        raise ValueError(f'{path} has the shape {depth.shape}')
    return np.where(depth < FAR_M, depth, np.nan).astype(np.float32)


def _image(path: Path) -> NDArray[np.uint8]:
    return read_picture(path, (WIDTH, HEIGHT))
