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

"""Weights of eight bits, with which any order of summation gives the same spikes.

Spikes and counts are whole numbers. With kernels K / (n - 1/2), where K holds whole numbers of
eight bits and n is a whole number for each output channel, a neuron's potential is a whole number
over n - 1/2, and its threshold 1 lies half-way between two of them: it fires where the whole
number is n or more. A constant input, of folded batch normalisation, is a whole number over
n - 1/2 as well. Synapses that write to one potential share n. Integer arithmetic is exact, and so
is float32, whose rounding is far below that half. bfloat16 is not: quantised layers train in
float32.

Readout neurons do not fire: a weight is a whole number of steps, one step for each neuron. Steps
of neurons whose potentials last from window to window are whole numbers of POTENTIAL_UNIT.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from spike_depth_ros.training.networks.normalised import Normalised, fold
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.settings import SettingsError

LARGEST = 127  # largest weight of eight bits
# Kernels in phase form are sums of up to four weights, each of which is rounded by up to a half.
ROUNDING = 2
# Potentials that last are whole numbers of this unit, exact in float32 up to 1024: they are the
# same in whatever order they are summed.
POTENTIAL_UNIT = 2.0**-14
LARGEST_THRESHOLD = 2**12  # limit for a channel whose weights are almost 0


def thresholds(synapses: nn.Module, weight: Tensor) -> Tensor:
    """Return n, float [out_channels], the finest for which a layer's integer kernels fit.

    weight: float [out_channels, in_channels, k, k].
    """
    phases = getattr(synapses, 'phases', None)
    kernels = weight if phases is None else phases(weight)
    largest = kernels.detach().abs().reshape(len(weight), -1).amax(1).clamp(min=1e-9)
    room = LARGEST if phases is None else LARGEST - ROUNDING
    return (room / largest + 0.5).floor().clamp(1, LARGEST_THRESHOLD)


def shared_thresholds(layer: Normalised) -> Tensor:
    """Return the finest n, float [out_channels], that suits all writers of a layer's potentials.

    layer: folded synapses.
    """
    each = [thresholds(writer.convolution, latent(writer)) for writer in layer.writers]
    return torch.stack(each).amin(0)


def latent(layer: Normalised) -> Tensor:
    """Return the weights of folded synapses before they are rounded."""
    convolution: Any = layer.convolution
    if is_quantised(convolution):
        return torch.as_tensor(convolution.parametrizations.weight.original)
    return layer.weight


def integer_kernel(
    synapses: nn.Module, weight: Tensor, n: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return a layer's integer kernel K and its thresholds n, both float and whole numbers.

    K: [out_channels, in_channels, k, k]; it, or its phase form, is within -127 to 127. n:
    [out_channels], at least 1; by default the finest for this layer.
    """
    if n is None:
        n = thresholds(synapses, weight)
    scale = (n - 0.5)[:, None, None, None]
    return torch.round(weight.detach() * scale), n


def integer_readout(kernel: Tensor, unit: float | None = None) -> tuple[Tensor, Tensor]:
    """Return a readout's weights, whole numbers from -127 to 127, and their steps.

    Args:
        kernel: float [out, in, 1, 1].
        unit: unit of the steps; None: they are any numbers.

    Returns:
        numbers, float of the kernel's shape, and steps, float [out].
    """
    steps = kernel.detach().abs().amax((1, 2, 3)).clamp(min=1e-9) / LARGEST
    if unit is not None:
        steps = steps.clamp(min=unit)
    numbers = torch.round(kernel.detach() / steps[:, None, None, None])
    return numbers, steps if unit is None else torch.round(steps / unit) * unit


def in_units(values: Tensor, unit: float) -> Tensor:
    """Return values as the nearest whole numbers of a unit."""
    return torch.round(values.detach() / unit)


@torch.no_grad()
def round_together(layers: Sequence[nn.Conv2d], unit: float | None = None) -> None:
    """Round the weights of readout layers, in place, with one step per neuron for all of them.

    Args:
        layers: layers of the same neurons.
        unit: see integer_readout.
    """
    kernel = torch.cat([layer.weight for layer in layers], 1)
    numbers, steps = integer_readout(kernel, unit)
    sizes = [layer.in_channels for layer in layers]
    rounded = (numbers * steps[:, None, None, None]).split(sizes, 1)
    for layer, weight in zip(layers, rounded, strict=True):
        layer.weight.copy_(weight)


class Int8Weights(nn.Module):
    """Round a layer's weights to K / (n - 1/2); the gradient passes unchanged.

    Args:
        synapses: the layer.
        normalised: folded synapses of which the layer is the convolution, if any.
    """

    def __init__(self, synapses: nn.Module, normalised: Normalised | None = None) -> None:
        super().__init__()
        # In a tuple: a module cannot be its own descendant.
        self._synapses, self._normalised = (synapses,), (normalised,)

    def forward(self, weight: Tensor) -> Tensor:
        """Map weights to rounded weights of the same shape, straight-through."""
        (layer,) = self._normalised
        shared = None if layer is None else shared_thresholds(layer)
        kernel, n = integer_kernel(self._synapses[0], weight, shared)
        rounded = kernel / (n - 0.5)[:, None, None, None]
        return weight + (rounded - weight).detach()


class WholeBias(nn.Module):
    """Round the constant input of folded synapses to a whole number over n - 1/2."""

    def __init__(self, layer: Normalised) -> None:
        super().__init__()
        self._layer = (layer,)

    def forward(self, bias: Tensor) -> Tensor:
        """Map a bias, float [out], to rounded numbers, straight-through."""
        scale = shared_thresholds(self._layer[0]) - 0.5
        return bias + (torch.round(bias.detach() * scale) / scale - bias).detach()


def quantise(network: nn.Module) -> None:
    """Round the weights of a network's spiking layers to eight bits at each use, in place.

    The parameters keep their values: this is a parametrisation of torch. Batch normalisation is
    folded first. Raises SettingsError for a network without such layers.
    """
    fold(network)
    normalised = [layer for layer in network.modules() if isinstance(layer, Normalised)]
    for each in normalised:
        if not is_quantised(each.convolution):
            rounding = Int8Weights(each.convolution, each)
            parametrize.register_parametrization(each.convolution, 'weight', rounding)
            parametrize.register_parametrization(each, 'bias', WholeBias(each))
    layers = [
        layer
        for layer in network.modules()
        if isinstance(layer, SpikingLayer) and not isinstance(layer.synapses, Normalised)
    ]
    if not layers and not normalised:
        raise SettingsError(
            f'{type(network).__name__} has no layers that compute in eight bits: use float32.'
        )
    for layer in layers:
        if not is_quantised(layer.synapses):
            synapses = layer.synapses
            parametrize.register_parametrization(synapses, 'weight', Int8Weights(synapses))


def is_quantised(synapses: nn.Module) -> bool:
    """Return whether `quantise` has rounded these synapses."""
    return parametrize.is_parametrized(synapses, 'weight')
