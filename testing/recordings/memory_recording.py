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

"""Recording in memory: arrays of events, true depth and a calibration."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.recording import (
    SIDES,
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
    FoundCalibration,
)


class MemoryRecording(EventRecording):
    """Recording of arrays in memory; see EventRecording.

    Args:
        events: arrays of each camera.
        depth: true depth of the left camera, rectified view.
        found: calibration.
        size: width and height of each sensor, pixels.
    """

    def __init__(
        self,
        events: Sequence[EventArrays],
        depth: Sequence[DepthFrame] = (),
        found: FoundCalibration | None = None,
        size: tuple[int, int] = (346, 260),
    ) -> None:
        super().__init__(Path('memory'), 'arrays in memory')
        names = SIDES if len(events) == 2 else ('camera',)
        self.cameras = tuple(EventCamera(name, *size) for name in names)
        self._arrays = dict(zip(self.cameras, events, strict=True))
        self._depth, self._found = depth, found
        if depth:
            height, width = depth[0].depth.shape
            self.depth_streams = (DepthStream('depth', 'left', 'rectified', width, height),)

    @property
    def start_ns(self) -> int:
        """Return the time of the first event."""
        return min(int(arrays.t_ns[0]) for arrays in self._arrays.values() if len(arrays.t_ns))

    @property
    def end_ns(self) -> int:
        """Return the time of the last event."""
        return max(int(arrays.t_ns[-1]) for arrays in self._arrays.values() if len(arrays.t_ns))

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the arrays in chunks."""
        blocks = (checked([self._arrays[camera]], camera, self.losses) for camera in cameras)
        return merged([within(block, start_ns, end_ns) for block in blocks])

    def depth(
        self, stream: DepthStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[DepthFrame]:
        """Yield the true depth."""
        for frame in self._depth:
            if (start_ns is None or frame.t_ns >= start_ns) and (
                end_ns is None or frame.t_ns < end_ns
            ):
                yield frame

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration."""
        return self._found
