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

"""Rules of export at limits that real networks do not reach."""

import copy
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from spikingjelly.activation_based.neuron import IFNode
from torch import Tensor, nn
from torch.nn import functional
from training.exported_files import NOTHING, computed, depth_of, rounded
from training.small_networks import edges, stereospike

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.inference.engine import DepthEngine, Inference
from spike_depth_ros.inference.session import load
from spike_depth_ros.training.export.arithmetic import eight_bits
from spike_depth_ros.training.export.command import export, exported
from spike_depth_ros.training.export.maps import Map
from spike_depth_ros.training.export.matching import coincidences
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks import matching
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.matching import Coincidences
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spiking import Bursts, SpikingLayer, spiking_neurons
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.train import check_export

SIZE = (MVSEC_RIG.camera.height, MVSEC_RIG.camera.width)
PROVIDERS = ('cpu', 'openvino')
ENVELOPE = np.zeros(13), np.ones(13)


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    path = folder / 'model.onnx'
    onnx.save(model, path)
    return path


def inferred(engine: DepthEngine, frame: np.ndarray) -> Inference:
    return engine.infer(np.ascontiguousarray(frame[..., : engine.contract.channels]))


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('precision', ['int8', 'float32'])
@pytest.mark.parametrize(
    ('width', 'disparities', 'order'), [(88, 24, (0, 1)), (23, 7, (1, 0)), (8, 12, (0, 1))]
)
def test_coincidences_are_those_of_torch(
    width: int,
    disparities: int,
    order: tuple[int, int],
    precision: Precision,
    provider: str,
    tmp_path: Path,
) -> None:
    channels, height = 5, 6
    writer = Writer(precision, height, width)
    graph = writer.graph
    spikes = writer.arithmetic.spikes('spikes')
    left, rights = (
        Map(graph.part(spikes, 1, start, end), end - start, height, width, 1)
        for start, end in ((0, channels), (channels, 3 * channels))
    )
    (image,) = coincidences(writer, left, rights, disparities, order).images
    (population,) = image.map.populations
    graph.node('Cast', image.map.value, output='found', to=onnx.TensorProto.FLOAT)
    assert population.last is not None
    counted = graph.reshape(population.last, 1, height, width, 2 * disparities)
    graph.node('Cast', counted, output='last', to=onnx.TensorProto.FLOAT)
    shapes = (1, 2 * disparities, height, width), (1, height, width, 2 * disparities)
    outputs = dict(zip(('found', 'last'), shapes, strict=True))
    model = graph.model((1, height, width, 3 * channels), outputs)
    counts = np.random.default_rng(0).integers(0, 2, (1, height, width, 3 * channels), np.uint8)
    session = load(saved(model, tmp_path), 0, provider).session
    found, last = (torch.from_numpy(each) for each in session.run(None, {'spikes': counts}))
    one, *others = torch.from_numpy(counts).float().permute(0, 3, 1, 2).split(channels, 1)
    expected = matching.Coincidences(disparities)(one, *(others[place] for place in order))
    assert torch.equal(found[:, list(image.channels)], expected)
    assert torch.equal(last.permute(0, 3, 1, 2), found)


@pytest.mark.parametrize('provider', PROVIDERS)
@pytest.mark.parametrize('precision', ['int8', 'float32'])
@pytest.mark.parametrize(
    ('channels', 'largest'), [(63, 1), (64, 1), (1024, 1), (12, 5), (48, 12), (50, 127), (176, 43)]
)
def test_full_maps_are_counted(
    channels: int, largest: int, precision: Precision, provider: str, tmp_path: Path
) -> None:
    height, width = 17, 23
    writer = Writer(precision, height, width)
    graph, arithmetic = writer.graph, writer.arithmetic
    spikes = arithmetic.spikes('spikes')
    places = graph.reshape('spikes', 1, 1, height * width, channels)
    last = graph.reshape(graph.transpose(arithmetic.spikes(places), 0, 2, 3, 1), 1, -1, channels)
    last = arithmetic.bounded(last)
    counts = [
        arithmetic.count(spikes, channels, largest),
        arithmetic.count_last(last, channels, largest),
    ]
    graph.node('Concat', *counts, axis=0, output='counts')
    model = graph.model((1, height, width, channels), {'counts': (2,)})
    full = np.full((1, height, width, channels), largest, np.uint8)
    (counted,) = load(saved(model, tmp_path), 0, provider).session.run(None, {'spikes': full})
    assert counted.tolist() == [full.sum()] * 2


@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_maps_change_their_layout_and_back(precision: Precision, tmp_path: Path) -> None:
    writer = Writer(precision, 6, 8)
    graph = writer.graph
    value = writer.arithmetic.spikes('spikes')
    blocks = writer.phases(Map(value, 3, 6, 8, 1))
    assert writer.phases(blocks) is blocks
    graph.node('Cast', blocks.value, output='blocks', to=onnx.TensorProto.FLOAT)
    pixels = writer.plain(blocks)
    assert writer.plain(pixels) is pixels
    graph.node('Cast', pixels.value, output='pixels', to=onnx.TensorProto.FLOAT)
    model = graph.model((1, 6, 8, 3), {'blocks': (1, 12, 3, 4), 'pixels': (1, 3, 6, 8)})
    counts = np.random.default_rng(0).integers(0, 2, (1, 6, 8, 3), np.uint8)
    session = load(saved(model, tmp_path), 0, 'cpu').session
    found, again = session.run(None, {'spikes': counts})
    phases = [counts[0, row::2, column::2] for row in (0, 1) for column in (0, 1)]
    assert np.array_equal(found[0], np.concatenate(phases, 2).transpose(2, 0, 1))
    assert np.array_equal(again[0], counts[0].transpose(2, 0, 1))


@pytest.mark.parametrize('channels', [4, 2])
def test_counts_saturate_at_the_largest(channels: int, tmp_path: Path) -> None:
    network = stereospike(channels)
    engine = DepthEngine(exported_file(network, 'int8', tmp_path))
    frame = np.random.default_rng(1).integers(0, 256, (*SIZE, 4)).astype(np.uint8)
    depth = depth_of(computed(exported(network, 'int8'), frame))
    np.testing.assert_allclose(inferred(engine, frame).depth, depth, rtol=1e-4)
    saturated = inferred(engine, np.minimum(frame, 127))
    assert np.array_equal(inferred(engine, frame).depth, saturated.depth)


def exported_file(network: DepthNetwork, precision: Precision, folder: Path) -> Path:
    path = folder / 'model.onnx'
    export(network, path, precision, NOTHING, ENVELOPE)
    return path


WITHOUT_VNNI = """
import sys
import numpy as np
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
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
@pytest.mark.parametrize('channels', [4, 2])
def test_processors_without_vnni_do_not_saturate(
    channels: int, instructions: str, tmp_path: Path
) -> None:
    """oneDNN, which OpenVINO computes with, can be restricted to older instructions."""
    network, result = stereospike(channels), tmp_path / 'result.npz'
    network.bottom.synapses.weight.data[:] = saturating(channels) / (1000 - 0.5)
    path = exported_file(network, 'int8', tmp_path)
    command = [sys.executable, '-c', WITHOUT_VNNI, str(path), str(result)]
    subprocess.run(command, check=True, env=os.environ | {'ONEDNN_MAX_CPU_ISA': instructions})
    frame = np.full((*SIZE, channels), 255, np.uint8)
    expected = inferred(DepthEngine(path, provider='cpu'), frame)
    assert expected.mean_spikes[0] > 0.9
    with np.load(result) as found:
        np.testing.assert_allclose(found['depth'], expected.depth, rtol=1e-5)
        np.testing.assert_allclose(found['mean_spikes'], expected.mean_spikes, rtol=1e-6)


@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_a_decoder_layer_that_cannot_fire_is_left_out(
    precision: Precision, tmp_path: Path
) -> None:
    network, size = stereospike(), (100, 150)
    silent = copy.deepcopy(network)
    silent.decoder[3].synapses.weight.data[:] = 0
    model = depth_model(silent, precision, *size)
    assert len(model.graph.node) < len(depth_model(network, precision, *size).graph.node)
    same = rounded(silent) if precision == 'float32' else exported(silent, precision)
    session = load(saved(model, tmp_path), 0, 'cpu').session
    frame = edges(size)
    expected = computed(same, frame)
    depth, means = session.run(['depth', 'mean_spikes'], {'spikes': frame[None]})
    np.testing.assert_allclose(depth[0, 0], depth_of(expected), rtol=1e-4)
    sizes = np.array([layer.numel() for layer in expected.spikes.values()])
    summed = [float(layer.sum()) for layer in expected.spikes.values()]
    assert np.rint(means * sizes).tolist() == summed


def test_kernels_that_do_not_fit_are_refused() -> None:
    assert eight_bits(np.array([-127.0, 127.0], np.float32)).tolist() == [-127, 127]
    for kernel in ([128.0], [0.5]):
        with pytest.raises(ValueError, match='give whole numbers from -127 to 127'):
            eight_bits(np.array(kernel, np.float32))


@pytest.mark.slow
def test_more_features_than_eight_bits_count_are_refused() -> None:
    network = CoincidenceNetwork(width=64)
    with pytest.raises(ValueError, match='128 features may coincide'):
        depth_model(network, 'int8', 32, 48)
    depth_model(network, 'float32', 32, 48)


class Stated(DepthNetwork):
    """Network of layers and connections that a test gives."""

    channels = 4

    def __init__(self, connect: object, *layers: nn.Module) -> None:
        super().__init__()
        self.connect, self.layers = connect, nn.ModuleList(layers)
        self.readout = LogDepthReadout((4,), (2,))

    def predict(self, counts: Tensor) -> Output:
        spikes = self.connect(counts, *self.layers)
        return Output(self.readout([spikes]), {'spikes': spikes})


def conv(stride: int = 2, **options: object) -> nn.Module:
    return SpikingLayer(nn.Conv2d(4, 4, 3, stride, **{'padding': 1, 'bias': False} | options))


def plain(x: Tensor, *layers: nn.Module) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


def synapses() -> nn.Module:
    return nn.Conv2d(4, 4, 3, stride=2, padding=1, bias=False)


def matched(x: Tensor, layer: nn.Module, match: nn.Module) -> Tensor:
    features = layer(x)
    return match(features, features)


class Halved(nn.Conv2d):
    """A convolution that computes something else."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) / 2


def test_a_training_checks_the_precision_of_files() -> None:
    wide = SpikingLayer(nn.Conv2d(4, 128, 3, 2, padding=1, bias=False))
    network = Stated(matched, wide, Coincidences(4))
    depth_model(network, 'float32', 32, 48)
    with pytest.raises(SettingsError, match='128 features may coincide, but eight bits'):
        check_export(network)


REFUSED = [
    (
        Stated(lambda x, layer: layer(layer(x)), conv()),
        r"the neurons 'layers\.0\.neurons' 2 times",
    ),
    (Stated(plain, conv(padding=0)), 'Conv2d.* has no rule: use a square kernel of odd'),
    (Stated(plain, conv(padding_mode='circular')), 'padding k // 2 with zeros'),
    (Stated(plain, SpikingLayer(synapses(), IFNode(v_reset=-1.0))), 'v_reset .* 1.0, -1.0 and'),
    (Stated(plain, SpikingLayer(synapses(), IFNode(step_mode='m'))), "use 1.0, 0.0 and 's'"),
    (Stated(plain, Halved(4, 4, 3, 2, 1, bias=False), spiking_neurons()), 'has no rule for'),
    (Stated(plain, synapses()), r"Output\.spikes\['spikes'\] holds no spikes"),
    (Stated(plain, synapses(), conv()), 'takes spikes, but reads potentials of synapses'),
    (Stated(plain, conv(), spiking_neurons()), 'takes potentials of synapses, but reads spikes'),
    (Stated(lambda x, one, two: sum([one(x), two(x)]), conv(), conv()), 'spikes, but reads 0'),
    (Stated(lambda x, layer: layer(x) + layer[0].weight.sum(), conv()), 'sum has no rule'),
    (Stated(lambda x, layer: torch.add(layer(x), x, alpha=2), conv(1)), "argument 'alpha'"),
    (Stated(lambda x, layer: layer(x) if len(x) else x, conv()), "'len' is not supported"),
    (Stated(plain, conv(dilation=2, padding=2)), 'no dilation, groups or bias'),
    (Stated(plain, conv(), nn.ReLU()), 'ReLU has no rule for export: use layers of training'),
    (Stated(lambda x, layer: layer(x).sigmoid(), conv()), 'sigmoid has no rule for export'),
    (Stated(lambda x, layer: layer(x)[:, :, 1:], conv()), 'the slice .* has no rule'),
    (Stated(plain, *(conv() for _ in range(5))), 'all strides together divide 16'),
    (
        Stated(
            lambda x, up: up(functional.pad(x, (1, 1))),
            SpikingLayer(UpsampledConv2d(4, 4, 3, 2)),
        ),
        'an upsampling layer reads columns outside a map',
    ),
    (Stated(lambda x, layer: layer(x) if x.any() else x, conv()), 'Stated cannot be traced'),
    (Stated(plain, conv(4), SpikingLayer(UpsampledConv2d(4, 4, 3, 4))), 'upsamples by 4'),
]


def test_more_spikes_than_eight_bits_hold_are_refused() -> None:
    layers = [SpikingLayer(nn.Conv2d(4, 4, 3, 2, 1, bias=False), Bursts(64)) for _ in range(2)]
    network = Stated(lambda x, first, second: first(x) + second(x), *layers)
    with pytest.raises(ValueError, match='numbers up to 128, but eight bits hold 127'):
        depth_model(network, 'int8', 32, 48)
    depth_model(network, 'float32', 32, 48)


@pytest.mark.parametrize(('network', 'reason'), REFUSED, ids=[reason for _, reason in REFUSED])
def test_networks_without_rules_are_refused_in_one_sentence(
    network: DepthNetwork, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        depth_model(network, 'int8', 32, 48)


def test_a_network_that_returns_something_else_is_refused() -> None:
    class Wrong(StereoSpike):
        def predict(self, counts: Tensor) -> Tensor:
            return super().predict(counts).log_depth

    with pytest.raises(ValueError, match='let predict return an Output'):
        depth_model(Wrong(4, 2), 'int8', 32, 48)


@pytest.mark.parametrize('reported', [(), ('input',)])
def test_a_network_that_reports_no_layers_by_name_is_refused(reported: tuple[str, ...]) -> None:
    class Silent(StereoSpike):
        def predict(self, counts: Tensor) -> Output:
            output = super().predict(counts)
            return Output(output.log_depth, dict.fromkeys(reported, output.spikes['bottom']))

    with pytest.raises(ValueError, match='dict from the names of layers'):
        depth_model(Silent(4, 2), 'int8', 32, 48)


@pytest.mark.parametrize('precision', ['int8', 'float32'])
def test_two_layers_that_cannot_fire_and_are_added_are_not_both_left_out(
    precision: Precision, tmp_path: Path
) -> None:
    network = Stated(lambda x, first, second: first(x) + second(x), conv(), conv()).eval()
    for layer in network.layers:
        nn.init.constant_(layer.synapses.weight, -1)
    path = saved(depth_model(network, precision, 32, 48), tmp_path)
    (means,) = load(path, 0, 'cpu').session.run(['mean_spikes'], {'spikes': edges((32, 48))[None]})
    assert means.tolist() == [0]


def test_synapses_with_a_bias_are_refused() -> None:
    with pytest.raises(ValueError, match='use bias=False'):
        SpikingLayer(nn.Conv2d(4, 4, 3))
