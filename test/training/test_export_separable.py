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

"""The exported separable network against torch: spike by spike, and end to end."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from spike_depth_ros.inference.session import load
from spike_depth_ros.training.export.exact import exact_network, largest_sums, threshold
from spike_depth_ros.training.export.separable import separable_depth_model
from spike_depth_ros.training.networks.separable import (
    FACTOR,
    ParametricLayer,
    SeparableStereoSpike,
    separable_layer,
)
from spike_depth_ros.training.networks.spiking import Output

SIZE = (100, 150)


@pytest.fixture(scope='module', params=[4, 2], ids=['binocular', 'monocular'])
def network(request: pytest.FixtureRequest) -> SeparableStereoSpike:
    torch.manual_seed(request.param)
    network = SeparableStereoSpike(request.param, width=8).eval()
    for layer in network.modules():
        if isinstance(layer, ParametricLayer):
            nn.init.normal_(layer.neurons.w, mean=-0.7, std=0.2)
    for head in network.heads:
        nn.init.normal_(head.pointwise, std=0.005)  # as loud as after training
        nn.init.normal_(head.bias, std=0.01)
    return network


@pytest.fixture(scope='module')
def frames(network: SeparableStereoSpike) -> list[np.ndarray]:
    generator = np.random.default_rng(0)
    shape = (*SIZE, network.channels)
    sparse = [generator.poisson(rate, shape) for rate in (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)]
    return [frame.astype(np.uint8) for frame in (*sparse, generator.integers(0, 256, shape))]


def computed(network: SeparableStereoSpike, frame: np.ndarray) -> Output:
    with torch.no_grad():
        return network(torch.from_numpy(frame.transpose(2, 0, 1)[None].astype(np.float32)))


def populations(network: SeparableStereoSpike, frame: np.ndarray) -> list[Tensor]:
    spikes: list[Tensor] = []
    layers = [layer for layer in network.modules() if isinstance(layer, ParametricLayer)]
    hooks = [layer.register_forward_hook(lambda *call: spikes.append(call[2])) for layer in layers]
    computed(network, frame)
    for hook in hooks:
        hook.remove()
    return spikes


def test_every_spike_is_that_of_the_exact_network(
    network: SeparableStereoSpike, frames: list[np.ndarray]
) -> None:
    model = separable_depth_model(network, *SIZE)
    fires = [node for node in model.graph.node if node.op_type == 'GreaterOrEqual']
    names = [node.output[0] for node in fires]
    model.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, onnx.TensorProto.BOOL, None) for name in names
    )
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    exact = exact_network(network)
    for frame in frames:
        expected = populations(exact, frame)
        found = session.run(names, {'spikes': frame[None]})
        assert len(found) == 13
        for ones, spikes in zip(found, expected, strict=True):
            assert np.array_equal(ones, spikes.numpy() > 0)
            assert ones.any()


@pytest.mark.parametrize('provider', ['cpu', 'openvino'])
def test_depth_and_counts_agree_with_torch(
    network: SeparableStereoSpike, frames: list[np.ndarray], provider: str, tmp_path: Path
) -> None:
    path = tmp_path / 'model.onnx'
    onnx.save(separable_depth_model(network, *SIZE), path)
    loaded = load(path, 0, provider)
    assert loaded.provider == provider
    exact = exact_network(network)
    for frame in frames:
        expected = computed(exact, frame)
        outputs = ['depth', 'firing_rates', 'mean_spikes']
        depth, rates, means = loaded.session.run(outputs, {'spikes': frame[None]})
        np.testing.assert_allclose(depth, np.exp(expected.log_depth[-1].numpy()), rtol=1e-4)
        spikes = expected.spikes.values()
        sizes = np.array([layer.numel() for layer in spikes])
        counted = [float(layer.count_nonzero()) for layer in spikes]
        assert np.rint(rates * sizes).tolist() == counted
        assert np.rint(means * sizes).tolist() == [float(layer.sum()) for layer in spikes]


def test_no_sum_needs_more_than_24_bits(network: SeparableStereoSpike) -> None:
    exact = exact_network(network)
    for layer in exact.modules():
        if not isinstance(layer, ParametricLayer):
            continue
        depthwise = layer.synapses.depthwise.weight.detach().double()
        kernel = (FACTOR * layer.synapses.pointwise.weight.detach())[:, :, 0, 0].double()
        largest = 127 if layer is exact.bottom else 3
        highest = kernel.abs() @ largest_sums(depthwise, largest)
        steps = grid(depthwise[None].flatten(1)) * grid(kernel)
        assert (highest <= 2**24 * steps).all()


def grid(rows: Tensor) -> Tensor:
    """Return the largest power of two of which all numbers of a row are multiples, [rows]."""
    steps = 2.0 ** -torch.arange(40, dtype=torch.float64)
    fits = (torch.remainder(rows[..., None], steps) == 0).all(1)
    return steps[fits.int().argmax(1)]


def test_a_network_in_training_is_exported(network: SeparableStereoSpike) -> None:
    network(torch.ones(1, network.channels, 16, 16)).log_depth.sum().backward()
    assert separable_depth_model(network, *SIZE) == separable_depth_model(network, *SIZE)


def test_rounding_moves_weights_little(network: SeparableStereoSpike) -> None:
    exact = exact_network(network)
    for name, weight in network.named_parameters():
        if 'synapses' in name:
            moved = (exact.get_parameter(name) - weight).square().mean().sqrt()
            assert moved < 0.02 * weight.square().mean().sqrt(), name


@pytest.mark.parametrize('w', [-2.0, -0.7, -0.1, 0.0, 0.4, 3.0])
def test_threshold_is_the_least_potential_that_fires(w: float) -> None:
    layer = separable_layer(1, 1)
    layer.neurons.w.data.fill_(w)
    with torch.no_grad():
        least = threshold(layer)
        below = torch.nextafter(least, torch.zeros(()))
        layer.neurons.reset()
        assert layer.neurons(torch.stack([below, least])).tolist() == [0, 1]
