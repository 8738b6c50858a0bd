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

"""The exported coincidence network against torch: spike by spike, end to end, in eight bits."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from training.exported_files import (
    computed,
    depth_of,
    populations,
    rounded,
    spikes_by_population,
)
from training.phase_layout import to_phases

from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.inference.providers import settings
from spike_depth_ros.inference.session import load, session_options
from spike_depth_ros.training.export.command import export, exported
from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.description import Provenance, spikes_of
from spike_depth_ros.training.export.layers import Layers
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.volume import coincidences
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks import coincidence
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.spiking import confidence

FULL_SIZE = (260, 346)
OUTPUTS = ['depth', 'confidence', 'firing_rates', 'mean_spikes']
PROVIDERS = ('cpu', 'openvino')
POPULATIONS = 15
IN_TWO_MAPS = 2  # populations: left features, and those of the right camera's two images


def loud_network(width: int = 8) -> CoincidenceNetwork:
    """Return a network as loud as after training, whose detectors do not all agree."""
    torch.manual_seed(width)
    network = CoincidenceNetwork(width).eval()
    for head in network.heads.values():
        head.weight.data += 0.1 * torch.randn_like(head.weight)
    for number in (1, 2, 3, 4):
        weight = getattr(network, f'cooperation{number}').synapses.weight
        weight.data += 0.02 * torch.randn_like(weight)
    return network


# Sizes that are padded, and that are not, where spikes reach the right border.
@pytest.fixture(scope='module', params=[(100, 150), (64, 112)], ids=str)
def case(request: pytest.FixtureRequest) -> tuple[CoincidenceNetwork, tuple[int, int]]:
    return loud_network(), request.param


def frames(size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Return counts at random, of edges that both cameras see, up to 255, and none."""
    random = np.random.default_rng(0)
    noise = random.poisson(0.2, (*size, 4))
    return [
        noise.astype(np.uint8),
        edges(size),
        random.integers(0, 256, (*size, 4), np.uint8),
        np.zeros((*size, 4), np.uint8),
    ]


def edges(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return steep edges, 7 pixels apart in the upper half of the frame and 30 in the lower."""
    random = np.random.default_rng(1)
    height, width = size
    seen = random.poisson(3, (height, width + 30, 2)) * (random.random((1, width + 30, 1)) < 0.1)
    seen += random.poisson(0.02, seen.shape)
    right = seen[:, 30:].copy()
    right[: height // 2] = seen[: height // 2, 7 : width + 7]
    return np.concatenate([seen[:, :width], right], axis=2).astype(np.uint8)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / 'model.onnx'
    onnx.save(model, path)
    return path


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_depth_confidence_and_counts_agree_with_torch(
    case: tuple[CoincidenceNetwork, tuple[int, int]],
    precision: Precision,
    provider: str,
    tmp_path: Path,
) -> None:
    network, size = case
    reference = rounded(network) if precision == 'float32' else exported(network, precision)
    loaded = load(saved(depth_model(network, precision, *size), tmp_path), 0, provider)
    assert loaded.provider == provider
    for frame in frames(size):
        expected = computed(reference, frame)
        assert expected.log_spread is not None
        depth, sure, rates, means = loaded.session.run(OUTPUTS, {'spikes': frame[None]})
        np.testing.assert_allclose(depth[0, 0], depth_of(expected), rtol=1e-4)
        np.testing.assert_allclose(sure, confidence(expected.log_spread), rtol=1e-4)
        spikes = expected.spikes.values()
        sizes = np.array([layer.numel() for layer in spikes])
        counted = [float(layer.count_nonzero()) for layer in spikes]
        assert np.rint(rates * sizes).tolist() == counted
        assert np.rint(means * sizes).tolist() == [float(layer.sum()) for layer in spikes]


@pytest.mark.parametrize('provider', PROVIDERS)
def test_every_spike_is_that_of_the_quantised_network(
    case: tuple[CoincidenceNetwork, tuple[int, int]], provider: str, tmp_path: Path
) -> None:
    network, size = case
    model = depth_model(network, 'int8', *size)
    names = populations(model)
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None) for name in names
    )
    session = load(saved(model, tmp_path), 0, provider).session
    for frame in frames(size)[:2]:
        found = session.run(names, {'spikes': frame[None]})
        bottom, conv1, same1, *others = spikes_by_population(exported(network, 'int8'), frame)
        assert len(others) == POPULATIONS - 3
        expected = [
            bottom.flatten(0, 1)[None],
            *by_camera(conv1[..., :-1]),
            *by_camera(same1),
            *others,
        ]
        for ones, spikes in zip(found, expected, strict=True):
            same_layout = spikes if spikes.shape == ones.shape else to_phases(spikes)
            assert torch.equal(torch.from_numpy(ones).float(), same_layout)
            assert ones.any()


def by_camera(images: torch.Tensor) -> list[torch.Tensor]:
    """Return [3, channels, h, w] as maps of the left image and of both right ones."""
    return [images[:1], images[1:].flatten(0, 1)[None]]


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('precision', ['int8', 'float32'])
@pytest.mark.parametrize(('width', 'shifts'), [(88, 24), (23, 7), (8, 12)])
def test_coincidences_are_those_of_torch(
    width: int, shifts: int, precision: Precision, provider: str, tmp_path: Path
) -> None:
    channels, height = 5, 6
    layers = Layers(precision)
    graph = layers.graph
    spikes = layers.arithmetic.spikes(graph.transpose('spikes', 0, 3, 1, 2))
    left = Map(graph.part(spikes, 1, 0, channels), channels, height, width)
    rights = Map(graph.part(spikes, 1, channels, 3 * channels), 2 * channels, height, width)
    found, order, last = coincidences(layers, left, rights, shifts)
    graph.node('Cast', found.value, output='found', to=onnx.TensorProto.FLOAT)
    kept = graph.reshape(last, 1, height, width, 2 * shifts)
    graph.node('Cast', kept, output='last', to=onnx.TensorProto.FLOAT)
    outputs = {'found': (1, 2 * shifts, height, width), 'last': (1, height, width, 2 * shifts)}
    model = graph.model((1, height, width, 3 * channels), outputs)
    seen = np.random.default_rng(0).integers(0, 2, (1, height, width, 3 * channels), np.uint8)
    session = load(saved(model, tmp_path), 0, provider).session
    counted, moved = (torch.from_numpy(each) for each in session.run(None, {'spikes': seen}))
    one, *others = torch.from_numpy(seen).float().permute(0, 3, 1, 2).split(channels, 1)
    each = [coincidence.coincidences(one, other, shifts) for other in others]
    expected = torch.stack(each, 2).flatten(1, 2)[:, order]
    assert torch.equal(counted, expected)
    assert torch.equal(moved.permute(0, 3, 1, 2), expected)


@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_the_file_describes_the_network(precision: Precision, tmp_path: Path) -> None:
    network, path = loud_network(width=16), tmp_path / 'model.onnx'
    spikes = spikes_of(network, torch.zeros(1, 4, *FULL_SIZE))
    envelope = np.zeros(len(spikes)), np.ones(len(spikes))
    export(network, path, precision, Provenance('none', 'random weights'), envelope)
    assert path.stat().st_size < 25e6
    engine = DepthEngine(path, provider='cpu')
    contract = engine.contract
    assert engine.gives_confidence
    assert contract.layers == tuple(spikes)
    assert contract.sizes == tuple(layer.numel() for layer in spikes.values())
    assert contract.sizes[0] == 2 * 8 * 272 * 352
    assert contract.sizes[1] == 3 * 32 * 136 * 176  # of the right camera also a pixel aside
    assert contract.sizes[contract.layers.index('coincidences')] == 48 * 136 * 176
    inference = engine.infer(edges(FULL_SIZE))
    assert inference.confidence is not None
    assert 0 < inference.confidence.min() <= inference.confidence.max() <= 1


def test_onnxruntime_computes_all_layers_in_eight_bits(tmp_path: Path) -> None:
    path, optimised = tmp_path / 'model.onnx', tmp_path / 'optimised.onnx'
    onnx.save(depth_model(loud_network(), 'int8', *FULL_SIZE), path)
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(optimised)
    onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    kinds = [node.op_type for node in onnx.load(optimised).graph.node]
    # Populations, each counted; 4 sums, counted, and three layers of bursts once more. The
    # product that finds coincidences, counted twice. In float32: two readouts at three
    # resolutions, and the median in two steps.
    assert kinds.count('QLinearConv') == 2 * (POPULATIONS + IN_TWO_MAPS) + 4 + 3
    assert kinds.count('QLinearMatMul') == 3
    assert kinds.count('Conv') == 8
    assert kinds.count('MatMul') == 1  # adds counts up


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
def test_openvino_computes_all_layers_in_eight_bits(tmp_path: Path) -> None:
    path = saved(depth_model(loud_network(), 'int8', *FULL_SIZE), tmp_path)
    # In a process of its own: its libraries are not those of onnxruntime's provider.
    command = [sys.executable, '-c', INTEGER_NODES, str(path)]
    integer = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    readouts = 6
    assert integer.count('Convolution') == 2 * (POPULATIONS + IN_TWO_MAPS) + 4 + 3 + readouts
    assert integer.count('MatMul') == 1
    assert integer.count('FullyConnected') == 2


def test_openvinos_provider_takes_the_whole_graph(tmp_path: Path) -> None:
    path = saved(depth_model(loud_network(), 'int8', *FULL_SIZE), tmp_path)
    options = session_options('openvino', 1)
    options.enable_profiling = True
    options.profile_file_prefix = str(tmp_path / 'profile')
    session = onnxruntime.InferenceSession(path, options, settings('openvino', 1))
    session.run(None, {'spikes': edges(FULL_SIZE)[None]})
    events = json.loads(Path(session.end_profiling()).read_text())
    (kind,) = {event['args']['op_name'] for event in events if 'op_name' in event['args']}
    assert kind.startswith('OpenVINO')


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('precision', ['int8', 'float32'])
@pytest.mark.parametrize(
    ('channels', 'largest'), [(63, 1), (64, 1), (1024, 1), (12, 5), (48, 12), (50, 127), (176, 43)]
)
def test_full_maps_are_counted(
    channels: int, largest: int, precision: Precision, provider: str, tmp_path: Path
) -> None:
    layers, (height, width) = Layers(precision), (17, 23)
    graph, arithmetic = layers.graph, layers.arithmetic
    spikes = arithmetic.bounded(graph.transpose('spikes', 0, 3, 1, 2))
    if precision == 'float32':
        spikes = arithmetic.spikes(spikes)
    last = graph.reshape('spikes', height, width, channels)
    last = arithmetic.spikes(last) if precision == 'float32' else arithmetic.bounded(last)
    counts = [
        arithmetic.count(spikes, channels, largest),
        arithmetic.count_last(last, channels, largest),
    ]
    graph.node('Concat', *counts, axis=0, output='counts')
    model = graph.model((1, height, width, channels), {'counts': (2,)})
    full = np.full((1, height, width, channels), largest, np.uint8)
    (counted,) = load(saved(model, tmp_path), 0, provider).session.run(None, {'spikes': full})
    assert counted.tolist() == [full.sum()] * 2


def test_more_features_than_eight_bits_count_are_refused() -> None:
    network = CoincidenceNetwork(width=64)
    with pytest.raises(ValueError, match='128 features may coincide'):
        depth_model(network, 'int8', 32, 48)
    depth_model(network, 'float32', 32, 48)
