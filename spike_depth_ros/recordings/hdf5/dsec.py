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

"""Sequences of DSEC: raw events, disparities and images.

Sources: README and scripts/dataset of uzh-rpg/DSEC; dsec.ifi.uzh.ch/data-format.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.rectified import disparity_focal_baseline, rectified_camera
from spike_depth_ros.recordings.array_recording import Streams
from spike_depth_ros.recordings.calibration_file import rig_from_file
from spike_depth_ros.recordings.dsec import IMAGE_SIZE, SIZE, STEPS_PER_PIXEL
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.frames import Frames
from spike_depth_ros.recordings.hdf5 import dsec_places
from spike_depth_ros.recordings.hdf5.pair import PairRecording
from spike_depth_ros.recordings.png import read_grey_16, read_picture
from spike_depth_ros.recordings.recording import (
    SIDES,
    DepthStream,
    EventCamera,
    FoundCalibration,
    ImageStream,
)
from spike_depth_ros.recordings.times import us_to_ns

CALIBRATION = "DSEC's cam_to_cam file"


class DsecRecording(PairRecording):
    """Sequence of DSEC, opened by the events of either camera.

    Disparities are those in the view of the rectified left event camera. Disparities and images
    belong to the times in the order of their names; the numbers in the names of disparities are
    those of images. The first disparity is left out: it has no events before it.
    """

    def _open(self) -> Streams:
        self._places = dsec_places.of_file(self.path)
        events = super()._open()
        return Streams(events.cameras, dict(self._depth()), dict(self._pictures()))

    def _take(self, streams: Streams) -> None:
        super()._take(streams)
        for stream, frames in streams.depths.items():
            first_ns, last_ns = frames.ends_ns()
            if last_ns < self.start_ns or first_ns > self.end_ns:
                self.notes.append(
                    f'no disparity of {stream.name} is at a time with events: is the t_offset of '
                    'the events missing?'
                )

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration from cam_to_cam.yaml of the sequence; see EventRecording."""
        sides = tuple(side for camera in cameras for side in SIDES if camera.name == side)
        return rig_from_file(self._places.calibration(), sides, CALIBRATION, self.notes)

    def _depth(self) -> Iterator[tuple[DepthStream, Frames]]:
        folder, times = self._places.disparities(), self._places.disparity_times()
        if folder is None or not (names := _pngs(folder)):
            return
        calibration = self._places.calibration()
        try:
            if times is None:
                raise RecordingError('there is no timestamps.txt of the disparities')
            if calibration is None:
                raise CalibrationError('there is no cam_to_cam.yaml, which turns them into depth')
            camera = rectified_camera(str(calibration), 'left')
            scale = disparity_focal_baseline(str(calibration))
            t_ns = _times_ns(times)
            if len(names) < len(t_ns):
                raise RecordingError(
                    f"there are {len(names)} images, but '{times}' has {len(t_ns)} times, so that "
                    'it is not known which ones are missing: copy the folder again'
                )
        except (CalibrationError, RecordingError) as error:
            self.notes.append(f"the disparities in '{folder}' are not used: {error}")
            return
        names, t_ns = names[1:], t_ns[1:]
        frames = Frames(self, len(names), t_ns, lambda number: _depth(names[number], scale))
        if len(frames):
            name = str(folder.relative_to(self._places.root))
            view = DepthStream(name, 'left', 'rectified', *SIZE, camera, '', len(frames), scale)
            yield view, frames

    def _pictures(self) -> Iterator[tuple[ImageStream, Frames]]:
        times = self._places.image_times()
        if times is None:
            return
        for side in SIDES:
            folder = self._places.images(side)
            if folder is None or not (names := _pngs(folder)):
                continue
            try:
                frames = Frames(self, len(names), _times_ns(times), _Pictures(names))
            except RecordingError as error:
                self.notes.append(f"the images in '{folder}' are not used: {error}")
                continue
            yield ImageStream(f'images/{side}', *IMAGE_SIZE), frames


class _Pictures:
    """Reader of PNG images, grey or RGB."""

    def __init__(self, names: Sequence[Path]) -> None:
        self._names = names

    def __call__(self, number: int) -> NDArray[np.uint8]:
        return read_picture(self._names[number], IMAGE_SIZE)


def _depth(path: Path, focal_baseline: float) -> NDArray[np.float32]:
    """Read a disparity as depth, metres; unknown becomes infinite."""
    disparity = read_grey_16(path, SIZE)  # another size is another camera's view
    with np.errstate(divide='ignore'):
        return (focal_baseline * STEPS_PER_PIXEL / disparity).astype(np.float32)


def _pngs(folder: Path) -> list[Path]:
    """Return the images of a folder in the order of their names."""
    return sorted(path for path in folder.glob('*.png') if not path.name.startswith('.'))


def _times_ns(path: Path) -> NDArray[np.int64]:
    """Read microseconds, one a line; lines that begin with # are comments."""
    try:
        lines = path.read_text().split('\n')
        t_us = [int(line) for line in lines if line.strip() and not line.startswith('#')]
        return us_to_ns(np.array(t_us, np.int64))
    except (OSError, ValueError, OverflowError) as error:
        raise RecordingError(
            f"'{path}' has no time in microseconds in each line ({error}): download it again."
        ) from error
