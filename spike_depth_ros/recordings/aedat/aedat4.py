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

Times are Unix time. dv-processing reads them in a child process, as it does not return from some
damaged packets: such packets are left out and counted.
"""

import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.dv_process import DvError, DvProcess, Message
from spike_depth_ros.recordings.aedat.dv_worker import (
    DESCRIBE,
    IMU_SAMPLE,
    MARK,
    MAX_US,
    WINDOW_US,
)
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.imu_samples import DAMAGED_SAMPLES
from spike_depth_ros.recordings.recording import (
    EventCamera,
    EventChunk,
    EventRecording,
    ImageFrame,
    ImageStream,
    ImuSample,
    ImuStream,
)
from spike_depth_ros.units import US_NS

DAMAGED = 'damaged packets'
# Damaged packets that are passed over; each costs about a second.
MOST_DAMAGED = 10
MAGIC = b'#!AER-DAT4.0\r\n'
EVENT = np.dtype(
    {
        'names': ['t', 'x', 'y', 'polarity'],
        'formats': ['<i8', '<i2', '<i2', 'u1'],
        'offsets': [0, 8, 10, 12],
        'itemsize': 16,
    }
)
_TO_RGB = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}


class _Stream(NamedTuple):
    """Stream of a file: 'events', 'frames' or 'imu', camera, and name."""

    kind: str
    source: str
    name: str


def open_file(path: Path) -> EventRecording:
    """Open an AEDAT4 file."""
    return Aedat4Recording(path)


class Aedat4Recording(EventRecording):
    """AEDAT4 file; see EventRecording. A camera has the name of its source."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'AEDAT4 file')
        _check_version(path)
        self._children: set[DvProcess] = set()
        self._stack.callback(self._end_children)
        # Child that waits for its second task.
        self._waiting: DvProcess | None = self._child(DESCRIBE, path)
        try:
            self._find_streams(_described(self._waiting, path))
        except BaseException:
            self.close()
            raise

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of some cameras; see EventRecording.events."""
        return merged(
            [
                within(
                    checked(self._blocks(camera, start_ns), camera, self.losses), start_ns, end_ns
                )
                for camera in cameras
            ]
        )

    def images(
        self, stream: ImageStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImageFrame]:
        """Yield the frames of a stream; see EventRecording.images."""
        for message in self._messages(self._images[stream], start_ns):
            if not 0 <= message.t_us < MAX_US:
                self.losses[DAMAGED] += 1
                continue
            frame = ImageFrame(message.t_us * US_NS, _as_rgb(message))
            if end_ns is not None and frame.t_ns >= end_ns:
                return
            if start_ns is None or frame.t_ns >= start_ns:
                yield frame

    def imu(
        self, stream: ImuStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImuSample]:
        """Yield the inertial measurements of a stream; see EventRecording.imu."""
        reached_us = 0
        for message in self._messages(self._imus[stream], start_ns):
            for t_us, rate, acceleration in message.content.view(IMU_SAMPLE).tolist():
                if not reached_us <= t_us < MAX_US or not all(map(math.isfinite, rate)):
                    self.losses[DAMAGED_SAMPLES] += 1
                    continue
                reached_us = t_us
                t_ns = t_us * US_NS
                if end_ns is not None and t_ns >= end_ns:
                    return
                if start_ns is None or t_ns >= start_ns:
                    yield ImuSample(t_ns, tuple(rate), tuple(acceleration))

    def _find_streams(self, facts: dict[str, Any]) -> None:
        self._has_times: bool = facts['has_times']
        self._cameras: dict[EventCamera, _Stream] = {}
        self._images: dict[ImageStream, _Stream] = {}
        self._imus: dict[ImuStream, _Stream] = {}
        for camera in facts['cameras']:
            self._add(camera)
        self.cameras, self.image_streams = tuple(self._cameras), tuple(self._images)
        self.imu_streams = tuple(self._imus)
        if not facts['range_us'] or not (self.cameras or self.image_streams):
            raise RecordingError(
                f"The recording '{self.path}' holds no event that can be read: record it again."
            )
        self._start_ns, self._end_ns = (t_us * US_NS for t_us in facts['range_us'])

    def _add(self, facts: dict[str, Any]) -> None:
        """Add the streams of a camera; its source alone names it unless it has more of them."""
        source = facts['source']
        for name, width, height in facts['events']:
            if not (width > 0 and height > 0):
                raise RecordingError(
                    f"The recording '{self.path}' does not tell the size of the camera "
                    f"'{source}': export it with DV."
                )
            unique = source if source and len(facts['events']) == 1 else f'{source}/{name}'
            self._cameras[EventCamera(unique, width, height)] = _Stream('events', source, name)
        for name, width, height in facts['frames']:
            stream = ImageStream(f'{source}/{name}', width, height)
            self._images[stream] = _Stream('frames', source, name)
        for name in facts['imu']:
            # A DAVIS346 that stands upright measures gravity on its image's y axis.
            stream_of_imu = ImuStream(f'{source}/{name}', has_camera_axes=True)
            self._imus[stream_of_imu] = _Stream('imu', source, name)

    def _blocks(self, camera: EventCamera, start_ns: int | None) -> Iterator[EventArrays]:
        for message in self._messages(self._cameras[camera], start_ns):
            events = as_arrays(message)
            if events is None:
                self.losses[DAMAGED] += 1
            else:
                yield events

    def _messages(self, stream: _Stream, start_ns: int | None) -> Iterator[Message]:
        """Yield the messages of a stream; begin anew behind each damaged packet.

        The time of a file's packets tells the places behind one, and where to start.
        """
        is_seeking = start_ns is not None and self._has_times
        start_us = (start_ns or 0) // US_NS if is_seeking else None
        is_behind = False  # whether the child began behind the packet that ended the last one
        for _ in range(MOST_DAMAGED):
            reached = _Reached(start_us)
            try:
                yield from self._pass(stream, start_us, reached)
                return
            except DvError as error:
                if not self._has_times:
                    self.losses[DAMAGED] += 1
                    self._note(f'it is read up to a damaged packet ({error})')
                    return
                if start_us is not None and (reached.has_content or not is_behind):
                    self.losses[DAMAGED] += 1
                is_behind = start_us is not None
                start_us = reached.behind_us(self._start_ns // US_NS)
        self._note(f'what follows {MOST_DAMAGED} damaged packets is left out')

    def _pass(
        self, stream: _Stream, start_us: int | None, reached: '_Reached'
    ) -> Iterator[Message]:
        """Yield the messages of one child."""
        start = '' if start_us is None else str(start_us)
        task = stream.kind, self.path, stream.source, stream.name, start
        child, self._waiting = self._waiting, None
        if child is None:
            child = self._child(*task)
        else:
            child.go_on(*task)
        try:
            for message in child:
                reached.take(message)
                if message.kind != MARK:
                    yield message
        finally:
            self._children.discard(child)
            child.close()

    def _child(self, task: str, *arguments: str | Path) -> DvProcess:
        child = DvProcess(task, *arguments)
        self._children.add(child)
        return child

    def _end_children(self) -> None:
        for child in self._children:
            child.close()

    def _note(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


class _Reached:
    """Place that a child has reached.

    Attributes:
        has_content: whether it has sent events or frames.
    """

    def __init__(self, start_us: int | None) -> None:
        self.has_content = False
        self._is_seeking = start_us is not None
        self._at_us, self._width_us = start_us, WINDOW_US

    def take(self, message: Message) -> None:
        """Note a message."""
        if message.kind == MARK:
            self._at_us, self._width_us = message.t_us, message.numbers[0]
        else:
            self.has_content = True
            if not self._is_seeking:
                self._at_us = message.t_us

    def behind_us(self, first_us: int) -> int:
        """Return the time at which the next child starts; first_us: time of the first packet."""
        if self._is_seeking:
            return (self._at_us or 0) + self._width_us
        return first_us if self._at_us is None else self._at_us + 1


def as_arrays(message: Message) -> EventArrays | None:
    """Return the events of a message, None if their times are none."""
    found = message.content.view(EVENT)
    t_us = found['t']
    if not -MAX_US < t_us.min() <= t_us.max() < MAX_US:
        return None
    polarity = np.not_equal(found['polarity'], 0).view(np.uint8)
    return EventArrays(t_us * US_NS, found['x'].copy(), found['y'].copy(), polarity)


def _as_rgb(message: Message) -> NDArray[np.uint8]:
    height, width, channels = message.numbers
    pixels = message.content.reshape(height, width, channels)
    if channels not in _TO_RGB:
        return pixels[:, :, 0]
    return np.asarray(cv2.cvtColor(pixels, _TO_RGB[channels]), np.uint8)


def _check_version(path: Path) -> None:
    with path.open('rb') as file:
        start = file.read(len(MAGIC))
    if start != MAGIC:
        version = start.partition(b'\n')[0].decode('ascii', 'replace').strip()
        raise RecordingError(
            f"The recording '{path}' is of the unknown version {version}: export it as AEDAT 4.0 "
            'with DV.'
        )


def _described(child: DvProcess, path: Path) -> dict[str, Any]:
    try:
        (message,) = child
    except DvError as error:
        raise RecordingError(
            f"The recording '{path}' cannot be read ({error}): copy it again, or repair it with "
            'DV.'
        ) from error
    facts: dict[str, Any] = json.loads(message.content.tobytes())
    return facts
