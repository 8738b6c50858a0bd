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

"""Recordings whose files hold arrays of events, and frames with times."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, Protocol

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError, reading
from spike_depth_ros.recordings.imu_samples import ImuSamples
from spike_depth_ros.recordings.recording import (
    Dataset,
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
    ImageFrame,
    ImageStream,
    ImuSample,
    ImuStream,
)


class Events(Protocol):
    """Source of a camera's events."""

    @property
    def count(self) -> int | None:
        """Return the number of events; None if only reading all of them would tell."""
        ...

    def ends_ns(self) -> tuple[int, int]:
        """Return the times of the first and of the last event, nanoseconds."""
        ...

    def blocks(self, start_ns: int | None, losses: Counter[str]) -> Iterator[EventArrays]:
        """Yield all events from about start_ns on, in the order of the files."""
        ...


class DepthFrames(Protocol):
    """Source of true depth: see EventRecording.depth."""

    def ends_ns(self) -> tuple[int, int]: ...

    def depth(self, start_ns: int | None, end_ns: int | None) -> Iterator[DepthFrame]: ...


class ImageFrames(Protocol):
    """Source of images: see EventRecording.images."""

    def images(self, start_ns: int | None, end_ns: int | None) -> Iterator[ImageFrame]: ...


class Streams(NamedTuple):
    """Streams of a recording, each with its source."""

    cameras: Mapping[EventCamera, Events]
    depths: Mapping[DepthStream, DepthFrames]
    images: Mapping[ImageStream, ImageFrames]
    imus: Mapping[ImuStream, ImuSamples] = MappingProxyType({})


class ArrayRecording(EventRecording):
    """Recording of arrays of events, and of frames with times; see EventRecording.

    The start and the end are those of the events, or of the true depth in a file without events.
    """

    def __init__(self, path: Path, kind: str, dataset: Dataset = '') -> None:
        super().__init__(path, kind, dataset)
        try:
            with reading(path):  # h5py raises errors of any class for damaged files
                self._take(self._open())
        except BaseException:
            self.close()
            raise

    @abstractmethod
    def _open(self) -> Streams:
        """Open the files on self._stack and return their streams."""

    def _take(self, streams: Streams) -> None:
        self._streams = streams
        self.cameras = tuple(streams.cameras)
        self.depth_streams, self.image_streams = tuple(streams.depths), tuple(streams.images)
        self.imu_streams = tuple(streams.imus)
        ends = [each.ends_ns() for each in streams.cameras.values() if each.count != 0]
        ends = ends or [each.ends_ns() for each in streams.depths.values()]
        if not ends:
            raise RecordingError(
                f"The recording '{self.path}' is empty: it has neither events nor true depth, so "
                'download or record it again.'
            )
        self._start_ns = min(start for start, _ in ends)
        self._end_ns = max(end for _, end in ends)

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of some cameras as arrays; see EventRecording.events."""
        streams = [
            within(checked(self._blocks(camera, start_ns), camera, self.losses), start_ns, end_ns)
            for camera in cameras
        ]
        return merged(streams)

    def depth(
        self, stream: DepthStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[DepthFrame]:
        """Yield true depth; see EventRecording.depth."""
        return self._streams.depths[stream].depth(start_ns, end_ns)

    def images(
        self, stream: ImageStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImageFrame]:
        """Yield images; see EventRecording.images."""
        return self._streams.images[stream].images(start_ns, end_ns)

    def imu(
        self, stream: ImuStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImuSample]:
        """Yield inertial measurements; see EventRecording.imu."""
        return self._streams.imus[stream].samples(start_ns, end_ns)

    def _blocks(self, camera: EventCamera, start_ns: int | None) -> Iterator[EventArrays]:
        return self._streams.cameras[camera].blocks(start_ns, self.losses)
