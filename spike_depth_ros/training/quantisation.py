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

"""Weights of eight bits: the same spikes, however potentials are summed.

Spikes and counts are whole numbers already. With kernels K / (n - 1/2), K whole numbers of eight
bits and n a whole number for each output channel, a neuron's potential is a whole number over
n - 1/2, and its threshold 1 lies half-way between two of them: it fires where the whole number
is n or more. Integer arithmetic finds that exactly, and float32 too, whose rounding is far below
that half. bfloat16's is not: quantised layers train in float32.

Readout neurons do not fire: a weight is a whole number of steps, one step for each neuron.
"""

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.settings import SettingsError

LARGEST = 127  # of a weight of eight bits
# Kernels in phase form are sums of up to four weights, each of which is rounded by up to a half.
ROUNDING = 2
LARGEST_THRESHOLD = 2**12  # of a channel with next to no weights


def thresholds(synapses: nn.Module, weight: Tensor) -> Tensor:
    """Return n, float [out_channels], the finest for which a layer's integer kernels fit.

    weight: float [out_channels, in_channels, k, k].
    """
    phases = getattr(synapses, 'phases', None)
    kernels = weight if phases is None else phases(weight)
    largest = kernels.detach().abs().reshape(len(weight), -1).amax(1).clamp(min=1e-9)
    room = LARGEST if phases is None else LARGEST - ROUNDING
    return (room / largest + 0.5).floor().clamp(1, LARGEST_THRESHOLD)


def integer_kernel(synapses: nn.Module, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return a layer's integer kernel K and its thresholds n, both float and whole numbers.

    K: [out_channels, in_channels, k, k]; it, or its phase form, is within -127 to 127. n:
    [out_channels], at least 1.
    """
    n = thresholds(synapses, weight)
    scale = (n - 0.5)[:, None, None, None]
    return torch.round(weight.detach() * scale), n


def integer_readout(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Return a readout's weights, whole numbers from -127 to 127, and their steps.

    kernel: float [out, in, 1, 1]. The numbers are float of the same shape, the steps [out].
    """
    steps = kernel.detach().abs().amax((1, 2, 3)).clamp(min=1e-9) / LARGEST
    return torch.round(kernel.detach() / steps[:, None, None, None]), steps


@torch.no_grad()
def quantise_readout(heads: list[nn.Conv2d]) -> None:
    """Round the weights of heads that are computed as one, their inputs side by side, in place."""
    numbers, steps = integer_readout(torch.cat([head.weight for head in heads], 1))
    rounded = (numbers * steps[:, None, None, None]).split([head.in_channels for head in heads], 1)
    for head, weight in zip(heads, rounded, strict=True):
        head.weight.copy_(weight)


class Int8Weights(nn.Module):
    """Round a layer's weights to K / (n - 1/2) going forward, not at all going backward."""

    def __init__(self, synapses: nn.Module) -> None:
        super().__init__()
        self._synapses = (synapses,)  # a tuple, so that it is no child of its own child

    def forward(self, weight: Tensor) -> Tensor:
        """Map weights to rounded weights of the same shape, straight-through."""
        kernel, n = integer_kernel(self._synapses[0], weight)
        rounded = kernel / (n - 0.5)[:, None, None, None]
        return weight + (rounded - weight).detach()


def quantise(network: nn.Module) -> None:
    """Make the spiking layers of a network compute with weights of eight bits, in place.

    Their parameters stay as they are: torch's parametrisation rounds them at each use. Raises
    SettingsError for a network of other layers.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, SpikingLayer)]
    if not layers:
        raise SettingsError(
            f'{type(network).__name__} has no layers that compute in eight bits: use float32.'
        )
    for layer in layers:
        if not is_quantised(layer):
            synapses = layer.synapses
            parametrize.register_parametrization(synapses, 'weight', Int8Weights(synapses))


def is_quantised(layer: SpikingLayer) -> bool:
    """Return whether `quantise` has been here."""
    return parametrize.is_parametrized(layer.synapses, 'weight')
