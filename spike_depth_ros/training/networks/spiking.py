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

"""Building blocks of the spiking networks."""

import math
from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from spikingjelly.activation_based import neuron, surrogate
from torch import Tensor, nn

from spike_depth_ros.training.networks.phase import UpsampledConv2d

GRID = 16  # the encoders halve four times, so both sides are padded to multiples of this
# Counts of events saturate here: processors without VNNI add two products of eight bits in 16,
# which hold twice 127 * 127.
LARGEST_COUNT = 127
FIRING_GAIN = 3.0  # of hidden kernels, so that about a tenth to a fifth of the neurons fire
READOUT_GAIN = 0.01  # a louder readout would first learn to silence the layers that feed it
LOG_SPREAD_BOUNDS = (-6.0, 3.0)
CONFIDENT = 1.1  # confidence is the probability of depth within this factor of the truth


class Output(NamedTuple):
    """Outputs of a network for one batch.

    log_depth: float [p, n, 1, h, w], natural logarithm of metres, estimates from more and more of
        the prediction layers (coarse to fine); the last is the prediction.
    spikes: each spiking layer's output by name, float [n, c, h', w'], small whole numbers.
    log_spread: float [n, 1, h, w], of networks that state their confidence: the logarithm of the
        mean absolute error of log depth that the network expects.
    log_shifts: float [q, n, shifts, h', w'], of networks that match: the logarithm of the
        probability of each shift between the cameras, as the detectors alone tell it and as the
        readout does.
    """

    log_depth: Tensor
    spikes: dict[str, Tensor]
    log_spread: Tensor | None = None
    log_shifts: Tensor | None = None


class DepthNetwork(nn.Module, ABC):
    """A network that maps the spike counts of one window to depth.

    channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
    penalised: names of the layers whose spikes the spike penalty counts: those that the
        prediction layers read, and the bottleneck.
    """

    channels: int
    penalised: tuple[str, ...]

    @abstractmethod
    def forward(self, counts: Tensor) -> Output:
        """Map counts, float [n, channels, h, w], to log depth and the layers' spikes."""

    @abstractmethod
    def fanouts(self) -> dict[str, float]:
        """Return how many synapses a spike of each layer, and of the input, reaches."""

    def multiply_accumulates(self) -> dict[str, float]:
        """Return how many a dense network of the same shape does for each value of a layer."""
        return self.fanouts()


def confidence(log_spread: Tensor) -> Tensor:
    """Return the probability that depth is within 10 % of the truth, of the shape given.

    Log depth is taken to be distributed as Laplace's, of mean absolute error exp(log_spread).
    """
    spread = torch.exp(log_spread.clamp(*LOG_SPREAD_BOUNDS))
    return 1 - torch.exp(-math.log(CONFIDENT) / spread)


def spiking_neurons() -> neuron.IFNode:
    """Return IF neurons that start each window at potential 0 and fire at 1 (paper equation 1)."""
    return neuron.IFNode(v_threshold=1.0, v_reset=0.0, surrogate_function=surrogate.ATan())


class Bursts(nn.Module):
    """Neurons that fire up to `largest` times a window, as often as their potential says.

    With reset by subtraction, a neuron that starts at half of its threshold fires as often as the
    potential, rounded, if that comes all at once. Going backward the rounding is not seen
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
    """A convolution without bias and the neurons that it drives, by default firing once."""

    def __init__(self, convolution: nn.Module, neurons: nn.Module | None = None) -> None:
        super().__init__()
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


def residual_block(channels: int) -> ResidualBlock:
    """Return a block of two 3x3 spiking layers."""
    first, second = (
        SpikingLayer(nn.Conv2d(channels, channels, 3, padding=1, bias=False)) for _ in range(2)
    )
    return ResidualBlock(first, second)


def draw(weight: Tensor, gain: float) -> None:
    """Fill kernels [out, in, k, k] with normal numbers of deviation gain / sqrt(fan in)."""
    nn.init.normal_(weight, std=gain / weight[0].numel() ** 0.5)


def head(channels: int, scale: int) -> nn.Module:
    """Return a prediction layer: upsample to full size, then 3x3 to one readout potential."""
    if scale == 1:
        return nn.Conv2d(channels, 1, 3, padding=1, bias=False)
    return UpsampledConv2d(channels, 1, 3, scale)


def fanout(convolution: nn.Module) -> float:
    """Return how many outputs of synapses one input place reaches."""
    if hasattr(convolution, 'fanout'):
        return convolution.fanout()
    out_channels, _, height, width = convolution.weight.shape
    scale = getattr(convolution, 'scale', 1) / getattr(convolution, 'stride', (1,))[0]
    return out_channels * height * width * scale**2


def read_out(potential: Tensor, features: list[Tensor], heads: nn.ModuleList) -> list[Tensor]:
    """Return a readout's potential after each prediction layer, coarse to fine.

    Never in bfloat16, which would round depth by centimetres.
    """
    partial = []
    with torch.autocast(features[0].device.type, enabled=False):
        for spikes, prediction in zip(features, heads, strict=True):
            potential = potential + prediction(spikes.to(prediction.weight.dtype))
            partial.append(potential)
    return partial
