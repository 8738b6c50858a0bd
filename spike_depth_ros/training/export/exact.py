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

"""Rounding of separable networks, so that every sum of spikes is exact in float32."""

import copy

import torch
from spikingjelly.activation_based import functional as spiking
from torch import Tensor

from spike_depth_ros.training.export.weights import LARGEST_SUM
from spike_depth_ros.training.networks.separable import (
    FACTOR,
    ParametricLayer,
    SeparableStereoSpike,
)
from spike_depth_ros.training.networks.spiking import LARGEST_COUNT

EXACT = 2.0**24  # whole numbers up to here, and sums of them, are exact in float32


def exact_network(network: SeparableStereoSpike) -> SeparableStereoSpike:
    """Return a copy whose potentials are exact in float32, whatever the order of the sums.

    Its weights are multiples of powers of two: those of a 7x7 of one, those of a 1x1 of one for
    each output. The products' grid is just so coarse that the largest sums which spikes can make
    fit in 24 bits. That leaves a weight about eight bits with its sign. Otherwise rounding, which
    depends on the order, would decide at the threshold, and nothing between the two convolutions
    cuts it off.

    Changed weights change spikes, the deeper the more: in a network of width 16 after 150 steps
    on eight crops (2026-11) a tenth of the finest and a third of the coarsest, and depth by 8 % a
    pixel, though its error stayed at 9 %. Validate the copy, not the network.
    """
    spiking.reset_net(network)  # potentials with a gradient cannot be copied
    network = copy.deepcopy(network)
    for layer in network.modules():
        if isinstance(layer, ParametricLayer):
            largest = LARGEST_COUNT if layer is network.bottom else LARGEST_SUM
            round_weights(layer, largest)
    return network


@torch.no_grad()
def round_weights(layer: ParametricLayer, largest: int) -> None:
    """Round the weights of a layer in place, for spikes or counts of up to `largest`."""
    depthwise, pointwise = layer.synapses.depthwise.weight, layer.synapses.pointwise.weight
    kernel = FACTOR * pointwise[:, :, 0, 0]
    sums = largest_sums(depthwise, largest)
    finest = (kernel.abs() @ sums).max() / EXACT  # what the two steps may multiply to
    step = power_of_two((finest * rms(depthwise) / rms(kernel)).sqrt())
    depthwise.copy_(torch.round(depthwise / step) * step)
    sums = largest_sums(depthwise, largest)
    # Holds for the kernel as rounded too, whose weights grow by up to half a step.
    steps = power_of_two((kernel.abs() @ sums) / (EXACT * step - sums.sum() / 2))[:, None]
    kernel = torch.round(kernel / steps) * steps
    # Of whole numbers, division by 10 and multiplication give the same again (Goldberg 1991,
    # theorem 7), so the network computes with the kernel itself.
    pointwise.copy_((kernel / FACTOR)[:, :, None, None])


def largest_sums(depthwise: Tensor, largest: int) -> Tensor:
    """Return the largest magnitude of each channel's convolution, [channels], of 0 to largest."""
    positive, negative = depthwise.clamp(min=0), (-depthwise).clamp(min=0)
    return largest * torch.maximum(positive.sum((1, 2, 3)), negative.sum((1, 2, 3)))


def power_of_two(x: Tensor) -> Tensor:
    """Return the next power of two from x on."""
    return torch.exp2(torch.log2(x.clamp(min=1e-9)).ceil())


def rms(x: Tensor) -> Tensor:
    """Return the root mean square."""
    return x.square().mean().sqrt()


def threshold(layer: ParametricLayer) -> Tensor:
    """Return the least potential, float32, whose product with 1 / tau rounds to 1 or more."""
    rate = layer.neurons.w.sigmoid()
    near = [1 / rate]
    for direction in (0, torch.inf):
        x = near[0]
        for _ in range(2):
            x = torch.nextafter(x, torch.tensor(direction, dtype=x.dtype))
            near.append(x)
    return min(x for x in near if x * rate >= 1)
