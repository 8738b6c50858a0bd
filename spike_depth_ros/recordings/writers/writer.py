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

"""Protocol of the writers of recordings."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.recordings.recording import (
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
)
from spike_depth_ros.units import US_NS


@dataclass(frozen=True, eq=False)
class Contents:
    """Streams of a new recording.

    Attributes:
        cameras: one or two event cameras in the order of EventChunk.camera.
        sides: 'left' and 'right', or 'camera'.
        depth_streams: true depth.
        rig: calibration of the cameras; None without one.
        about: custom data by key.
    """

    cameras: tuple[EventCamera, ...]
    sides: tuple[str, ...]
    depth_streams: tuple[DepthStream, ...]
    rig: RigCalibration | None
    about: Mapping[str, str]


class Writer(ABC):
    """New recording; use it as a context manager, whose end completes the recording.

    Every format has times in whole microseconds: a writer drops the rest of the nanoseconds.

    Attributes:
        takes_packets: whether events come as packets; else as arrays.
        takes_depth: whether true depth comes.
        notes: sentences about what the format has no place for.
    """

    takes_packets: bool
    takes_depth: bool
    notes: list[str]

    @abstractmethod
    def write_events(self, chunk: EventChunk) -> None:
        """Append a chunk; chunks come in the order of EventChunk.t_ns."""

    def write_depth(  # noqa: B027 (formats without depth have nothing to do)
        self, stream: DepthStream, frame: DepthFrame
    ) -> None:
        """Append an image of true depth; a format without depth has no place for it."""

    def __enter__(self) -> Self:
        return self

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Complete the recording; after an error, close it as it is."""


def times_us(events: EventArrays) -> NDArray[np.int64]:
    """Return the times of events, int64 [n], whole microseconds."""
    return np.asarray(events.t_ns, np.int64) // US_NS
