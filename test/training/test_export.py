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

"""The exported file against torch: spike by spike, end to end, and by its contract."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from training.exported_files import (
    computed,
    depth_of,
    populations,
    rounded,
    spikes_by_population,
)
from training.phase_layout import to_phases

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine, Inference
from spike_depth_ros.inference.session import load
from spike_depth_ros.training.data.benchmark import read_benchmark
from spike_depth_ros.training.export.arithmetic import eight_bits
from spike_depth_ros.training.export.command import export, exported
from spike_depth_ros.training.export.description import Provenance, contract, spikes_of
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.stereospike import StereoSpike

SIM_FLYING = Path(__file__).parents[2] / 'config/simulation/sim_flying.yaml'
SIZE = (MVSEC_RIG.camera.height, MVSEC_RIG.camera.width)
FRAMES = 20
NOTHING = Provenance('none', 'random weights')
ENVELOPE = np.zeros(13), np.ones(13)
PROVIDERS = ('cpu', 'openvino')


@pytest.fixture(scope='module')
def simulated() -> NDArray[np.uint8]:
    benchmark = read_benchmark(SIM_FLYING)
    bank = benchmark.bank('test')
    return np.stack([benchmark.sample('test', index, bank).spikes for index in range(FRAMES)])


@pytest.fixture(scope='module')
def random() -> NDArray[np.uint8]:
    return np.random.default_rng(0).poisson(0.2, (FRAMES, *SIZE, 4)).astype(np.uint8)


@pytest.fixture(scope='module', params=[4, 2], ids=['binocular', 'monocular'])
def network(request: pytest.FixtureRequest) -> StereoSpike:
    torch.manual_seed(request.param)
    network = StereoSpike(request.param, width=8).eval()
    for head in network.heads:
        nn.init.normal_(head.weight, std=0.02)  # as loud as after training
    return network


@pytest.fixture(scope='module', params=['int8', 'float32'])
def precision(request: pytest.FixtureRequest) -> Precision:
    return request.param


@pytest.fixture(scope='module')
def reference(network: StereoSpike, precision: Precision) -> StereoSpike:
    """Return the network in torch with the weights of its export."""
    return rounded(network) if precision == 'float32' else exported(network, precision)


@pytest.fixture(scope='module')
def model(
    network: StereoSpike, precision: Precision, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp('models') / 'model.onnx'
    export(network, path, precision, NOTHING, ENVELOPE)
    return path


def inferred(engine: DepthEngine, frame: NDArray[np.uint8]) -> Inference:
    return engine.infer(np.ascontiguousarray(frame[..., : engine.contract.channels]))


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('kind', ['random', 'simulated'])
def test_depth_and_spikes_agree_with_torch(
    reference: StereoSpike,
    model: Path,
    kind: str,
    provider: str,
    request: pytest.FixtureRequest,
) -> None:
    engine = DepthEngine(model, provider=provider)
    assert engine.provider == provider
    for frame in request.getfixturevalue(kind):
        expected, inference = computed(reference, frame), inferred(engine, frame)
        depth = depth_of(expected)
        np.testing.assert_allclose(inference.depth, depth, rtol=1e-4)
        counted = [float(layer.count_nonzero()) for layer in expected.spikes.values()]
        summed = [float(layer.sum()) for layer in expected.spikes.values()]
        sizes = np.array([layer.numel() for layer in expected.spikes.values()])
        assert np.rint(inference.firing_rates * sizes).tolist() == counted
        assert np.rint(inference.mean_spikes * sizes).tolist() == summed


def test_counts_above_the_largest_are_taken_for_it(reference: StereoSpike, model: Path) -> None:
    frame = np.random.default_rng(1).integers(0, 256, (*SIZE, 4)).astype(np.uint8)
    engine = DepthEngine(model)
    depth = depth_of(computed(reference, frame))
    np.testing.assert_allclose(inferred(engine, frame).depth, depth, rtol=1e-4)
    saturated = inferred(engine, np.minimum(frame, 127))
    assert np.array_equal(inferred(engine, frame).depth, saturated.depth)


@pytest.mark.parametrize('provider', PROVIDERS)
def test_every_spike_is_that_of_the_quantised_network(
    network: StereoSpike, simulated: NDArray[np.uint8], provider: str, tmp_path: Path
) -> None:
    path = tmp_path / 'model.onnx'
    export(network, path, 'int8', NOTHING, ENVELOPE)
    model = onnx.load(path)
    names = populations(model)
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None) for name in names
    )
    onnx.save(model, path)
    loaded = load(path, 0, provider)
    assert loaded.provider == provider
    frame = np.ascontiguousarray(simulated[2][..., : network.channels])
    expected = spikes_by_population(exported(network, 'int8'), frame)
    found = loaded.session.run(names, {'spikes': frame[None]})
    assert len(found) == 13
    for ones, spikes in zip(found, expected, strict=True):
        same_layout = spikes if spikes.shape == ones.shape else to_phases(spikes)
        assert torch.equal(torch.from_numpy(ones).float(), same_layout)
        assert ones.any()


WITHOUT_VNNI = """
import sys
import numpy as np
from spike_depth_ros.inference.engine import DepthEngine
engine = DepthEngine(sys.argv[1], provider='openvino')
assert engine.provider == 'openvino'
frame = np.full((260, 346, engine.contract.channels), 255, np.uint8)
inference = engine.infer(frame)
np.savez(sys.argv[2], depth=inference.depth, mean_spikes=inference.mean_spikes)
"""


def saturating(channels: int) -> Tensor:
    """Return a kernel that fires on 255 everywhere only if no pair of products saturates.

    Half of the taps add twice 127 for a pair of channels, half take away 127 and 126. Of counts
    up to 127 each pair fits into 16 bits, and the sum is 1 * 127 for each two taps; of 255 all
    pairs would saturate, and their sum be below 0.
    """
    pairs = torch.tensor([[127, 127]] * 12 + [[-127, -126]] * 12 + [[0, 0]])
    return pairs.T.repeat(channels // 2, 1).reshape(1, channels, 5, 5).float()


@pytest.mark.parametrize('instructions', ['AVX2', 'AVX512_CORE'])
def test_processors_without_vnni_do_not_saturate(
    network: StereoSpike, instructions: str, tmp_path: Path
) -> None:
    """oneDNN, which OpenVINO computes with, can be kept from newer instructions."""
    path, result = tmp_path / 'model.onnx', tmp_path / 'result.npz'
    network = copy.deepcopy(network)
    network.bottom.synapses.weight.data[:] = saturating(network.channels) / (1000 - 0.5)
    export(network, path, 'int8', NOTHING, ENVELOPE)
    command = [sys.executable, '-c', WITHOUT_VNNI, str(path), str(result)]
    subprocess.run(command, check=True, env=os.environ | {'ONEDNN_MAX_CPU_ISA': instructions})
    frame = np.full((*SIZE, network.channels), 255, np.uint8)
    expected = inferred(DepthEngine(path, provider='cpu'), frame)
    assert expected.mean_spikes[0] > 0.9
    with np.load(result) as found:
        np.testing.assert_allclose(found['depth'], expected.depth, rtol=1e-5)
        np.testing.assert_allclose(found['mean_spikes'], expected.mean_spikes, rtol=1e-6)


def test_contract_describes_the_network(network: StereoSpike, model: Path) -> None:
    contract = DepthEngine(model).contract
    spikes = spikes_of(network, torch.zeros(1, network.channels, *SIZE))
    assert contract.layers == tuple(spikes) and len(spikes) == 13
    assert contract.sizes == tuple(layer.numel() for layer in spikes.values())
    assert (contract.channels, contract.height, contract.width) == (network.channels, *SIZE)
    assert contract.window_ns == 50_000_000
    assert (contract.f, contract.baseline_m) == (MVSEC_RIG.camera.f, MVSEC_RIG.baseline_m)
    # bottom feeds 5x5 stride 2 to twice its 8 channels; deconv4 feeds 5x5 after upsampling to a
    # quarter of its channels' count 64 / 2 = 32, and the head by 8.
    assert contract.input_fanout == 25 * 8
    assert contract.fanouts[0] == 25 * 16 / 4
    assert contract.fanouts[contract.layers.index('deconv4')] == 25 * 32 * 4 + 9 * 64


def test_multiply_accumulates_of_the_papers_network() -> None:
    network = StereoSpike(4, width=32).eval()
    operations = contract(network, MVSEC_RIG, NOTHING, ENVELOPE).operations
    padded = 352 * 272 / (346 * 260)  # the authors' network pads nothing
    assert operations / 1e9 == pytest.approx(27.5 * padded, rel=0.02)


def test_onnxruntime_computes_all_layers_in_eight_bits(
    network: StereoSpike, tmp_path: Path
) -> None:
    path, optimised = tmp_path / 'model.onnx', tmp_path / 'optimised.onnx'
    export(network, path, 'int8', NOTHING, ENVELOPE)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(optimised)
    onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    kinds = [node.op_type for node in onnx.load(optimised).graph.node]
    # 13 populations, counted, and 6 sums, counted; a readout of four layers at three resolutions
    assert kinds.count('QLinearConv') == 13 + 13 + 6
    assert kinds.count('Conv') == 4 + 3
    assert path.stat().st_size < 3e6


def test_a_decoder_layer_that_cannot_fire_is_left_out(
    network: StereoSpike, simulated: NDArray[np.uint8], precision: Precision, tmp_path: Path
) -> None:
    path, whole = tmp_path / 'model.onnx', tmp_path / 'whole.onnx'
    silent = copy.deepcopy(network)
    silent.decoder[3].synapses.weight.data[:] = 0
    export(silent, path, precision, NOTHING, ENVELOPE)
    export(network, whole, precision, NOTHING, ENVELOPE)
    assert len(onnx.load(path).graph.node) < len(onnx.load(whole).graph.node)
    same = rounded(silent) if precision == 'float32' else exported(silent, precision)
    expected, inference = computed(same, simulated[3]), inferred(DepthEngine(path), simulated[3])
    depth = depth_of(expected)
    np.testing.assert_allclose(inference.depth, depth, rtol=1e-4)
    sizes = np.array([layer.numel() for layer in expected.spikes.values()])
    summed = [float(layer.sum()) for layer in expected.spikes.values()]
    assert np.rint(inference.mean_spikes * sizes).tolist() == summed


def test_kernels_that_do_not_fit_are_refused() -> None:
    assert eight_bits(np.array([-127.0, 127.0], np.float32)).tolist() == [-127, 127]
    for kernel in ([128.0], [0.5]):
        with pytest.raises(ValueError, match='give whole numbers from -127 to 127'):
            eight_bits(np.array(kernel, np.float32))
