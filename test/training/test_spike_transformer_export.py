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

"""The spike transformer's int8 file: the same spikes in torch, the CPU provider and OpenVINO."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from training.exported_files import computed, depth_of
from training.phase_layout import to_pixels
from training.small_networks import frames, transformer

from spike_depth_ros.inference.session import load
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.export.command import exported
from spike_depth_ros.training.export.counts import SpikeCounts
from spike_depth_ros.training.export.fanouts import fanouts
from spike_depth_ros.training.export.maps import Map
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.trace import trace
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.normalised import Normalised
from spike_depth_ros.training.networks.spiking import Bursts, SpikingLayer
from spike_depth_ros.training.quantisation import quantise, shared_thresholds
from spike_depth_ros.training.settings import SettingsError

pytestmark = pytest.mark.slow
SIZE = (50, 90)  # padded to 64 x 96: 24 tokens
# More tokens than eight bits count: 20 x 16.
LARGE = (320, 256)
VARIANTS: dict[str, dict[str, Any]] = {
    'membrane-ssa': {},
    'membrane-linear': {'attention': 'linear', 'channels': 2},
    'sew-ssa': {'residual': 'sew', 'channels': 2},
    'sew-linear': {'residual': 'sew', 'attention': 'linear'},
    'matched': {'cameras': 'matched', 'first': 6},
    'stacked-skips': {'skips': True, 'channels': 2},
    'matched-skips': {'cameras': 'matched', 'skips': True, 'attention': 'linear'},
    'stride-8': {'stride': 8, 'residual': 'sew', 'blocks': 3},
    'steps': {'steps': 2, 'cameras': 'matched', 'skips': True},
    'steps-sew': {'steps': 3, 'residual': 'sew', 'attention': 'linear', 'channels': 2},
    'linear-head': {'head': 'linear'},
}
PROVIDERS = ('cpu', 'openvino')


@pytest.fixture(params=VARIANTS)
def network(request: pytest.FixtureRequest) -> DepthNetwork:
    return transformer(**VARIANTS[request.param])


@pytest.fixture
def maps(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Map]]:
    """Return a dict to which writing a model adds the maps of its layers."""
    found: dict[str, list[Map]] = {}
    count = SpikeCounts.layer

    def layer(counts: SpikeCounts, name: str, maps: Iterable[Map]) -> None:
        found[name] = list(maps)
        count(counts, name, found[name])

    monkeypatch.setattr(SpikeCounts, 'layer', layer)
    return found


def counts_of(network: DepthNetwork, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(frame[None, ..., : network.channels])


def check_spikes(
    network: DepthNetwork, size: tuple[int, int], maps: dict[str, list[Map]], folder: Path
) -> None:
    """Compare every spike of an int8 file with those of torch, with each provider."""
    model = depth_model(network, 'int8', *size)
    names = list(dict.fromkeys(map.value for each in maps.values() for map in each))
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, None) for name in names
    )
    path = folder / 'model.onnx'
    onnx.save(model, path)
    reference = exported(network, 'int8')
    for frame in frames(size)[:3]:
        expected = computed(reference, frame)
        for provider in PROVIDERS:
            loaded = load(path, 0, provider)
            assert loaded.provider == provider
            depth, sure, *outputs = loaded.session.run(
                ['depth', 'confidence', *names], {'spikes': counts_of(network, frame)}
            )
            found = dict(zip(names, outputs, strict=True))
            for name, spikes in expected.spikes.items():
                parts = [pixels(found[map.value], map) for map in maps[name]]
                fired = torch.cat(parts, 1)[0]
                if name == 'coincidences' and getattr(network, 'steps', 1) == 1:
                    fired = fired.flip(0)  # disparities fall in a file; sums are sorted
                assert torch.equal(fired, spikes.flatten(0, 1)), (name, provider)
            np.testing.assert_allclose(depth[0, 0], depth_of(expected), rtol=1e-4)
            np.testing.assert_allclose(sure[0, 0], confidence_of(network, expected), rtol=1e-4)


def confidence_of(network: Any, output: Output) -> NDArray[np.float32]:
    """Return the confidence, which is the higher the smaller the expected error."""
    calibration = network.spread.calibration
    assert output.log_spread is not None and calibration.share == 0 and calibration.spread < 0
    odds = calibration.spread * output.log_spread[0, 0].clamp(-6, 3) + calibration.bias
    return odds.sigmoid().numpy()


def pixels(values: NDArray[np.uint8], map: Map) -> torch.Tensor:
    spikes = torch.from_numpy(values).float()
    return to_pixels(spikes) if map.in_phases else spikes


def test_every_spike_is_that_of_the_quantised_network(
    network: DepthNetwork, maps: dict[str, list[Map]], tmp_path: Path
) -> None:
    check_spikes(network, SIZE, maps, tmp_path)


@pytest.mark.parametrize('attention', ['ssa', 'linear'])
def test_counts_above_eight_bits_are_exact(
    attention: str, maps: dict[str, list[Map]], tmp_path: Path
) -> None:
    network = transformer(attention=attention)
    for module in network.modules():
        if isinstance(module, Normalised):
            assert module.norm is not None
            module.norm.bias.data += 1.0  # most neurons fire
    check_spikes(network, LARGE, maps, tmp_path)


@pytest.mark.parametrize('residual', ['membrane', 'sew'])
def test_it_is_exact_after_training_in_eight_bits(
    residual: str, maps: dict[str, list[Map]], tmp_path: Path
) -> None:
    network = transformer(residual=residual).train()
    module = DepthEstimation(network, quantised=True)
    optimizer = torch.optim.Adam(module.parameters(), 1e-2)
    spikes = torch.from_numpy(np.stack(frames(SIZE)[:2])).permute(0, 3, 1, 2)
    depth = 1 + 3 * torch.rand(2, 1, *SIZE)
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    for _ in range(3):
        optimizer.zero_grad()
        module.objective(spikes, depth)['loss'].backward()
        optimizer.step()
    changed = [(weight != before[name]).any() for name, weight in network.named_parameters()]
    assert sum(changed) > 0.9 * len(changed)
    with torch.no_grad():
        network.eval()(torch.zeros(1, 4, 16, 16))  # potentials without gradient, to be copied
        check_spikes(network, SIZE, maps, tmp_path)


def test_the_float32_file_computes_the_rounded_network(tmp_path: Path) -> None:
    network = transformer()
    path = tmp_path / 'model.onnx'
    onnx.save(depth_model(network, 'float32', *SIZE), path)
    frame = frames(SIZE)[0]
    depths = [
        load(path, 0, provider).session.run(['depth'], {'spikes': counts_of(network, frame)})[0]
        for provider in PROVIDERS
    ]
    np.testing.assert_allclose(depths[0], depths[1], rtol=1e-4)
    # Weights rounded to 2^-14 move few spikes: depth is that of the network almost everywhere.
    error = np.abs(np.log(depths[0][0, 0]) - np.log(depth_of(computed(network, frame))))
    assert np.median(error) < 0.02


def test_writers_of_a_stream_share_the_step_of_each_channel() -> None:
    network = transformer()
    quantise(network)
    writers = [
        layer
        for layer in network.modules()
        if isinstance(layer, Normalised) and len(layer.writers) > 1
    ]
    assert len(writers) == 1 + 2 * 2  # the position term, and two writers a block
    scale = shared_thresholds(writers[0]) - 0.5
    for writer in writers:
        for values in (writer.weight, writer.bias):
            whole = values.detach() * scale.reshape(-1, *[1] * (values.dim() - 1))
            torch.testing.assert_close(whole, whole.round(), atol=1e-3, rtol=0)
    # The finest step with which all of them fit into eight bits.
    largest = torch.stack([writer.weight.abs().amax((1, 2, 3)) for writer in writers]).amax(0)
    assert ((largest * scale).round() <= 127).all() and (largest * scale > 120).all()


def test_a_spike_reaches_the_same_synapses_in_each_step() -> None:
    one, three = (trace(transformer(steps=steps)) for steps in (1, 3))
    found, expected = fanouts(three), fanouts(one)
    assert found.pop('input') == 3 * expected.pop('input')  # counts are read in each step
    assert found == expected


def test_bursts_refuse_normalised_synapses() -> None:
    network = transformer()
    layer = network.embedding.stages[0]
    assert isinstance(layer, SpikingLayer)
    layer.neurons = Bursts(3)
    with pytest.raises(SettingsError, match='bursts have no rule for normalised synapses'):
        depth_model(network, 'int8', 32, 32)
