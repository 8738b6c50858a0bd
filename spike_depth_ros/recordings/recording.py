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

"""Interface of recordings: event cameras, true depth and images of a file or folder."""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.geometry.camera import PinholeCamera

Side = Literal['left', 'right']
SIDES: tuple[Side, Side] = ('left', 'right')
View = Literal['raw', 'rectified']
Dataset = Literal['', 'MVSEC', 'DSEC', 'M3ED', 'TUM-VIE', 'VECtor', 'DENSE']


@dataclass(frozen=True, slots=True)
class EventCamera:
    """Event camera of a recording.

    Attributes:
        name: unique name in the recording: a topic, a device or a side.
        width, height: size of the sensor, pixels.
        encoding: encoding of its packets (see events.encodings); '' if the recording has arrays.
        frame_id: frame of its packets; '' if the recording has none.
        events: number of events; None if only reading all of them would tell.
    """

    name: str
    width: int
    height: int
    encoding: str = ''
    frame_id: str = ''
    events: int | None = None


@dataclass(frozen=True, slots=True)
class DepthStream:
    """True depth of a recording: images of one view.

    Attributes:
        name: topic, path in the file, or folder.
        side: camera in whose view the depth is.
        view: 'raw' (distorted pixels, depth along the raw camera's axis) or 'rectified'.
        width, height: size of the images, pixels.
        camera: pinhole camera of a rectified view; None if the recording does not tell it.
        frame_id: frame of the messages; '' if the recording has none.
        frames: number of images; None if unknown.
        disparity_focal_baseline: metres times pixels, if the file holds disparities: depth is this
            number divided by the disparity; None for a file of depths.
    """

    name: str
    side: Side
    view: View
    width: int
    height: int
    camera: PinholeCamera | None = None
    frame_id: str = ''
    frames: int | None = None
    disparity_focal_baseline: float | None = None


@dataclass(frozen=True, slots=True)
class ImageStream:
    """Intensity images of a recording: name (topic, path or folder) and size in pixels."""

    name: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class ImuStream:
    """Inertial measurements of a recording.

    Attributes:
        name: topic, or name in the file.
        frame_id: frame of the measurements; '' if the recording has none.
        has_camera_axes: whether the axes are those of its camera: x right, y down, z ahead.
    """

    name: str
    frame_id: str = ''
    has_camera_axes: bool = False


class EventChunk(NamedTuple):
    """Events of one camera.

    Attributes:
        camera: index among the cameras that were asked for.
        t_ns: time of the recording at which the chunk is complete, nanoseconds: the last event's
            time, or the log time of a packet.
        events: a packet as the file has it; else arrays whose times do not fall, on the
            recording's clock, within one cell of chunks.CELL_NS.
    """

    camera: int
    t_ns: int
    events: Packet | EventArrays


class DepthFrame(NamedTuple):
    """True depth: time, nanoseconds, and float32 [h, w], metres along z, NaN where unknown.

    A reader turns its data set's codes of invalid pixels (0, NaN, +Inf, a far plane) into NaN.
    """

    t_ns: int
    depth: NDArray[np.float32]


class ImageFrame(NamedTuple):
    """Intensity image: time, nanoseconds, and uint8 [h, w] or [h, w, 3] (RGB)."""

    t_ns: int
    image: NDArray[np.uint8]


class ImuSample(NamedTuple):
    """Inertial measurement in the frame of the IMU.

    Attributes:
        t_ns: time, nanoseconds.
        angular_velocity: about x, y and z, rad/s.
        linear_acceleration: along x, y and z, gravity included, m/s^2.
    """

    t_ns: int
    angular_velocity: tuple[float, float, float]
    linear_acceleration: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class FoundCalibration:
    """Calibration of a recording's cameras: the rig, and its origin in words."""

    rig: RigCalibration
    origin: str


class EventRecording(ABC):
    """Open recording; use it as a context manager.

    Every time is on the recording's own clock, int64 nanoseconds, one for all of its streams.
    Memory stays constant whatever the size. Reading may start several times, also side by side.

    Attributes:
        path: file or folder.
        kind: format in words, such as 'ROS 1 bag'.
        dataset: data set that the layout belongs to; '' if unknown.
        cameras: event cameras; () in a recording of true depth alone.
        depth_streams: true depth.
        image_streams: intensity images.
        imu_streams: inertial measurements.
        companions: files of the recording that the reader found beside `path`, resolved.
        about: custom data by key, such as 'simulated'.
        notes: sentences about what the reader had to assume.
        losses: numbers of what was left out so far while reading, by a phrase in the plural such
            as 'damaged messages'.

    Raises:
        RecordingError: one sentence for a recording that cannot be read.
    """

    path: Path
    kind: str
    dataset: Dataset
    cameras: tuple[EventCamera, ...]
    depth_streams: tuple[DepthStream, ...]
    image_streams: tuple[ImageStream, ...]
    imu_streams: tuple[ImuStream, ...]
    companions: tuple[Path, ...]
    about: Mapping[str, str]
    notes: list[str]
    losses: Counter[str]

    def __init__(self, path: Path, kind: str, dataset: Dataset = '') -> None:
        self.path, self.kind, self.dataset = path, kind, dataset
        self.cameras, self.depth_streams, self.image_streams = (), (), ()
        self.imu_streams = ()
        self.companions, self.about, self.notes, self.losses = (), {}, [], Counter()
        self._stack = ExitStack()  # of open files
        self._start_ns = self._end_ns = 0

    @property
    def start_ns(self) -> int:
        """Return the time of the first event or image, nanoseconds."""
        return self._start_ns

    @property
    def end_ns(self) -> int:
        """Return the time of the last event or image, nanoseconds; damaged ones may be earlier."""
        return max(self._start_ns, self._end_ns)

    @property
    def is_simulated(self) -> bool:
        """Return whether the cameras are simulated."""
        return self.about.get('simulated') == 'true'

    @abstractmethod
    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of some cameras in chunks, in the order of EventChunk.t_ns.

        Args:
            cameras: cameras of this recording, in the order of EventChunk.camera.
            start_ns, end_ns: half-open range of time, nanoseconds; None: from the start, to the
                end. Arrays are cut at it; packets are taken whole, by EventChunk.t_ns.
        """

    def depth(
        self, stream: DepthStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[DepthFrame]:
        """Yield the true depth of a stream in the half-open range of time, in order of time."""
        raise NotImplementedError(f'{self.kind} has no true depth')

    def images(
        self, stream: ImageStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImageFrame]:
        """Yield the images of a stream in the half-open range of time, in order of time."""
        raise NotImplementedError(f'{self.kind} has no images')

    def imu(
        self, stream: ImuStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImuSample]:
        """Yield the samples of a stream in the half-open range of time, in order of time."""
        raise NotImplementedError(f'{self.kind} has no inertial measurements')

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration of one or two cameras in or beside the recording, else None."""
        return None

    def align(self, other: 'EventRecording') -> bool:
        """Move a clock that wraps to that of another, synchronised camera; return whether it does.

        JoinedRecording calls it before reading.
        """
        return False

    def close(self) -> None:
        """Close the files."""
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
