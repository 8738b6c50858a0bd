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

"""Every network's exported file against PyTorch: spike by spike, end to end, in eight bits."""

import json
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from training.exported_files import (
    NOTHING,
    computed,
    confidence_of,
    depth_of,
    in_the_files_order,
    populations,
    rounded,
    spikes_by_population,
)
from training.small_networks import coincidence, edges, frames, siamese, stereospike, tiny

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.providers import settings
from spike_depth_ros.inference.session import load, session_options
from spike_depth_ros.training.export.command import export, exported
from spike_depth_ros.training.export.description import spikes_of
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.network import DepthNetwork

pytestmark = pytest.mark.slow

FULL_SIZE = (MVSEC_RIG.camera.height, MVSEC_RIG.camera.width)
PROVIDERS = ('cpu', 'openvino')


class Case(NamedTuple):
    """Network, and numbers of nodes of its int8 file by kind.

    Attributes:
        network: maker of the network.
        layers: reported layers.
        integer: convolutions of spikes, including those that count.
        products: matrix products of integers.
        readout: convolutions of the readout with eight bits in OpenVINO.
        real: convolutions in float32, with onnxruntime.
    """

    network: Callable[[], DepthNetwork]
    layers: int
    integer: int
    products: int
    readout: int
    real: int


CASES = {
    # 5 populations, counted, and a sum, counted. A readout of three layers at two resolutions.
    'tiny': Case(tiny, 5, 5 + 5 + 1, 0, 0, 3 + 2),
    # 5 populations, one of which in two maps, counted, bursts once more, two sums, counted, with
    # the left half of a layer each, counted. The product that finds coincidences, counted twice.
    'siamese': Case(siamese, 6, 2 * (5 + 1) + 1 + 2 + 2, 3, 0, 2 + 1),
    # 13 populations, counted, and 6 sums, counted. A readout of four layers, three resolutions.
    'binocular': Case(stereospike, 13, 13 + 13 + 6, 0, 0, 4 + 3),
    'monocular': Case(lambda: stereospike(2), 13, 13 + 13 + 6, 0, 0, 4 + 3),
    # 15 populations, one of which in two maps, two in three, counted; 4 sums, counted, and three
    # layers of bursts a second time. The product that finds coincidences, counted twice. In
    # float32: two readouts at three resolutions.
    'coincidence': Case(coincidence, 16, 2 * (15 + 5) + 4 + 3, 3, 6, 6),
    # Two populations and a sum less, one in five maps, and readouts at two resolutions.
    'coarse': Case(lambda: coincidence(scale=4), 14, 2 * (13 + 7) + 3 + 3, 3, 4, 4),
}


@pytest.fixture(scope='module', params=CASES)
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope='module')
def network(case: Case) -> DepthNetwork:
    return case.network()


# One size that is padded, and one that is not, whose spikes reach the right border.
@pytest.fixture(scope='module', params=[(100, 150), (64, 112)], ids=str)
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return request.param


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / 'model.onnx'
    onnx.save(model, path)
    return path


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_outputs_agree_with_torch(
    network: DepthNetwork,
    size: tuple[int, int],
    precision: Precision,
    provider: str,
    tmp_path: Path,
) -> None:
    reference = rounded(network) if precision == 'float32' else exported(network, precision)
    loaded = load(saved(depth_model(network, precision, *size), tmp_path), 0, provider)
    assert loaded.provider == provider
    names = [output.name for output in loaded.session.get_outputs()]
    for frame in frames(size):
        expected = computed(reference, frame)
        counts = np.ascontiguousarray(frame[None, ..., : network.channels])
        found = dict(zip(names, loaded.session.run(names, {'spikes': counts}), strict=True))
        np.testing.assert_allclose(found['depth'][0, 0], depth_of(expected), rtol=1e-4)
        assert ('confidence' in found) == (expected.log_spread is not None)
        if expected.log_spread is not None:
            sure = confidence_of(reference, expected)
            np.testing.assert_allclose(found['confidence'][0, 0], sure, atol=1e-5)
        spikes = expected.spikes.values()
        sizes = np.array([layer.numel() for layer in spikes])
        counted = [float(layer.count_nonzero()) for layer in spikes]
        summed = [float(layer.sum()) for layer in spikes]
        assert np.rint(found['firing_rates'] * sizes).tolist() == counted
        assert np.rint(found['mean_spikes'] * sizes).tolist() == summed


@pytest.mark.parametrize('provider', PROVIDERS)
def test_every_spike_is_that_of_the_quantised_network(
    network: DepthNetwork, size: tuple[int, int], provider: str, tmp_path: Path
) -> None:
    model = depth_model(network, 'int8', *size)
    names = populations(model)
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None) for name in names
    )
    session = load(saved(model, tmp_path), 0, provider).session
    for frame in frames(size)[:2]:
        counts = np.ascontiguousarray(frame[None, ..., : network.channels])
        found = iter(session.run(names, {'spikes': counts}))
        for spikes in spikes_by_population(exported(network, 'int8'), frame):
            fired = in_the_files_order(spikes, found)
            assert torch.equal(fired, spikes.flatten(0, 1)[..., : fired.shape[-1]])
            assert fired.any()
        assert not list(found)


def test_a_network_trained_in_eight_bits_has_the_same_file(network: DepthNetwork) -> None:
    files = [
        depth_model(each, 'int8', 64, 96).SerializeToString()
        for each in (network, exported(network, 'int8'))
    ]
    assert files[0] == files[1]


@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_the_contract_describes_the_network(
    network: DepthNetwork, case: Case, precision: Precision, tmp_path: Path
) -> None:
    path = tmp_path / 'model.onnx'
    envelope = np.zeros(case.layers), np.ones(case.layers)
    export(network, path, precision, NOTHING, envelope)
    assert path.stat().st_size < 25e6
    engine = DepthEngine(path, provider='cpu')
    contract = engine.contract
    spikes = spikes_of(network, torch.zeros(1, network.channels, *FULL_SIZE))
    assert contract.layers == tuple(spikes) and len(spikes) == case.layers
    assert contract.sizes == tuple(layer.numel() for layer in spikes.values())
    assert len(contract.fanouts) == case.layers
    assert (contract.channels, contract.height, contract.width) == (network.channels, *FULL_SIZE)
    assert contract.window_ns == 50_000_000
    assert (contract.f, contract.baseline_m) == (MVSEC_RIG.camera.f, MVSEC_RIG.baseline_m)
    inference = engine.infer(np.ascontiguousarray(edges(FULL_SIZE)[..., : network.channels]))
    assert (inference.depth > 0).all()
    assert engine.gives_confidence == (inference.confidence is not None)
    if inference.confidence is not None:
        assert 0 < inference.confidence.min() <= inference.confidence.max() <= 1


def test_onnxruntime_computes_all_layers_in_eight_bits(
    network: DepthNetwork, case: Case, tmp_path: Path
) -> None:
    path, optimised = tmp_path / 'model.onnx', tmp_path / 'optimised.onnx'
    onnx.save(depth_model(network, 'int8', *FULL_SIZE), path)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(optimised)
    onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    kinds = [node.op_type for node in onnx.load(optimised).graph.node]
    assert kinds.count('QLinearConv') == case.integer
    assert kinds.count('QLinearMatMul') == case.products
    assert kinds.count('Conv') == case.real
    # One adds counts up, three sum over disparities.
    assert kinds.count('MatMul') == (4 if case.readout else 1)


INTEGER_NODES = """
import sys
import openvino
hint = {'INFERENCE_PRECISION_HINT': 'f32'}
compiled = openvino.Core().compile_model(sys.argv[1], 'CPU', hint)
for node in compiled.get_runtime_model().get_ops():
    about = node.get_rt_info()
    if about['primitiveType'].astype(str).endswith('_I8'):
        print(about['layerType'].astype(str))
"""


@pytest.mark.skipif(find_spec('openvino') is None, reason='needs requirements/openvino.txt')
def test_openvino_computes_all_layers_in_eight_bits(
    network: DepthNetwork, case: Case, tmp_path: Path
) -> None:
    path = saved(depth_model(network, 'int8', *FULL_SIZE), tmp_path)
    # In a process of its own: its libraries are not those of onnxruntime's provider.
    command = [sys.executable, '-c', INTEGER_NODES, str(path)]
    integer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert integer.count('Convolution') == case.integer + case.readout
    assert integer.count('MatMul') + integer.count('FullyConnected') == case.products


def test_openvinos_provider_takes_the_whole_graph(network: DepthNetwork, tmp_path: Path) -> None:
    path = saved(depth_model(network, 'int8', *FULL_SIZE), tmp_path)
    options = session_options('openvino', 1)
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / 'profile')
    session = onnxruntime.InferenceSession(path, options, settings('openvino', 1))
    counts = np.ascontiguousarray(edges(FULL_SIZE)[None, ..., : network.channels])
    session.run(None, {'spikes': counts})
    events = json.loads(Path(session.end_profiling()).read_text())
    (kind,) = {event['args']['op_name'] for event in events if 'op_name' in event['args']}
    assert kind.startswith('OpenVINO')
