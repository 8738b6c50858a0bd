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

"""The separable StereoSpike against a plain implementation, and against the paper's figures."""

import pytest
import torch
from ruamel.yaml import YAML
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from training.runs import ROOT

from bench.ablation.separable import (
    SeparableConv2d,
    SeparableStereoSpike,
    UpsampledDepthwiseConv2d,
    separable_layer,
)
from spike_depth_ros.training.train import command


def upsampled(x: Tensor, scale: int) -> Tensor:
    return functional.interpolate(x, scale_factor=scale, mode='nearest')


def convolved(x: Tensor, depthwise: Tensor, pointwise: Tensor, stride: int = 1) -> Tensor:
    """Return what a separable convolution gives, float [channels, 1, 7, 7] and [out, in, 1, 1]."""
    each = functional.conv2d(x, depthwise, stride=stride, padding=3, groups=x.shape[1])
    return 10 * functional.conv2d(each, pointwise)


def fired(layer: nn.Module, x: Tensor, stride: int = 1) -> Tensor:
    synapses = layer.synapses
    potential = convolved(x, synapses.depthwise.weight, synapses.pointwise.weight, stride)
    tau = 1 + torch.exp(-layer.neurons.w)
    return (potential >= tau).to(x.dtype)


def reference(network: SeparableStereoSpike, counts: Tensor) -> Tensor:
    """Return the readout's potential, computed as the authors do: pad, upsample, crop."""
    height, width = counts.shape[-2:]
    skips = [fired(network.bottom, functional.pad(counts, (0, -width % 16, 0, -height % 16)))]
    for layer in network.encoder:
        skips.append(fired(layer, skips[-1], stride=2))
    x = skips.pop()
    for block in network.bottleneck:
        x = x + fired(block.second, fired(block.first, x))
    potential = network.readout.reset_potential
    for layer, head, scale in zip(
        network.decoder, network.readout.heads, (8, 4, 2, 1), strict=True
    ):
        x = fired(layer, upsampled(x, 2)) + skips.pop()
        full = upsampled(x, scale) if scale > 1 else x
        each = head.weight.transpose(0, 1)
        potential = potential + convolved(full, each, head.pointwise) + 10 * head.bias
    return potential[..., :height, :width]


def counts_of(rate: float, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.poisson(torch.full(shape, rate), generator=generator)


@pytest.fixture(scope='module', params=[4, 2], ids=['binocular', 'monocular'])
def network(request: pytest.FixtureRequest) -> SeparableStereoSpike:
    torch.manual_seed(request.param)
    network = SeparableStereoSpike(request.param, width=4).double().eval()
    for head in network.readout.heads:
        nn.init.normal_(head.bias)
    return network


@pytest.fixture(scope='module')
def counts(network: SeparableStereoSpike) -> Tensor:
    return counts_of(0.3, 2, network.channels, 53, 75).double()


def test_potential_equals_the_reference(network: SeparableStereoSpike, counts: Tensor) -> None:
    with torch.no_grad():
        difference = network(counts).log_depth[-1] - reference(network, counts)
    assert difference.abs().max() < 1e-9


@pytest.mark.parametrize('size', [(16, 16), (17, 31), (53, 75)])
def test_output_has_the_size_of_the_input(
    network: SeparableStereoSpike, size: tuple[int, int]
) -> None:
    output = network(torch.zeros(1, network.channels, *size).double())
    padded = tuple(side + -side % 16 for side in size)
    assert output.log_depth.shape == (4, 1, 1, *size)
    assert output.spikes['bottom'].shape == (1, 4, *padded)
    assert output.spikes['conv4'].shape == (1, 64, padded[0] // 16, padded[1] // 16)
    assert len(output.spikes) == 13


def test_a_window_leaves_no_trace(network: SeparableStereoSpike, counts: Tensor) -> None:
    with torch.no_grad():
        first = network(counts).log_depth
        network(torch.ones_like(counts))
        assert torch.equal(network(counts).log_depth, first)


def test_counts_above_the_largest_saturate(network: SeparableStereoSpike) -> None:
    counts = counts_of(100.0, 1, network.channels, 32, 32).double()
    with torch.no_grad():
        saturated = network(counts.clamp(max=127)).log_depth
        assert torch.equal(network(counts).log_depth, saturated)


def test_gradient_reaches_every_parameter(network: SeparableStereoSpike, counts: Tensor) -> None:
    network(counts).log_depth.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


def test_neurons_fire_from_tau_on() -> None:
    """One step from 0 with tau 2: v = x / 2, so x = 10 * 0.1 * (1 + 1) fires and 10 * 0.1 not."""
    layer = separable_layer(2, 1).double()
    layer.synapses.depthwise.weight.data.zero_()[:, :, 3, 3] = 1
    layer.synapses.pointwise.weight.data[:] = 0.1
    layer.neurons.w.data.zero_()  # tau = 1 + exp(-w)
    left, right = [[0.0, 1, 0, 1, 2]], [[0.0, 0, 1, 1, 0]]
    spikes = layer(torch.tensor([[left, right]]).double())
    assert spikes.flatten().tolist() == [0, 0, 0, 1, 1]


def test_tau_starts_at_three() -> None:
    for name, parameter in SeparableStereoSpike(4, width=4).named_parameters():
        if name.endswith('neurons.w'):
            assert 1 + torch.exp(-parameter).item() == pytest.approx(3), name


@pytest.mark.parametrize('width', [16, 32])
def test_every_layer_fires_at_initialisation(width: int) -> None:
    torch.manual_seed(width)
    network = SeparableStereoSpike(4, width)
    with torch.no_grad():
        output = network(counts_of(0.05, 1, 4, 130, 173))
    for name, layer in output.spikes.items():
        assert 0.005 < layer.count_nonzero() / layer.numel() < 0.6, name
    assert output.log_depth[-1].std() < 0.05


def test_upsampling_equals_that_of_the_full_image() -> None:
    convolution = UpsampledDepthwiseConv2d(3, 7, 2).double()
    x = torch.rand(2, 3, 5, 9).double()
    expected = functional.conv2d(upsampled(x, 2), convolution.weight, padding=3, groups=3)
    assert (convolution(x) - expected).abs().max() < 1e-12


@pytest.mark.parametrize('upsampling', [False, True])
def test_weight_is_the_kernel_of_both_convolutions(upsampling: bool) -> None:
    x = torch.rand(1, 3, 8, 8).double()
    if upsampling:
        separable = SeparableConv2d(UpsampledDepthwiseConv2d(3, 7, 2), 5).double()
        expected = functional.conv2d(upsampled(x, 2), separable.weight, padding=3)
    else:
        separable = separable_layer(3, 5, stride=2).synapses.double()
        expected = functional.conv2d(x, separable.weight, stride=2, padding=3)
    assert (separable(x) - expected).abs().max() < 1e-12


def test_size_and_operations_of_the_papers_network() -> None:
    network = SeparableStereoSpike(4, width=32)
    assert round(sum(p.numel() for p in network.parameters()) / 1e6, 2) == 1.59
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        reference(network, torch.zeros(1, 4, 272, 352))
    padded = 352 * 272 / (346 * 260)  # the authors' network pads nothing
    assert counter.get_total_flops() / 2e9 == pytest.approx(4.15 * padded, rel=0.02)


def test_its_recipe_can_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    cli = command(YAML(typ='safe').load(ROOT / 'bench/ablation/separable.yaml'), run=False)
    assert isinstance(cli.model.network, SeparableStereoSpike)
    assert cli.trainer.max_steps > 0 and cli.trainer.logger.name == 'separable'
