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

"""Spiking layers: synapses, neurons, residual blocks."""

from collections.abc import Callable
from typing import Any

from spikingjelly.activation_based import functional, neuron, surrogate
from torch import Tensor, nn

from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.settings import SettingsError

FIRING_GAIN = 3.0  # gain of hidden kernels with which a tenth to a fifth of the neurons fire
READOUT_GAIN = 0.01  # larger initial weights make training silence the layers before


class WindowNeurons(neuron.IFNode):  # type: ignore[misc]  # spikingjelly has no types
    """IF neurons that do not compute the potential after the spike.

    A network resets its neurons before each window, so nothing reads that potential; a training
    step without it is a fifth shorter.
    """

    def single_step_forward(self, x: Tensor) -> Tensor:
        """Map the input of a window to spikes, both [n, channels, h, w]."""
        spikes: Tensor = self.surrogate_function(x - self.v_threshold)
        return spikes


def spiking_neurons() -> neuron.IFNode:
    """Return IF neurons that start each window at potential 0 and fire at 1 (paper equation 1)."""
    return WindowNeurons(v_threshold=1.0, v_reset=0.0, surrogate_function=surrogate.ATan())


def reset(network: nn.Module) -> None:
    """Set the potentials of all neurons and membranes back to their start.

    spikingjelly's reset_net would miss those that joined the network after its first call.
    """
    functional.reset_collected_modules(functional.collect_reset_modules(network))


def carry_potentials(network: nn.Module) -> None:
    """Replace a network's neurons, in place, by ones that go on from call to call in a window.

    A spike resets the potential to 0.
    """
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, WindowNeurons):
                carrying = neuron.IFNode(1.0, 0.0, surrogate_function=child.surrogate_function)
                setattr(module, name, carrying)


class Bursts(nn.Module):
    """Neurons that fire up to `largest` times a window, in proportion to their potential.

    With reset by subtraction, a neuron that starts at half of its threshold fires as often as the
    rounded potential, if all input arrives at the same time. The gradient ignores the rounding
    (integer neurons: Luo et al. 2024, SpikeYOLO).
    """

    def __init__(self, largest: int) -> None:
        super().__init__()
        self.largest = largest

    def forward(self, potential: Tensor) -> Tensor:
        """Map potentials to whole numbers of the same shape."""
        bounded = potential.clamp(0, self.largest)
        return bounded + (bounded.round() - bounded).detach()


class SpikingLayer(nn.Sequential):
    """A convolution without bias and the neurons that it drives.

    Args:
        convolution: nn.Conv2d with bias=False and padding k // 2, UpsampledConv2d or Cooperation.
        neurons: default: IF neurons, which fire at most once a window.

    Raises SettingsError for a convolution with a bias.
    """

    # Any: torch types a module's attributes as Tensor | Module.
    synapses: Any
    neurons: Any

    def __init__(self, convolution: nn.Module, neurons: nn.Module | None = None) -> None:
        super().__init__()
        if getattr(convolution, 'bias', None) is not None:
            raise SettingsError(
                f'the synapses {convolution} of a spiking layer have a bias, which an exported '
                'file does not hold: use bias=False.'
            )
        self.synapses = convolution
        self.neurons = spiking_neurons() if neurons is None else neurons


class ResidualBlock(nn.Module):
    """A spike-element-wise residual block, connect function ADD (Fang et al. 2021)."""

    def __init__(self, first: nn.Module, second: nn.Module) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the hidden spikes and the sum of the input and the block's spikes."""
        hidden = self.first(x)
        return hidden, self.second(hidden) + x


def residual_block(
    channels: int, layer: Callable[[nn.Module], nn.Module] = SpikingLayer
) -> ResidualBlock:
    """Return a block of two 3x3 layers.

    Args:
        channels: channels of input and output.
        layer: maker of a layer from its convolution.
    """
    first, second = (
        layer(nn.Conv2d(channels, channels, 3, padding=1, bias=False)) for _ in range(2)
    )
    return ResidualBlock(first, second)


def draw(weight: Tensor, gain: float) -> None:
    """Fill kernels [out, in, k, k] with normal numbers of deviation gain / sqrt(fan in)."""
    nn.init.normal_(weight, std=gain / weight[0].numel() ** 0.5)


def fanout(synapses: Any) -> float:
    """Return the fan-out of a layer: the synapses from one input value, away from the border.

    Layers other than nn.Conv2d and UpsampledConv2d have a method `fanout()`.
    """
    if hasattr(synapses, 'fanout'):
        return float(synapses.fanout())
    out_channels, _, height, width = synapses.weight.shape
    scale = synapses.scale if isinstance(synapses, UpsampledConv2d) else 1 / synapses.stride[0]
    return float(out_channels * height * width * scale**2)
