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

"""Recording, calibration and model of a view, checked before the work starts."""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.geometry.calibration import RigCalibration
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.model_file import ModelError
from spike_depth_ros.inference.shipped import shipped_model
from spike_depth_ros.recordings import calibrated
from spike_depth_ros.recordings.beginning import first_event_ns, stamp_error_ns
from spike_depth_ros.recordings.cameras import choose_cameras, in_words
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import EventCamera, EventRecording
from spike_depth_ros.recordings.truth_view import TrueDepth, true_depth
from spike_depth_ros.units import SECOND_NS


@dataclass(frozen=True)
class Source:
    """Part of a recording, and the network for it.

    Args:
        recording: open recording.
        cameras: event cameras, left first.
        rig: calibration of the cameras; None: they are taken as rectified.
        truth: true depth; None if there is none that fits.
        engine: network.
        model: its file.
        start_ns, end_ns: half-open range of the recording's time, nanoseconds.
        clock_error_ns: the recording's time minus header stamps, nanoseconds.
        about: sentences about cameras, calibration and true depth.
    """

    recording: EventRecording
    cameras: Sequence[EventCamera]
    rig: RigCalibration | None
    truth: TrueDepth | None
    engine: DepthEngine
    model: Path
    start_ns: int
    end_ns: int
    clock_error_ns: int
    about: Sequence[str]


@contextmanager
def opened(arguments: argparse.Namespace) -> Iterator[Source]:
    """Open what the arguments of `spike-depth view` name.

    Raises:
        RecordingError, CalibrationError, ModelError: one of them cannot be used.
    """
    if not arguments.recording:
        raise RecordingError('No recording is given: give a file or folder, or --live.')
    with open_recording(_paths(arguments.recording), _paths(arguments.truth)) as recording:
        yield _source(recording, arguments)


def _source(recording: EventRecording, arguments: argparse.Namespace) -> Source:
    cameras = choose_cameras(recording, arguments.left, arguments.right)
    files = (_expanded(arguments.calibration), _expanded(arguments.right_calibration))
    calibration = calibrated.find_calibration(recording, cameras, *files)
    about = [in_words(cameras), *recording.notes]
    about += filter(None, [calibrated.in_words(calibration, recording)])
    rig = calibration.rig if calibration else None
    model = Path(_expanded(arguments.model) or shipped_model(len(cameras)))
    engine = _engine(model, len(cameras))
    truth = None
    if recording.depth_streams:
        try:
            truth = true_depth(recording, cameras[0], rig, engine.contract.camera)
        except RecordingError as error:  # depth can be shown without it
            about.append(str(error))
    first_ns = first_event_ns(recording, cameras)
    start_ns = first_ns + round(arguments.start * SECOND_NS)
    if start_ns > recording.end_ns:
        length_s = (recording.end_ns - first_ns) / SECOND_NS
        raise RecordingError(
            f"The recording '{recording.path}' ends {length_s:.3g} s after its first event: "
            f'give a start before that, not {arguments.start:g} s.'
        )
    end_ns = recording.end_ns + 1
    if arguments.duration:
        end_ns = min(end_ns, start_ns + round(arguments.duration * SECOND_NS))
    error_ns = stamp_error_ns(recording.events(cameras))
    recording.losses.clear()  # of the first packets, which are read again
    return Source(recording, cameras, rig, truth, engine, model, start_ns, end_ns, error_ns, about)


def _engine(path: Path, cameras: int) -> DepthEngine:
    engine = DepthEngine(path)
    takes = engine.contract.channels // CHANNELS_PER_CAMERA
    if takes != cameras:
        raise ModelError(
            f"The model '{path}' is made for {_cameras(takes)}, but the recording is shown as "
            f'{_cameras(cameras)}: give another model, or name the cameras by --left and --right.'
        )
    return engine


def _cameras(count: int) -> str:
    return 'one camera' if count == 1 else 'two cameras'


def _paths(texts: Sequence[str]) -> list[Path]:
    return [Path(_expanded(text)) for text in texts]


def _expanded(text: str) -> str:
    return str(Path(text).expanduser()) if text else ''
