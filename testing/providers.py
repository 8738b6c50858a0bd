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

"""Comparison of execution providers over consecutive windows of a recording."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.limits import MAX_WAIT_NS
from spike_depth_ros.frames.spike_stream import SpikeStream
from spike_depth_ros.frames.windows import SpikeFrame
from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.engine import DepthEngine, Inference
from spike_depth_ros.inference.history import History
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.encoded import as_packets
from spike_depth_ros.recordings.open import open_recording


@dataclass
class Agreement:
    """Differences between two providers over a number of windows.

    Attributes:
        windows: number of windows compared.
        states: number of windows with unequal potentials, bit for bit.
        spikes: number of windows with another number of spikes in a layer.
        depth: largest relative difference of depth.
        confidence: largest difference of confidence.
        resets: number of times that memory was forgotten.
        potential: largest potential, of any sign.
    """

    windows: int = 0
    states: int = 0
    spikes: int = 0
    depth: float = 0.0
    confidence: float = 0.0
    resets: int = 0
    potential: float = 0.0


def frames(recording: Path, contract: ModelContract, hop_ns: int) -> Iterator[SpikeFrame]:
    """Yield the spike frames of a stereo recording; hop_ns: time from window to window."""
    size = contract.width, contract.height
    binner = Binner(2, contract.window_ns, hop_ns, MAX_WAIT_NS, *size)
    with open_recording(recording) as opened:
        cameras = choose_cameras(opened)
        for chunk in as_packets(opened.events(cameras), cameras, Counter()):
            assert isinstance(chunk.events, Packet)
            yield from binner.push(chunk.camera, chunk.events, chunk.t_ns)


def compare(
    model: Path, recording: Path, hop_ns: int, windows: int, names: Sequence[str]
) -> Agreement:
    """Infer consecutive windows with two providers, as the depth node does.

    Args:
        model: ONNX file.
        recording: stereo recording.
        hop_ns: time from window to window, nanoseconds.
        windows: number of windows.
        names: names of the two providers.

    Raises ValueError if a provider cannot be used.
    """
    engines = [DepthEngine(model, provider=name) for name in names]
    for engine in engines:
        if engine.warning:
            raise ValueError(engine.warning)
    contract, agreement = engines[0].contract, Agreement()
    histories = [History(engine) for engine in engines]
    stream = _stream(contract, hop_ns)
    for frame in islice(frames(recording, contract, hop_ns), windows):
        for history in histories:
            history.enter(frame.counts, stream, frame.stamp_ns)
        _add(agreement, engines, [history.infer(frame.counts) for history in histories])
    agreement.resets = sum(sum(history.resets.values()) for history in histories)
    return agreement


def _add(
    agreement: Agreement, engines: Sequence[DepthEngine], results: Sequence[Inference]
) -> None:
    """Add the differences of one window."""
    one, other = results
    states = [engine.memory.states for engine in engines]
    equal = [np.array_equal(states[0][name], states[1][name]) for name in states[0]]
    sizes = np.array(engines[0].contract.sizes)
    agreement.windows += 1
    agreement.states += not all(equal)
    agreement.spikes += not np.array_equal(_spikes(one, sizes), _spikes(other, sizes))
    depth = float(np.max(np.abs(one.depth / other.depth - 1)))
    agreement.depth = max(agreement.depth, depth)
    if one.confidence is not None and other.confidence is not None:
        confidence = float(np.max(np.abs(one.confidence - other.confidence)))
        agreement.confidence = max(agreement.confidence, confidence)
    largest = max((float(np.abs(state).max()) for state in states[0].values()), default=0.0)
    agreement.potential = max(agreement.potential, largest)


def _spikes(inference: Inference, sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the numbers of non-zero outputs and of spikes of each layer, whole, [2, layers].

    Providers round the division by the layer's size otherwise.
    """
    return np.rint(np.array([inference.firing_rates, inference.mean_spikes]) * sizes)


def _stream(contract: ModelContract, hop_ns: int) -> SpikeStream:
    return SpikeStream(
        window_ns=contract.window_ns,
        hop_ns=hop_ns,
        channels=contract.channels,
        camera=contract.camera,
        baseline_m=contract.baseline_m,
        sync='sensor',
        mapped=np.ones((contract.height, contract.width), np.bool_),
    )
