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

"""Survey of a recording: one pass over its events and its true depth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.info.depth_info import DepthInfo, survey_depth
from spike_depth_ros.recordings.info.event_info import EventCounter, EventInfo
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.recording import (
    EventChunk,
    EventRecording,
    FoundCalibration,
    ImageStream,
)


@dataclass(frozen=True, slots=True)
class RecordingInfo:
    """Contents of a recording.

    Attributes:
        path, kind, dataset, about, notes, losses: as those of the recording, after reading all.
        cameras: its event cameras.
        depth: its true depth.
        images: its intensity images.
        calibration: calibration of its one or two cameras; None if it has none.
        calibration_error: why the calibration cannot be used, '' if it can.
    """

    path: str
    kind: str
    dataset: str
    cameras: tuple[EventInfo, ...]
    depth: tuple[DepthInfo, ...]
    images: tuple[ImageStream, ...]
    calibration: FoundCalibration | None
    calibration_error: str
    about: Mapping[str, str]
    notes: tuple[str, ...]
    losses: Mapping[str, int]


def survey(recording: EventRecording, progress: Progress) -> RecordingInfo:
    """Read all events and all true depth of a recording."""
    counters = [EventCounter(camera) for camera in recording.cameras]
    start_ns, end_ns = recording.start_ns, recording.end_ns
    length_ns = max(end_ns - start_ns, 1)
    chunks = _watched(recording.events(recording.cameras), counters)
    events = 0
    for chunk in as_arrays(chunks, recording.cameras, recording.losses):
        assert not isinstance(chunk.events, Packet)
        counters[chunk.camera].add(chunk.events)
        events += len(chunk.events.t_ns)
        progress.show((chunk.t_ns - start_ns) / length_ns, f'{events / 1e6:,.1f} million events')
    depth = tuple(
        survey_depth(
            recording,
            stream,
            lambda t_ns: progress.show((t_ns - start_ns) / length_ns, 'true depth'),
        )
        for stream in recording.depth_streams
    )
    calibration, error = _calibration(recording)
    return RecordingInfo(
        path=str(recording.path),
        kind=recording.kind,
        dataset=recording.dataset,
        cameras=tuple(counter.result() for counter in counters),
        depth=depth,
        images=recording.image_streams,
        calibration=calibration,
        calibration_error=error,
        about=dict(recording.about),
        notes=tuple(recording.notes),
        losses={phrase: count for phrase, count in recording.losses.items() if count},
    )


def _watched(chunks: Iterator[EventChunk], counters: list[EventCounter]) -> Iterator[EventChunk]:
    for chunk in chunks:
        if isinstance(chunk.events, Packet):
            counters[chunk.camera].add_packet(chunk.events)
        yield chunk


def _calibration(recording: EventRecording) -> tuple[FoundCalibration | None, str]:
    """Return the calibration of one or two cameras, and the error of one that is wrong."""
    if len(recording.cameras) > 2:
        return None, ''
    try:
        return recording.calibration(choose_cameras(recording)), ''
    except (CalibrationError, RecordingError) as error:
        return None, str(error)
