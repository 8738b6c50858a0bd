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


"""`spike-depth convert`: a recording in another format."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.recordings.convert.conversion import Span, convert
from spike_depth_ros.recordings.convert.formats import find_format, new_output
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.recording import EventCamera, EventRecording
from spike_depth_ros.recordings.sides import left_and_right
from spike_depth_ros.recordings.writers.writer import Contents, sides
from spike_depth_ros.units import SECOND_NS


def main(arguments: argparse.Namespace) -> int:
    """Write the output; return the exit code 0.

    Raises:
        OutputError: the output cannot be written.
        RecordingError: the recording cannot be read, or the output exists.
    """
    output = Path(arguments.output)
    form = find_format(output, arguments.format)
    paths, truth = ([Path(path) for path in given] for given in (arguments.paths, arguments.truth))
    with open_recording(paths, truth) as recording:
        cameras = choose(recording.cameras, arguments.left, arguments.right)
        contents = _contents(recording, cameras)
        span = _span(recording, arguments.start, arguments.duration)
        with (
            new_output(output, form, contents) as writer,
            Progress(f'writing {output}') as progress,
        ):
            chunks, images = convert(recording, cameras, writer, span, progress)
            if not chunks:
                raise RecordingError(
                    f"The recording '{recording.path}' has no event from {arguments.start:g} s "
                    'on: choose another --start or --duration.'
                )
        what = 'packets' if writer.takes_packets else 'blocks of events'
        print(f'{output}: {chunks:,} {what} of {len(cameras)} cameras, {images:,} depth images')
        for note in (*recording.notes, *writer.notes):
            print(f'Note: {note.rstrip(".")}.', file=sys.stderr)
        for phrase, count in recording.losses.items():
            print(f'Left out: {count:,} {phrase}.', file=sys.stderr)
    return 0


def choose(cameras: Sequence[EventCamera], left: str, right: str) -> tuple[EventCamera, ...]:
    """Return the cameras of these names; all cameras without names, of two the left one first.

    Raises:
        RecordingError: no camera has a name.
    """
    if left or right:
        by_name = {camera.name: camera for camera in cameras}
        for name in (left, right):
            if name and name not in by_name:
                raise RecordingError(
                    f"The recording has no camera '{name}'; it has {', '.join(by_name)}: give one "
                    'of these.'
                )
        return tuple(by_name[name] for name in (left, right) if name)
    if len(cameras) != 2:
        return tuple(cameras)
    first, second = cameras
    is_ordered = left_and_right(first.name, second.name)[0] == first.name
    return (first, second) if is_ordered else (second, first)


def _contents(recording: EventRecording, cameras: tuple[EventCamera, ...]) -> Contents:
    rig = None
    if len(cameras) <= 2:
        try:
            found = recording.calibration(cameras)
        except CalibrationError as error:
            print(f'Note: {error}', file=sys.stderr)
            found = None
        rig = found.rig if found else None
    return Contents(cameras, sides(cameras), recording.depth_streams, rig, recording.about)


def _span(recording: EventRecording, start_s: float, duration_s: float | None) -> Span:
    """Return the range of time; raises RecordingError for a negative time."""
    if start_s < 0 or (duration_s is not None and duration_s <= 0):
        raise RecordingError(
            f'--start is {start_s:g} s and --duration {duration_s} s: give a start from 0 on, and '
            'a duration above 0.'
        )
    if not start_s and duration_s is None:
        return Span()
    start_ns = recording.start_ns + round(start_s * SECOND_NS)
    end_ns = None if duration_s is None else start_ns + round(duration_s * SECOND_NS)
    return Span(start_ns, end_ns)
