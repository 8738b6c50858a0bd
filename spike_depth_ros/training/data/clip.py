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

"""Clip: a part of a recording whose true depth images become windows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.depth_view import RectifiedView
from spike_depth_ros.geometry.pixel_table import PixelTable
from spike_depth_ros.geometry.rig_map import RigMap
from spike_depth_ros.recordings.beginning import first_event_ns
from spike_depth_ros.recordings.calibrated import find_calibration
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import DepthFrame, EventRecording
from spike_depth_ros.recordings.truth_view import TrueDepth, true_depth
from spike_depth_ros.training.data.dataset import Depth, DepthWindow, TrueView
from spike_depth_ros.training.data.spike_windows import SpikeWindows
from spike_depth_ros.units import SECOND_NS


@dataclass(frozen=True)
class Clip:
    """Part of a recording.

    Args:
        paths: its files or folders.
        truth: more files with its true depth.
        calibration: calibration file; null: that in or beside the recording.
        left: name of the left or only camera; '': by the names of the cameras.
        right: name of the right camera.
        start_s: start, seconds after that of the recording.
        end_s: end, likewise, exclusive; null: that of the recording.
        first: number of the first true depth image, counted from 0.
        last: number of the last one, exclusive; null: all.
    """

    paths: list[Path]
    truth: list[Path] = field(default_factory=list)
    calibration: Path | None = None
    left: str = ''
    right: str = ''
    start_s: float = 0.0
    end_s: float | None = None
    first: int = 0
    last: int | None = None


class OpenClip:
    """Open clip, mapped to a network's image.

    Attributes:
        recording: the recording.
        cameras: left and right camera, or one.
        baseline_m: baseline of the calibration, metres; None without one, and for one camera.
    """

    def __init__(self, clip: Clip, recording: EventRecording, network: PinholeCamera) -> None:
        self.recording, self._clip, self._network = recording, clip, network
        self.cameras = choose_cameras(recording, clip.left, clip.right)
        path = str(clip.calibration.expanduser()) if clip.calibration else ''
        found = find_calibration(recording, self.cameras, path)
        self._calibration = found.rig if found else None
        self.baseline_m = self._calibration.baseline_m or None if self._calibration else None

    @cached_property
    def tables(self) -> list[PixelTable]:
        """Return the pixel table of each camera. Raises CalibrationError."""
        rig = RigMap(self._network, self._calibration)
        sizes = [(camera.width, camera.height) for camera in self.cameras]
        return [rig.table(number, *size) for number, size in enumerate(sizes)]

    @cached_property
    def true_depth(self) -> TrueDepth:
        """Return the true depth of the left camera. Raises RecordingError where none fits."""
        return true_depth(self.recording, self.cameras[0], self._calibration, self._network)

    def times(self) -> Iterator[int]:
        """Yield the times of the clip's true depth images after the first event, nanoseconds."""
        start_ns = self.recording.start_ns + round(self._clip.start_s * SECOND_NS)
        start_ns = max(start_ns, first_event_ns(self.recording, self.cameras) + 1)
        end_ns = None
        if self._clip.end_s is not None:
            end_ns = self.recording.start_ns + round(self._clip.end_s * SECOND_NS)
        stream = self.true_depth.stream
        for number, frame in enumerate(self.recording.depth(stream)):
            if end_ns is not None and frame.t_ns >= end_ns:
                return
            if self._clip.last is not None and number >= self._clip.last:
                return
            if number >= self._clip.first and frame.t_ns >= start_ns:
                yield frame.t_ns

    def spike_windows(self, window_ns: int, first_end_ns: int) -> SpikeWindows:
        """Return windows over the events; they end at or after first_end_ns, nanoseconds."""
        if not any(camera.encoding for camera in self.cameras):
            chunks = self.recording.events(self.cameras, first_end_ns - window_ns)
            return SpikeWindows(chunks, self.tables, window_ns)
        packets = self.recording.events(self.cameras)  # the first ones decide on the clock
        arrays = as_arrays(packets, self.cameras, self.recording.losses)
        return SpikeWindows(arrays, self.tables, window_ns)

    def windows(
        self, times_ns: Sequence[int], window_ns: int
    ) -> Iterator[tuple[int, DepthWindow]]:
        """Yield the windows that end at some of the true depth images, with these times.

        Args:
            times_ns: times of true depth images, nanoseconds, in any order.
            window_ns: length of a window, nanoseconds.
        """
        wanted, truth = set(times_ns), self.true_depth
        events = self.spike_windows(window_ns, min(wanted))
        for frame in self.recording.depth(truth.stream, min(wanted), max(wanted) + 1):
            if frame.t_ns in wanted:
                wanted.remove(frame.t_ns)
                yield frame.t_ns, _window(events.ending_at(frame.t_ns), frame, truth)


@contextmanager
def opened(clip: Clip, network: PinholeCamera) -> Iterator[OpenClip]:
    """Open a clip. Raises RecordingError, CalibrationError.

    Args:
        clip: part of a recording.
        network: camera of the spike frames.
    """
    paths, truth = ([path.expanduser() for path in each] for each in (clip.paths, clip.truth))
    with open_recording(paths, truth) as recording:
        yield OpenClip(clip, recording, network)


def _window(spikes: NDArray[np.uint8], frame: DepthFrame, truth: TrueDepth) -> DepthWindow:
    depth: Depth = truth.view.to_network(frame.depth)
    camera = truth.stream.camera
    is_rectified = camera is not None and isinstance(truth.view, RectifiedView)
    view = TrueView(camera, frame.depth) if camera is not None and is_rectified else None
    return DepthWindow(spikes, depth, depth, view=view)
