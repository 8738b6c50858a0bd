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

"""StereoSpike against a plain implementation, and against the paper's figures."""

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spike_depth_ros.training.networks.stereospike import StereoSpike


def fire(potential: Tensor) -> Tensor:
    return (potential >= 1).to(potential.dtype)


def upsampled(x: Tensor, scale: int) -> Tensor:
    return functional.interpolate(x, scale_factor=scale, mode='nearest')


def reference(network: StereoSpike, counts: Tensor) -> Tensor:
    """Return the readout's potential, computed as the paper draws it: pad, upsample, crop."""
    height, width = counts.shape[-2:]
    x = functional.pad(counts, (0, -width % 16, 0, -height % 16))
    skips = [fire(functional.conv2d(x, network.bottom.synapses.weight, padding=2))]
    for layer in network.encoder:
        weight = layer.synapses.weight
        skips.append(fire(functional.conv2d(skips[-1], weight, stride=2, padding=2)))
    x = skips.pop()
    for block in network.bottleneck:
        hidden = fire(functional.conv2d(x, block.first.synapses.weight, padding=1))
        x = x + fire(functional.conv2d(hidden, block.second.synapses.weight, padding=1))
    potential = network.readout.reset_potential
    for layer, head, scale in zip(
        network.decoder, network.readout.heads, (8, 4, 2, 1), strict=True
    ):
        x = fire(functional.conv2d(upsampled(x, 2), layer.synapses.weight, padding=2))
        x = x + skips.pop()
        full = upsampled(x, scale) if scale > 1 else x
        potential = potential + functional.conv2d(full, head.weight, padding=1)
    return potential[..., :height, :width]


def test_summed_branches_equal_the_reference() -> None:
    """Compute figure 2 by two networks for one camera each that share bottleneck and decoder."""
    torch.manual_seed(0)
    network = StereoSpike(4, width=2, branches='summed').double().eval()
    assert network.right is not None
    spikes = network(counts_of(network)).spikes
    counts = functional.pad(counts_of(network)[:1], (0, 5, 0, 12))
    scales = []
    left_layers, right_layers = [network.bottom, *network.encoder], network.right
    for (first, *others), channels in (
        (left_layers, counts[:, :2]),
        (right_layers, counts[:, 2:]),
    ):
        weight: Any = first.synapses.weight
        levels = [fire(functional.conv2d(channels, weight, padding=2))]
        for layer in others:
            weight = layer.synapses.weight
            levels.append(fire(functional.conv2d(levels[-1], weight, stride=2, padding=2)))
        scales.append(levels)
    left, right = scales
    x = left[4] + right[4]
    for block in network.bottleneck:
        hidden = fire(functional.conv2d(x, block.first.synapses.weight, padding=1))
        x = x + fire(functional.conv2d(hidden, block.second.synapses.weight, padding=1))
    found = network.predict(counts).spikes
    assert torch.equal(found['block2'], x)
    weight = network.decoder[0].synapses.weight
    deconv4 = fire(functional.conv2d(upsampled(x, 2), weight, padding=2)) + left[3] + right[3]
    assert torch.equal(found['deconv4'], deconv4)
    assert len(spikes) == 13 + 5 and spikes['block2'].max() <= 4 and spikes['deconv4'].max() <= 3


@pytest.fixture(scope='module', params=[4, 2], ids=['binocular', 'monocular'])
def network(request: pytest.FixtureRequest) -> StereoSpike:
    torch.manual_seed(request.param)
    return StereoSpike(request.param, width=4).double().eval()


def counts_of(network: StereoSpike, height: int = 52, width: int = 75) -> Tensor:
    return torch.poisson(torch.full((2, network.channels, height, width), 0.3).double())


def test_potential_equals_the_reference(network: StereoSpike) -> None:
    counts = counts_of(network)
    with torch.no_grad():
        difference = network(counts).log_depth[-1] - reference(network, counts)
    assert difference.abs().max() < 1e-9


def test_spikes_are_small_whole_numbers(network: StereoSpike) -> None:
    spikes = network(counts_of(network)).spikes
    largest = {'block1': 2, 'block2': 3} | {f'deconv{number}': 2 for number in (1, 2, 3, 4)}
    assert len(spikes) == 13
    for name, layer in spikes.items():
        assert set(layer.unique().tolist()) <= set(range(largest.get(name, 1) + 1)), name
        assert layer.any(), f'{name} is silent at initialisation'


def test_a_window_leaves_no_trace(network: StereoSpike) -> None:
    counts = counts_of(network)
    with torch.no_grad():
        first = network(counts).log_depth
        network(counts_of(network))
        assert torch.equal(network(counts).log_depth, first)


def test_gradient_reaches_every_parameter(network: StereoSpike) -> None:
    network(counts_of(network)).log_depth.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


def test_size_of_the_papers_network() -> None:
    network = StereoSpike(4, width=32)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 2) == 18.15


def test_summed_branches_need_two_cameras() -> None:
    with pytest.raises(ValueError, match='branches is summed with channels 2: use channels 4'):
        StereoSpike(2, branches='summed')


def test_other_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r'channels is 3: use 4 .* or 2'):
        StereoSpike(3)
