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

"""States of int8 files: bit for bit the same in torch, onnxruntime and OpenVINO over 200 windows.

Windows are random, extreme and real; times between them are from 1 ms to 10 s, with resets.
"""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from training.exported_files import depth_of
from training.small_networks import coincidence, edges, stereospike, transformer

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.export.command import export, exported
from spike_depth_ros.training.export.description import Provenance, spikes_of
from spike_depth_ros.training.networks.membrane import LARGEST_STATE, membranes
from spike_depth_ros.training.networks.network import DepthNetwork
from spike_depth_ros.training.quantisation import POTENTIAL_UNIT

pytestmark = pytest.mark.slow

SIZE = (48, 80)
SENSOR = 128  # pixels of the real cameras that are used
RIG = StereoRig(PinholeCamera(80, 48, 200.0, 40.0, 24.0), 0.1)
PROVENANCE = Provenance(TrainingData(RIG, 50_000_000, (0.5, 8.0), 'none'), 'random weights')
WINDOWS, FEW = 200, 40
ELAPSED_MS = (50.0, 20.0, 10.0, 1.0, 130.0, 10_000.0)
RESET = 0.05  # share of windows before which everything is forgotten
NETWORKS: dict[str, Callable[[], DepthNetwork]] = {
    'coincidence': lambda: coincidence(2),
    'stereospike': lambda: stereospike(width=4),
    'spike_transformer': lambda: transformer(cameras='matched', skips=True),
}


@pytest.mark.parametrize('name', NETWORKS)
def test_states_are_exact_on_random_and_extreme_counts(name: str, tmp_path: Path) -> None:
    assert differences(NETWORKS[name](), 50.0, random_frames(WINDOWS), tmp_path) == []


@pytest.mark.parametrize('tau_ms', [1.0, 1e6])
@pytest.mark.parametrize('name', NETWORKS)
def test_states_of_extreme_time_constants_are_exact(
    name: str, tau_ms: float, tmp_path: Path
) -> None:
    half_life_ms = tau_ms * math.log(2)
    assert differences(NETWORKS[name](), half_life_ms, random_frames(FEW), tmp_path) == []


@pytest.mark.parametrize('name', NETWORKS)
def test_states_are_exact_on_real_counts(name: str, data: Path, tmp_path: Path) -> None:
    assert differences(NETWORKS[name](), 50.0, real_frames(data), tmp_path) == []


@pytest.mark.parametrize('name', NETWORKS)
def test_averages_that_age_with_events_are_exact(name: str, tmp_path: Path) -> None:
    settings = {'averages': True} if name == 'coincidence' else {}
    network, frames = NETWORKS[name](), random_frames(FEW)
    assert differences(network, 50.0, frames, tmp_path, events_exponent=0.4, **settings) == []


def test_sums_that_age_with_events_are_exact_on_real_counts(data: Path, tmp_path: Path) -> None:
    frames = real_frames(data)
    assert differences(coincidence(2), 50.0, frames, tmp_path, events_exponent=0.4) == []


def test_saturated_states_are_exact(tmp_path: Path) -> None:
    network = coincidence(2)
    for head in network.readout.heads.values():
        head.weight.data *= 60
    largest: list[float] = []
    frames = random_frames(FEW)
    assert differences(network, 1e5, frames, tmp_path, largest=largest) == []
    assert max(largest) == LARGEST_STATE


def differences(
    network: DepthNetwork,
    half_life_ms: float,
    frames: Iterator[NDArray[np.uint8]],
    folder: Path,
    largest: list[float] | None = None,
    **settings: float,
) -> list[tuple[int, str, str]]:
    """Return windows after which a provider has other potentials or depth than torch.

    Each is the window's number, the provider, and 'potentials' or 'depth'.

    Args:
        network: network without memory.
        half_life_ms: half life of its memory.
        frames: spike frames.
        folder: folder for the exported file.
        largest: takes the largest potential of each window; depth is then not compared. Many
            saturated disparities are equally likely: it depends on the last bit of their sum.
        settings: other arguments of DepthNetwork.remember.
    """
    network.remember(half_life_ms, **settings)
    path, layers = folder / 'leaky.onnx', len(spikes_of(network, torch.zeros(1, 4, 32, 32)))
    export(network, path, 'int8', PROVENANCE, (np.zeros(layers), np.ones(layers)))
    reference = exported(network, 'int8')
    (membrane,) = (module for _, module in membranes(reference))
    engines = [DepthEngine(path, 1, provider) for provider in ('cpu', 'openvino')]
    random, found = np.random.default_rng(3), []
    for number, frame in enumerate(frames):
        elapsed_ms = math.inf if random.random() < RESET else float(random.choice(ELAPSED_MS))
        counts = torch.from_numpy(frame.transpose(2, 0, 1)[None].copy()).float()
        with torch.no_grad():
            expected = depth_of(reference(counts, elapsed_ms))
        assert membrane.v is not None
        potentials = membrane.v.numpy() / np.float32(POTENTIAL_UNIT)
        for engine in engines:
            elapsed_ns = None if elapsed_ms == math.inf else round(elapsed_ms * 1e6)
            depth = engine.infer(frame, elapsed_ns).depth
            if not np.array_equal(engine.memory.states['state'], potentials):
                found.append((number, engine.provider, 'potentials'))
            if largest is None and not np.allclose(depth, expected, rtol=1e-4, atol=0):
                found.append((number, engine.provider, 'depth'))
        if largest is not None:
            largest.append(float(np.abs(membrane.v.numpy()).max()))
    return found


def random_frames(windows: int) -> Iterator[NDArray[np.uint8]]:
    """Yield noise of any density, edges that move, no events, and 127 or 255 everywhere."""
    random = np.random.default_rng(2)
    wide = edges((SIZE[0], SIZE[1] + windows))
    for number in range(windows):
        noise = random.poisson(10.0 ** random.uniform(-2, 1), (*SIZE, 4)).clip(max=255)
        moving = wide[:, number : number + SIZE[1]]
        full, empty = (np.full((*SIZE, 4), count) for count in (random.choice([127, 255]), 0))
        frames = [noise, moving, moving, full, empty]
        yield random.choice(np.array(frames)).astype(np.uint8)


def real_frames(data: Path) -> Iterator[NDArray[np.uint8]]:
    """Yield the counts of a swinging bob, in the middle of two real cameras' images."""
    events = np.load(data / 'stereo_pendulum_128x128.npz')
    counts = np.zeros((WINDOWS, SENSOR, SENSOR, 4), np.uint8)
    for camera, side in enumerate(('left', 'right')):
        t_us, x, y, polarity = events[side].T.astype(np.int64)
        window = (t_us - t_us[0]) // 50_000
        within = (window < WINDOWS) & (y < SENSOR)
        place = (window, y, x, 2 * camera + 1 - polarity)
        np.add.at(counts, tuple(axis[within] for axis in place), 1)
    yield from counts[:, 40:88, 24:104]
