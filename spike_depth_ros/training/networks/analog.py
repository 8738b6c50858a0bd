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

"""Analog layers, of the twins with which StereoSpike's paper compares its network (table 4)."""

from collections.abc import Iterator
from typing import Any

from torch import nn

from spike_depth_ros.training.networks.spiking import SpikingLayer, fanout
from spike_depth_ros.training.settings import SettingsError

ACTIVATIONS: dict[str, type[nn.Module]] = {
    'sigmoid': nn.Sigmoid,
    'tanh': nn.Tanh,
    'leaky_relu': nn.LeakyReLU,
}


class AnalogLayer(nn.Sequential):
    """A convolution, batch normalisation, and an activation function in place of neurons.

    The shift of the normalisation is the convolution's trainable bias: a bias before it would be
    subtracted again with the mean. The slope of the leaky ReLU below 0 is PyTorch's 0.01; the
    paper does not give it.

    Args:
        convolution: nn.Conv2d with bias=False and padding k // 2, or UpsampledConv2d.
        activation: sigmoid, tanh or leaky_relu.
    """

    # Any: torch types a module's attributes as Tensor | Module.
    synapses: Any
    norm: Any
    neurons: Any

    def __init__(self, convolution: nn.Module, activation: str) -> None:
        super().__init__()
        self.synapses = convolution
        self.norm = nn.BatchNorm2d(self.synapses.weight.shape[0])
        self.neurons = ACTIVATIONS[activation]()

    def reached(self, source: Any) -> Iterator[tuple[Any, float]]:
        """Yield the input and its fan-out, the synapses that one value reaches."""
        yield source, fanout(self.synapses)


def is_analog(network: nn.Module) -> bool:
    """Return whether a network has analog layers. Raises SettingsError for spiking ones beside.

    An analog layer sends a value at every place in every window: its firing rate is 1.
    """
    kinds = {
        kind
        for kind in (AnalogLayer, SpikingLayer)
        for layer in network.modules()
        if isinstance(layer, kind)
    }
    if len(kinds) == 2:
        raise SettingsError(
            f'{type(network).__name__} has analog and spiking layers, of which one file cannot '
            'count the spikes: use layers of one kind.'
        )
    return kinds == {AnalogLayer}
