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

"""AEDAT4 files of DV and dv-processing: events and frames of one camera or several.

Times are Unix time. Damaged packets are left out and counted. dv-processing reads the format too,
but does not return from damaged packets.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.container import (
    EVENTS,
    FRAMES,
    Stream,
    read_header,
    read_index,
)
from spike_depth_ros.recordings.aedat.packets import DAMAGED, StreamPackets, blocks
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import (
    EventCamera,
    EventChunk,
    EventRecording,
    ImageFrame,
    ImageStream,
)


def open_file(path: Path) -> EventRecording:
    """Open an AEDAT4 file."""
    return Aedat4Recording(path)


class Aedat4Recording(EventRecording):
    """AEDAT4 file; see EventRecording. A camera has the name of its source."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'AEDAT4 file')
        file = self._stack.enter_context(path.open('rb'))
        try:
            header = read_header(file, path)
            index = read_index(file, header)
            self._packets = {
                stream.number: StreamPackets(file, header.compression, index, stream.number)
                for stream in header.streams
            }
            self._find_streams(header.streams)
        except BaseException:
            self.close()
            raise
        self._is_cut = index.damaged_at is not None
        if self._is_cut:
            self.notes.append(
                f'the file is damaged or cut off at byte {index.damaged_at}: what lies before is '
                'read'
            )

    @property
    def start_ns(self) -> int:
        """Return the time of the first event or frame, nanoseconds of Unix time."""
        return self._start_ns

    @property
    def end_ns(self) -> int:
        """Return the time of the last event or frame, nanoseconds of Unix time."""
        return self._end_ns

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of some cameras; see EventRecording.events."""
        if self._is_cut:
            self.losses[DAMAGED] += 1
        return merged(
            [within(self._checked(camera, start_ns), start_ns, end_ns) for camera in cameras]
        )

    def images(
        self, stream: ImageStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImageFrame]:
        """Yield the frames of a stream; see EventRecording.images."""
        packets = self._packets[self._images[stream]]
        for number in range(len(packets)):
            try:
                frame = packets.frame(number)
            except ValueError:
                self.losses[DAMAGED] += 1
                continue
            if end_ns is not None and frame.t_ns >= end_ns:
                return
            if start_ns is None or frame.t_ns >= start_ns:
                yield frame

    def _find_streams(self, streams: Sequence[Stream]) -> None:
        """Find the cameras, the streams of frames, and the range of time."""
        filled = [stream for stream in streams if len(self._packets[stream.number])]
        events = [stream for stream in filled if stream.kind == EVENTS]
        frames = [stream for stream in filled if stream.kind == FRAMES]
        sources = Counter(stream.source for stream in events)
        self._cameras = {self._camera(stream, sources): stream.number for stream in events}
        self._images = {
            ImageStream(f'{stream.source}/{stream.name}', stream.width, stream.height): (
                stream.number
            )
            for stream in frames
        }
        self.cameras, self.image_streams = tuple(self._cameras), tuple(self._images)
        times = [t_ns for stream in events for t_ns in self._event_times(stream.number)]
        times += [t_ns for stream in frames for t_ns in self._frame_times(stream.number)]
        if not times:
            raise RecordingError(
                f"The recording '{self.path}' holds no event that can be read: record it again."
            )
        self._start_ns, self._end_ns = min(times), max(times)

    def _camera(self, stream: Stream, sources: Counter[str]) -> EventCamera:
        """Return the camera of a stream; its source alone names it unless it has more streams."""
        if not (stream.width > 0 and stream.height > 0):
            raise RecordingError(
                f"The recording '{self.path}' does not tell the size of the camera "
                f"'{stream.source}': export it with DV."
            )
        is_unique = stream.source and sources[stream.source] == 1
        name = stream.source if is_unique else f'{stream.source}/{stream.name}/{stream.number}'
        return EventCamera(name, stream.width, stream.height)

    def _event_times(self, number: int) -> Iterator[int]:
        """Yield the times of the first and the last event that can be read."""
        packets = self._packets[number]
        for index, numbers in enumerate((range(len(packets)), reversed(range(len(packets))))):
            for packet in numbers:
                with suppress(ValueError):
                    if times := packets.time_ns(packet):
                        yield times[index]
                        break

    def _frame_times(self, number: int) -> Iterator[int]:
        """Yield the times of the first and the last frame that can be read."""
        packets = self._packets[number]
        for numbers in (range(len(packets)), reversed(range(len(packets)))):
            for packet in numbers:
                with suppress(ValueError):
                    yield packets.frame(packet).t_ns
                    break

    def _checked(self, camera: EventCamera, start_ns: int | None) -> Iterator[EventArrays]:
        packets = self._packets[self._cameras[camera]]
        first = 0 if start_ns is None else _first_packet(packets, start_ns)
        return checked(blocks(packets, first, self.losses), camera, self.losses)


def _first_packet(packets: StreamPackets, start_ns: int) -> int:
    """Return the number of a packet before which all events are earlier than a time.

    Bisection; next to a damaged or empty packet it ends early.
    """
    low, high = 0, len(packets)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            times = packets.time_ns(middle)
        except ValueError:
            break
        if times is None:
            break
        low, high = (middle, high) if times[0] < start_ns else (low, middle)
    return low
