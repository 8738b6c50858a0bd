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


"""Inputs of a run: a recording and a model, checked before a node starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from spike_depth_ros.frames.limits import MIN_HOP_NS
from spike_depth_ros.frames.spike_frame import CAMERAS, CHANNELS_PER_CAMERA
from spike_depth_ros.inference import providers
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.model_file import ModelError
from spike_depth_ros.inference.shipped import shipped_model
from spike_depth_ros.recordings import calibrated, mvsec
from spike_depth_ros.recordings.beginning import first_event_ns
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import (
    Dataset,
    EventCamera,
    EventRecording,
    FoundCalibration,
)
from spike_depth_ros.recordings.truth_view import TrueDepth, true_depth
from spike_depth_ros.ros.rig_source import FROM_TOPICS, RECTIFIED, UNCALIBRATED
from spike_depth_ros.units import MS_NS, SECOND_NS

# Time from window to window where none is given.
HOP_NS = 50 * MS_NS
# Windows may begin before the first packet was logged and end after the last, by half a second.
MORE_S = 0.5


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs that the user names.

    Args:
        recording: files or folders of the recording.
        truth: files with true depth; (): in the recording or beside it.
        calibration, right_calibration: paths of the calibration, '' to look for one.
        left, right: event cameras, '' to find them.
        model: path of the model, None for the shipped one.
        start_s: start after the first event, seconds.
        duration_s: length of the part to run, seconds; 0: to the end.
        hop_ms: time from window to window, milliseconds; None: 50, or a shorter window's length.
    """

    recording: tuple[Path, ...]
    truth: tuple[Path, ...] = ()
    calibration: str = ''
    right_calibration: str = ''
    left: str = ''
    right: str = ''
    model: Path | None = None
    start_s: float = 0.0
    duration_s: float = 0.0
    hop_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A recording and a model for it.

    Args:
        inputs: what the user named.
        cameras: event cameras, left first.
        calibration: calibration of the cameras, None if there is none.
        about_calibration: sentence about it, '' if none is needed.
        truth: true depth, None if there is none that fits.
        no_truth: why the true depth does not fit, '' if there is none.
        dataset: data set of the recording, '' if unknown.
        start_ns, end_ns: half-open part that is run, time of the recording, nanoseconds.
        tested: numbers of the true depths, counted from the start of the part, that are compared;
            None: all.
        nearest_valid_m: true depth up to which pixels are invalid, metres.
        simulated: whether the cameras are simulated, and so are rectified.
        notes: sentences about what the readers had to assume.
        model: path of the model.
        contract: contract of the model.
        hop_ns: time from window to window, nanoseconds.
    """

    inputs: Inputs
    cameras: tuple[EventCamera, ...]
    calibration: FoundCalibration | None
    about_calibration: str
    truth: TrueDepth | None
    no_truth: str
    dataset: Dataset
    start_ns: int
    end_ns: int
    tested: range | None
    nearest_valid_m: float
    simulated: bool
    notes: Sequence[str]
    model: Path
    contract: ModelContract
    hop_ns: int

    @property
    def name(self) -> str:
        """Return name and kind of the recording."""
        cameras = 'stereo' if len(self.cameras) == 2 else 'one camera'
        kind = f'{cameras}, simulated' if self.simulated else cameras
        return f'{" and ".join(p.resolve().name for p in self.inputs.recording)} ({kind})'

    @property
    def duration_s(self) -> float:
        """Return the length of the part that is run, seconds."""
        return (self.end_ns - self.start_ns) / SECOND_NS

    @property
    def most_windows(self) -> int:
        """Return the largest number of windows that the recording can give."""
        return ceil((self.duration_s + MORE_S) * SECOND_NS / self.hop_ns)

    @property
    def focal_baseline(self) -> float:
        """Return depth in metres times disparity in pixels in the network's image."""
        rig = self.calibration.rig if self.calibration else None
        baseline_m = rig.baseline_m if rig and len(rig.cameras) == 2 else self.contract.baseline_m
        return self.contract.f * baseline_m

    def binner_parameters(self) -> dict[str, object]:
        """Return the binner's parameters that fit the model and the recording."""
        contract = self.contract
        return {
            'stereo': len(self.cameras) == 2,
            'window_ms': contract.window_ns / 1e6,
            'hop_ms': self.hop_ns / MS_NS,
            'width': contract.width,
            'height': contract.height,
            'focal_length': contract.f,
            'cx': contract.cx,
            'cy': contract.cy,
            'baseline': contract.baseline_m,
            'calibration': self._binner_calibration(),
        }

    def replay_parameters(self) -> dict[str, object]:
        """Return the replay node's parameters: the inputs, and the cameras that were found."""
        inputs = self.inputs
        return {
            'recording': [str(path) for path in _absolute(inputs.recording)],
            'truth': [str(path) for path in _absolute(inputs.truth)] or '',
            'calibration': inputs.calibration,
            'right_calibration': inputs.right_calibration,
            'start': inputs.start_s,
            'duration': inputs.duration_s,
            **{side: c.name for side, c in zip(CAMERAS, self.cameras, strict=False)},
        }

    def _binner_calibration(self) -> str:
        """Return the binner's parameter; replay publishes the calibration that was found."""
        if self.calibration:
            return FROM_TOPICS
        # Simulated cameras are rectified and have the network's camera.
        return RECTIFIED if self.simulated else UNCALIBRATED

    def about(self) -> list[str]:
        """Return sentences about the recording: calibration, model of one camera, assumptions."""
        sentences = [*self.notes, *filter(None, [self.about_calibration])]
        if len(self.cameras) == 1:
            sentences.append('one camera: depth is from a monocular model')
        return sentences


def open_source(inputs: Inputs) -> Source:
    """Check a recording and a model.

    Raises RecordingError, CalibrationError or ModelError, one sentence, if one of them cannot be
    used or they do not fit each other.
    """
    with open_recording(_absolute(inputs.recording), _absolute(inputs.truth)) as recording:
        cameras = choose_cameras(recording, inputs.left, inputs.right)
        model = inputs.model or shipped_model(len(cameras))
        contract = _contract(model, len(cameras))
        calibration = calibrated.find_calibration(
            recording, cameras, inputs.calibration, inputs.right_calibration
        )
        truth, no_truth = _truth(recording, cameras[0], calibration, contract)
        if inputs.truth and truth is None:
            given = ' and '.join(f"'{path}'" for path in inputs.truth)
            reason = no_truth.rstrip('.') or f'{given} holds no true depth'
            raise RecordingError(f'{reason}: give other true depth, or leave out --truth.')
        start_ns, end_ns = _part(recording, cameras, inputs)
        return Source(
            inputs=inputs,
            cameras=cameras,
            calibration=calibration,
            about_calibration=calibrated.in_words(calibration, recording),
            truth=truth,
            no_truth=no_truth,
            dataset=recording.dataset,
            start_ns=start_ns,
            end_ns=end_ns,
            tested=_tested(recording, truth, start_ns, end_ns),
            nearest_valid_m=_nearest_valid_m(recording),
            simulated=recording.is_simulated,
            notes=tuple(recording.notes),
            model=model.resolve(),
            contract=contract,
            hop_ns=_hop_ns(inputs.hop_ms, contract.window_ns),
        )


def _absolute(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return paths that name the same cameras in the replay; links keep their names."""
    return tuple(path.absolute() for path in paths)


def _part(
    recording: EventRecording, cameras: Sequence[EventCamera], inputs: Inputs
) -> tuple[int, int]:
    """Return start and end of the part to run, time of the recording, nanoseconds."""
    if not (inputs.start_s >= 0 and inputs.duration_s >= 0):
        raise RecordingError(
            f'Start and duration are {inputs.start_s:g} and {inputs.duration_s:g} s, but must not '
            f'be negative.'
        )
    start_ns = first_event_ns(recording, cameras) + round(inputs.start_s * SECOND_NS)
    rest_s = (recording.end_ns - start_ns) / SECOND_NS
    if rest_s <= 0:
        raise RecordingError(
            f"The recording '{recording.path}' ends {rest_s + inputs.start_s:.3g} s after its "
            f'first event: give a start before that, not {inputs.start_s:g} s.'
        )
    return start_ns, start_ns + round(min(inputs.duration_s or rest_s, rest_s) * SECOND_NS)


def _truth(
    recording: EventRecording,
    left: EventCamera,
    calibration: FoundCalibration | None,
    contract: ModelContract,
) -> tuple[TrueDepth | None, str]:
    """Return the true depth, or None and why it does not fit."""
    if not recording.depth_streams:
        return None, ''
    rig = calibration.rig if calibration else None
    try:
        return true_depth(recording, left, rig, contract.camera), ''
    except RecordingError as error:
        return None, str(error)


def _tested(
    recording: EventRecording, truth: TrueDepth | None, start_ns: int, end_ns: int
) -> range | None:
    """Return the range of MVSEC's split if the part reaches it; see Source.tested."""
    tested = mvsec.test_range(recording.path) if recording.dataset == 'MVSEC' else None
    if truth is None or tested is None:
        return None
    times_ns = [frame.t_ns for frame in recording.depth(truth.stream, end_ns=end_ns)]
    skipped = sum(t_ns < start_ns for t_ns in times_ns)
    if not skipped < tested.stop or not tested.start < len(times_ns):
        return None
    return range(max(tested.start - skipped, 0), tested.stop - skipped)


def _nearest_valid_m(recording: EventRecording) -> float:
    return mvsec.nearest_valid_m(recording.path) if recording.dataset == 'MVSEC' else 0.0


def _contract(model: Path, cameras: int) -> ModelContract:
    contract = DepthEngine(model, threads=1, provider=providers.CPU).contract
    model_cameras = contract.channels // CHANNELS_PER_CAMERA
    if model_cameras != cameras:
        raise ModelError(
            f"The model '{model}' takes {_cameras(model_cameras)}, but the recording is "
            f'played as {_cameras(cameras)}: give another model, or name the cameras with --left '
            f'and --right.'
        )
    return contract


def _hop_ns(hop_ms: float | None, window_ns: int) -> int:
    """Return the time from window to window, nanoseconds; see Inputs.hop_ms."""
    if hop_ms is None:
        return min(HOP_NS, window_ns)
    if not MIN_HOP_NS <= hop_ms * MS_NS <= window_ns:
        raise ModelError(
            f'hop_ms is {hop_ms:g}, but must be from {MIN_HOP_NS / MS_NS:g} to '
            f"{window_ns / MS_NS:g}, the length of the model's windows in milliseconds."
        )
    return round(hop_ms * MS_NS)


def _cameras(count: int) -> str:
    return 'one camera' if count == 1 else 'two cameras'
