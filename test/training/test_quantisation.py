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

"""Weights of eight bits, whose thresholds no rounding can reach."""

import copy
from collections.abc import Callable
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from bench.ablation.separable import SeparableStereoSpike
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import Bursts, SpikingLayer
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.quantisation import (
    integer_kernel,
    is_quantised,
    quantise,
    round_together,
)


def test_thresholds_by_hand() -> None:
    # 127 / 0.5 + 1/2 = 254.5: n = 254, and 0.5 becomes 0.5 * 253.5 = 126.75, that is 127.
    synapses = nn.Conv2d(1, 2, 1, bias=False)
    kernel, n = integer_kernel(synapses, torch.tensor([0.5, -2.0]).reshape(2, 1, 1, 1))
    assert n.tolist() == [254, 64]
    assert kernel.flatten().tolist() == [127, -127]


def test_weights_of_zero_never_fire() -> None:
    synapses = nn.Conv2d(3, 1, 3, bias=False)
    kernel, n = integer_kernel(synapses, torch.zeros(1, 3, 3, 3))
    assert not kernel.any() and n.item() >= 1


@pytest.mark.parametrize('synapses', [nn.Conv2d(6, 4, 5), UpsampledConv2d(6, 4, 5, 2)])
def test_kernels_fit_into_eight_bits(synapses: nn.Module) -> None:
    torch.manual_seed(3)
    weight = torch.randn(4, 6, 5, 5)
    kernel, n = integer_kernel(synapses, weight)
    phases = getattr(synapses, 'phases', lambda k: k)(kernel)
    assert 100 < phases.abs().max() <= 127
    assert torch.equal(kernel, kernel.round())
    error = (kernel / (n - 0.5)[:, None, None, None] - weight).abs().amax((1, 2, 3))
    assert (error <= 0.5 / (n - 0.5) + 1e-6).all()


def test_weights_of_a_readout_neuron_are_whole_numbers_of_one_step() -> None:
    heads = [nn.Conv2d(1, 2, 1, bias=False) for _ in range(2)]
    heads[0].weight.data = torch.tensor([1.27, 0.509]).reshape(2, 1, 1, 1)
    heads[1].weight.data = torch.tensor([-0.304, -2.54]).reshape(2, 1, 1, 1)
    round_together(heads)  # steps of 0.01 and 0.02
    torch.testing.assert_close(heads[0].weight.flatten(), torch.tensor([1.27, 0.5]))
    torch.testing.assert_close(heads[1].weight.flatten(), torch.tensor([-0.3, -2.54]))


def test_bursts_by_hand() -> None:
    potential = torch.tensor([-3.0, 0.4, 0.6, 1.4, 20.0], requires_grad=True)
    bursts = Bursts(largest=15)(potential)
    assert bursts.tolist() == [0, 0, 1, 1, 15]
    bursts.sum().backward()
    assert potential.grad is not None
    assert potential.grad.tolist() == [0, 1, 1, 1, 0]


def test_a_burst_never_has_to_choose_between_two_numbers_of_spikes() -> None:
    half = Fraction(1, 2)
    assert not any(Fraction(k) / (n - half) % 1 == half for k in range(500) for n in range(1, 60))


def layers(network: StereoSpike) -> list[SpikingLayer]:
    return [layer for layer in network.modules() if isinstance(layer, SpikingLayer)]


def test_a_spike_is_a_whole_number_that_reaches_n() -> None:
    """The float potentials of a quantised network, against whole numbers in 64 bits."""
    torch.manual_seed(4)
    network = StereoSpike(4, width=8).eval()
    integers = copy.deepcopy(network).double()
    for layer in layers(integers):
        layer.synapses.weight.data, n = integer_kernel(layer.synapses, layer.synapses.weight.data)
        layer.neurons.register_forward_pre_hook(reach(n))
    quantise(network)
    counts = torch.poisson(torch.full((2, 4, 64, 80), 0.4))
    with torch.no_grad():
        floats, whole = network(counts).spikes, integers(counts.double()).spikes
    assert all(torch.equal(floats[name].double(), whole[name]) for name in whole)
    assert all(layer.any() for layer in whole.values())


def reach(n: Tensor) -> Callable[[nn.Module, tuple[Tensor]], Tensor]:
    def scale(_: nn.Module, potentials: tuple[Tensor]) -> Tensor:
        return (potentials[0] >= n[:, None, None]).double()

    return scale


def test_training_moves_the_weights_before_rounding() -> None:
    torch.manual_seed(5)
    network = StereoSpike(2, width=2)
    quantise(network)
    quantise(network)  # once is enough
    assert all(is_quantised(layer.synapses) for layer in layers(network))
    network(torch.poisson(torch.full((1, 2, 32, 32), 0.4))).log_depth.sum().backward()
    weights = {name: p for name, p in network.named_parameters() if 'original' in name}
    assert len(weights) == 13
    assert all(weight.grad is not None for weight in weights.values())
    assert network.bottom.synapses.parametrizations.weight.original.grad.any()


def test_networks_of_other_layers_are_refused() -> None:
    with pytest.raises(ValueError, match='SeparableStereoSpike has no layers'):
        quantise(SeparableStereoSpike(4, width=2))
