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

"""Conversion: all events and true depth of a recording into a writer."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.encoded import as_packets
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.recording import (
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
)
from spike_depth_ros.recordings.writers.writer import Writer

# Encodings that event_camera_codecs, which other tools use, decodes.
COMMON_ENCODINGS = frozenset({'evt3', 'libcaer', 'libcaer_cmp', 'mono'})


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of time of a recording, nanoseconds; None: from the start, to the end."""

    start_ns: int | None = None
    end_ns: int | None = None


def convert(
    recording: EventRecording,
    cameras: Sequence[EventCamera],
    writer: Writer,
    span: Span,
    progress: Progress,
) -> tuple[int, int]:
    """Write the events of some cameras and all true depth, in order of time.

    Packets that other tools decode are written as they are.

    Args:
        recording: source.
        cameras: cameras of the source, in the order of the writer's.
        writer: destination.
        span: range of time to write.
        progress: progress bar.

    Returns:
        Number of chunks of events, and number of images.
    """
    start_ns = recording.start_ns if span.start_ns is None else span.start_ns
    length_ns = max((recording.end_ns if span.end_ns is None else span.end_ns) - start_ns, 1)
    frames = _frames(recording, span) if writer.takes_depth else iter(())
    frame = next(frames, None)
    chunks = images = 0
    for chunk in _chunks(recording, cameras, writer.takes_packets, span):
        while frame is not None and frame[1].t_ns <= chunk.t_ns:
            writer.write_depth(*frame)
            images += 1
            frame = next(frames, None)
        writer.write_events(chunk)
        chunks += 1
        progress.show((chunk.t_ns - start_ns) / length_ns)
    while frame is not None:
        writer.write_depth(*frame)
        images += 1
        frame = next(frames, None)
    return chunks, images


def _chunks(
    recording: EventRecording,
    cameras: Sequence[EventCamera],
    as_they_are: bool,
    span: Span,
) -> Iterator[EventChunk]:
    """Yield packets if they may be as they are, else arrays."""
    chunks = recording.events(cameras, span.start_ns, span.end_ns)
    if as_they_are and all(camera.encoding in COMMON_ENCODINGS for camera in cameras):
        return chunks
    arrays = as_arrays(chunks, cameras, recording.losses)
    return as_packets(arrays, cameras, recording.losses) if as_they_are else arrays


def _frames(recording: EventRecording, span: Span) -> Iterator[tuple[DepthStream, DepthFrame]]:
    """Yield the true depth of all streams in order of time."""
    streams = [_of_stream(recording, stream, span) for stream in recording.depth_streams]
    return heapq.merge(*streams, key=lambda pair: pair[1].t_ns)


def _of_stream(
    recording: EventRecording, stream: DepthStream, span: Span
) -> Iterator[tuple[DepthStream, DepthFrame]]:
    for frame in recording.depth(stream, span.start_ns, span.end_ns):
        yield stream, frame
