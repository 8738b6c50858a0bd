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

"""Inputs of the demo: a recording and a model, checked before a node starts."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.inference import providers
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.model_file import ModelError
from spike_depth_ros.recordings.cameras import find_cameras
from spike_depth_ros.recordings.first_packets import first_packets
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.truth import Truth, choose_truth
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.units import SECOND_NS

MODELS = {2: 'models/coincidence.onnx', 1: 'models/stereospike_monocular.onnx'}
HOP_S = 0.05
# Windows may begin before the first packet was logged and end after the last, by half a second.
MORE_WINDOWS = 10


@dataclass(frozen=True, slots=True)
class Source:
    """A recording and a model for it.

    Args:
        path: folder of the recording.
        cameras: event topics, left first.
        truth: true depth of the recording.
        duration_s: length of the recording, seconds.
        simulated: whether the cameras are simulated, and so are rectified.
        model: path of the model.
        contract: contract of the model.
    """

    path: Path
    cameras: tuple[str, ...]
    truth: Truth
    duration_s: float
    simulated: bool
    model: Path
    contract: ModelContract

    @property
    def name(self) -> str:
        """Return name and kind of the recording."""
        cameras = 'stereo' if len(self.cameras) == 2 else 'one camera'
        kind = f'{cameras}, simulated' if self.simulated else cameras
        return f'{self.path.resolve().name} ({kind})'

    @property
    def most_windows(self) -> int:
        """Return the largest number of windows that the recording can give."""
        return ceil(self.duration_s / HOP_S) + MORE_WINDOWS


def open_source(path: Path, left: str, right: str, model: Path | None) -> Source:
    """Check a recording and a model.

    Raises RecordingError or ModelError, one sentence, if one of them cannot be used or they do not
    fit each other.

    Args:
        path: folder of the recording.
        left, right: event topics, '' to find them.
        model: path of the model, None for the shipped one.
    """
    with Recording(path) as recording:
        cameras = find_cameras(recording.topics, left, right)
        packets = first_packets(recording, cameras)
        model = model or shared_file(MODELS[len(cameras)])
        contract = _contract(model, len(cameras))
        return Source(
            path=path.resolve(),
            cameras=cameras,
            truth=choose_truth(recording, packets[0].frame_id, contract.width, contract.height),
            duration_s=recording.duration_ns / SECOND_NS,
            simulated=recording.about.get('simulated') == 'true',
            model=model.resolve(),
            contract=contract,
        )


def _contract(model: Path, cameras: int) -> ModelContract:
    contract = DepthEngine(model, threads=1, provider=providers.CPU).contract
    model_cameras = contract.channels // CHANNELS_PER_CAMERA
    if model_cameras != cameras:
        raise ModelError(
            f"The model '{model}' takes {_cameras(model_cameras)}, but the recording is "
            f'played as {_cameras(cameras)}: give another model, or name the topics of the '
            f'cameras with --left and --right.'
        )
    if contract.window_ns % round(HOP_S * SECOND_NS):
        raise ModelError(
            f"The model '{model}' takes windows of {contract.window_ns / 1e6:g} ms, but must take "
            f'multiples of {HOP_S * 1e3:g} ms here: give another model.'
        )
    return contract


def _cameras(count: int) -> str:
    return 'one camera' if count == 1 else 'two cameras'
