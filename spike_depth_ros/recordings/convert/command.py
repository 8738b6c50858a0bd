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
from pathlib import Path

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.recordings.calibrated import find_calibration
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.convert.conversion import Span, convert
from spike_depth_ros.recordings.convert.formats import find_format, new_output
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.recording import EventRecording
from spike_depth_ros.recordings.writers.writer import Contents
from spike_depth_ros.units import SECOND_NS


def main(arguments: argparse.Namespace) -> int:
    """Write the output; return the exit code 0.

    Raises:
        CalibrationError: a calibration file cannot be used.
        OutputError: the output cannot be written.
        RecordingError: the recording cannot be read, or the output exists.
    """
    output = Path(arguments.output)
    form = find_format(output, arguments.format)
    paths, truth = ([Path(path) for path in given] for given in (arguments.paths, arguments.truth))
    with open_recording(paths, truth) as recording:
        cameras = choose_cameras(recording, arguments.left, arguments.right)
        files = arguments.calibration, arguments.right_calibration
        calibration = find_calibration(recording, cameras, *files)
        rig = calibration.rig if calibration else None
        sides = CAMERAS if len(cameras) == 2 else ('camera',)
        contents = Contents(cameras, sides, recording.depth_streams, rig, recording.about)
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


def _span(recording: EventRecording, start_s: float, duration_s: float) -> Span:
    """Return the range of time; raises RecordingError for a negative time."""
    if start_s < 0 or duration_s < 0:
        raise RecordingError(
            f'--start is {start_s:g} s and --duration {duration_s:g} s: give times from 0 on.'
        )
    if not start_s and not duration_s:
        return Span()
    start_ns = recording.start_ns + round(start_s * SECOND_NS)
    end_ns = start_ns + round(duration_s * SECOND_NS) if duration_s else None
    return Span(start_ns, end_ns)
