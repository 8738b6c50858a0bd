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

"""Several recordings on one clock as one: a file per camera, or events and true depth."""

import heapq
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import (
    Dataset,
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
    FoundCalibration,
    ImageFrame,
    ImageStream,
    ImuSample,
    ImuStream,
)

_Stream = TypeVar('_Stream', EventCamera, DepthStream, ImageStream, ImuStream)


class JoinedRecording(EventRecording):
    """Recordings on one clock; closing it closes all of them.

    A stream whose name is not unique gets the path of its recording in front of it.
    """

    def __init__(self, parts: Sequence[EventRecording]) -> None:
        kinds = dict.fromkeys(part.kind for part in parts)
        super().__init__(parts[0].path, ' and '.join(kinds), _dataset(parts))
        self._parts = tuple(parts)
        self.companions = tuple(path for part in parts for path in part.companions)
        self.about = {key: value for part in parts for key, value in part.about.items()}
        for part in parts:
            part.losses = self.losses  # one count of all parts
            self._stack.callback(part.close)
            part.align(parts[0])
        self.notes = [note for part in parts for note in part.notes]
        cameras = _unique([(part, camera) for part in parts for camera in part.cameras])
        depths = _unique([(part, stream) for part in parts for stream in part.depth_streams])
        images = _unique([(part, stream) for part in parts for stream in part.image_streams])
        imus = _unique([(part, stream) for part in parts for stream in part.imu_streams])
        self._camera_sources, self.cameras = cameras, tuple(cameras)
        self._depth_sources, self.depth_streams = depths, tuple(depths)
        self._image_sources, self.image_streams = images, tuple(images)
        self._imu_sources, self.imu_streams = imus, tuple(imus)

    @property
    def start_ns(self) -> int:
        """Return the earliest start of the parts, nanoseconds."""
        return min(part.start_ns for part in self._parts)

    @property
    def end_ns(self) -> int:
        """Return the latest end of the parts, nanoseconds."""
        return max(part.end_ns for part in self._parts)

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of cameras of any parts; see EventRecording.events."""
        asked: dict[EventRecording, list[tuple[int, EventCamera]]] = {}
        for index, camera in enumerate(cameras):
            part, own = self._camera_sources[camera]
            asked.setdefault(part, []).append((index, own))
        streams = [
            _renumbered(part.events([own for _, own in pairs], start_ns, end_ns), pairs)
            for part, pairs in asked.items()
        ]
        return heapq.merge(*streams, key=lambda chunk: chunk.t_ns)

    def depth(
        self, stream: DepthStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[DepthFrame]:
        """Yield the true depth of a part; see EventRecording.depth."""
        part, own = self._depth_sources[stream]
        return part.depth(own, start_ns, end_ns)

    def images(
        self, stream: ImageStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImageFrame]:
        """Yield the images of a part; see EventRecording.images."""
        part, own = self._image_sources[stream]
        return part.images(own, start_ns, end_ns)

    def imu(
        self, stream: ImuStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImuSample]:
        """Yield the inertial measurements of a part; see EventRecording.imu."""
        part, own = self._imu_sources[stream]
        return part.imu(own, start_ns, end_ns)

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration that a part has for all of these cameras."""
        sources = [self._camera_sources[camera] for camera in cameras]
        owns = [own for _, own in sources]
        found = (part.calibration(owns) for part in dict.fromkeys(part for part, _ in sources))
        return next((calibration for calibration in found if calibration), None)


def _dataset(parts: Sequence[EventRecording]) -> Dataset:
    for part in parts:
        if part.dataset:
            return part.dataset
    return ''


def _unique(
    streams: Sequence[tuple[EventRecording, _Stream]],
) -> dict[_Stream, tuple[EventRecording, _Stream]]:
    """Return the streams under unique names, each with its part and its own form there."""
    names = Counter(stream.name for _, stream in streams)
    found: dict[_Stream, tuple[EventRecording, _Stream]] = {}
    for part, stream in streams:
        name = stream.name if names[stream.name] == 1 else f'{part.path}/{stream.name}'
        renamed = replace(stream, name=name)
        if renamed in found:
            raise RecordingError(f"The recording '{part.path}' is given twice: give it once.")
        found[renamed] = part, stream
    return found


def _renumbered(
    chunks: Iterator[EventChunk], pairs: Sequence[tuple[int, EventCamera]]
) -> Iterator[EventChunk]:
    for chunk in chunks:
        yield chunk._replace(camera=pairs[chunk.camera][0])
