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

"""Reading of a damaged recording, and the rules of EventRecording that must hold."""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.recordings.chunks import CELL_NS
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import (
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
)

REFUSED, READ, LOSSY = 'refused', 'read', 'read with losses'
LONGEST_SENTENCE = 1000


class FaultError(Exception):
    """Fault of a reader, in one sentence."""


def outcome(paths: tuple[Path, ...], truth: tuple[Path, ...]) -> str:
    """Read a recording; return REFUSED, READ or LOSSY.

    Raises:
        FaultError: a rule does not hold.
        Exception: the reader raised another error than RecordingError.
    """
    try:
        with open_recording(paths, truth) as recording:
            _read_all(recording)
            return LOSSY if any(recording.losses.values()) else READ
    except RecordingError as error:
        sentence = str(error)
        if (
            '\n' in sentence
            or len(sentence) > LONGEST_SENTENCE
            or not re.search(r'[.)`]$', sentence)
        ):
            raise FaultError(f'no sentence: {sentence!r}') from error
        return REFUSED


def _read_all(recording: EventRecording) -> None:
    if recording.start_ns > recording.end_ns:
        raise FaultError(f'it ends at {recording.end_ns}, before it starts')
    _read_events(recording)
    for stream in recording.depth_streams:
        _read_depth(recording, stream)
    for images in recording.image_streams:
        for _, image in recording.images(images):
            if image.dtype != np.uint8 or image.ndim not in (2, 3):
                raise FaultError(f'an image is {image.dtype} {image.shape}')
    with suppress(CalibrationError):
        recording.calibration(recording.cameras[:2])


def _read_events(recording: EventRecording) -> None:
    reached_ns = None
    chunks = recording.events(recording.cameras)
    cameras = recording.cameras
    last: list[int | None] = [None] * len(cameras)
    for chunk in as_arrays(_in_order(chunks), cameras, recording.losses):
        if reached_ns is not None and chunk.t_ns < reached_ns:
            raise FaultError(f'chunks fall from {reached_ns} to {chunk.t_ns}')
        reached_ns = chunk.t_ns
        assert isinstance(chunk.events, EventArrays)
        check_arrays(chunk.events, cameras[chunk.camera], chunk.t_ns, last[chunk.camera])
        last[chunk.camera] = chunk.t_ns


def _in_order(chunks: Iterable[EventChunk]) -> Iterator[EventChunk]:
    """Yield chunks; packets must not fall in time."""
    reached_ns = None
    for chunk in chunks:
        if reached_ns is not None and chunk.t_ns < reached_ns:
            raise FaultError(f'chunks of the reader fall from {reached_ns} to {chunk.t_ns}')
        reached_ns = chunk.t_ns
        if isinstance(chunk.events, Packet) and chunk.events.data.dtype != np.uint8:
            raise FaultError('a packet is no bytes')
        yield chunk


def check_arrays(events: EventArrays, camera: EventCamera, t_ns: int, last_ns: int | None) -> None:
    """Raise FaultError unless a chunk keeps the rules.

    Args:
        events: the chunk.
        camera: its camera.
        t_ns: its time, nanoseconds.
        last_ns: time of the camera's last chunk, nanoseconds; None before the first.
    """
    sizes = {len(column) for column in events}
    if len(sizes) != 1 or not min(sizes):
        raise FaultError(f'a chunk has columns of {sizes} entries')
    if events.t_ns.dtype != np.int64:
        raise FaultError(f'times are {events.t_ns.dtype}')
    if np.any(events.t_ns[1:] < events.t_ns[:-1]) or events.t_ns[-1] != t_ns:
        raise FaultError('times fall in a chunk, or do not end at its time')
    if last_ns is not None and events.t_ns[0] < last_ns:
        raise FaultError('times fall from chunk to chunk')
    if events.t_ns[0] // CELL_NS != events.t_ns[-1] // CELL_NS:
        raise FaultError('a chunk is in two cells')
    for column, size in ((events.x, camera.width), (events.y, camera.height)):
        if column.dtype.kind not in 'iu' or column.min() < 0 or column.max() >= size:
            raise FaultError(f'pixels from {column.min()} to {column.max()} of {size}')
    if events.polarity.dtype.kind not in 'iub' or not np.isin(events.polarity, (0, 1)).all():
        raise FaultError('a polarity is neither 0 nor 1')


def _read_depth(recording: EventRecording, stream: DepthStream) -> None:
    reached_ns = None
    for t_ns, depth in recording.depth(stream):
        if reached_ns is not None and t_ns < reached_ns:
            raise FaultError('true depth falls in time')
        reached_ns = t_ns
        if depth.dtype != np.float32 or depth.shape != (stream.height, stream.width):
            raise FaultError(f'true depth is {depth.dtype} {depth.shape}')
        if np.isinf(depth).any() or (depth <= 0).any():
            raise FaultError('true depth is infinite, or not above 0')
