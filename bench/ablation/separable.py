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

"""The later StereoSpike: depthwise-separable convolutions and leaky neurons."""

from itertools import pairwise

import torch
from spikingjelly.activation_based import neuron, surrogate
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import (
    FIRING_GAIN,
    READOUT_GAIN,
    ResidualBlock,
    draw,
)
from spike_depth_ros.training.networks.stereospike import StereoSpike

KERNEL_SIZE = 7
FACTOR = 10.0  # scale of each convolution's output: neurons fire at small weights
TAU = 3.0  # time constant of the neurons before training


class UpsampledDepthwiseConv2d(UpsampledConv2d):
    """Upsample by an integer factor (nearest neighbour), then convolve each channel by itself.

    In phase form, as its base. weight: float [channels, 1, k, k].
    """

    def __init__(self, channels: int, kernel_size: int, scale: int) -> None:
        super().__init__(1, channels, kernel_size, scale)

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, channels, h, w] to [n, channels, scale * h, scale * w]."""
        kernels = self.phases(self.weight).flatten(0, 2)
        groups = len(self.weight)
        return self.spread(functional.conv2d(x, kernels, padding=self.padding, groups=groups))


class SeparableConv2d(nn.Module):
    """Convolve each channel by itself, then mix the channels at each pixel, then multiply by 10.

    depthwise: its weight is float [in_channels, 1, k, k]; it may stride or upsample.
    """

    def __init__(self, depthwise: nn.Module, out_channels: int) -> None:
        super().__init__()
        self.depthwise = depthwise
        self.pointwise = nn.Conv2d(len(depthwise.weight), out_channels, 1, bias=False)
        self.stride = getattr(depthwise, 'stride', (1, 1))
        self.scale = getattr(depthwise, 'scale', 1)

    @property
    def weight(self) -> Tensor:
        """Return the kernel of the equivalent single convolution, [out, in, k, k]."""
        return FACTOR * self.pointwise.weight * self.depthwise.weight[:, 0]

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, in, h, w] to [n, out, h', w']."""
        return functional.conv2d(self.depthwise(x), FACTOR * self.pointwise.weight)


class SeparableHead(UpsampledConv2d):
    """A prediction layer: upsample to full size, then 7x7 and 1x1 to one readout potential.

    With one output, both convolutions are computed as one kernel of the size of the first.

    Attributes:
        weight: weight of the depthwise 7x7, float [1, channels, 7, 7].
    """

    def __init__(self, channels: int, scale: int) -> None:
        super().__init__(channels, 1, KERNEL_SIZE, scale)
        self.pointwise = nn.Parameter(torch.empty(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, channels, h, w] to [n, 1, scale * h, scale * w]."""
        kernels = self.phases(FACTOR * self.pointwise * self.weight).flatten(0, 2)
        potential = self.spread(functional.conv2d(x, kernels, padding=self.padding))
        return potential + FACTOR * self.bias


class ParametricLayer(nn.Sequential):
    """A separable convolution and the PLIF neurons that it drives (Fang et al. 2021).

    In its single step from potential 0 a neuron's potential is v = x / tau: it fires where
    x >= tau. Nothing leaks; tau is a threshold above 1 that the layer shares and learns.
    """

    def __init__(self, synapses: SeparableConv2d) -> None:
        super().__init__()
        self.synapses = synapses
        self.neurons = neuron.ParametricLIFNode(
            init_tau=TAU, v_threshold=1.0, v_reset=0.0, surrogate_function=surrogate.ATan()
        )


class SeparableStereoSpike(StereoSpike):
    """StereoSpike with an eleventh of the parameters: separable 7x7 convolutions, PLIF neurons.

    Source: Rancon et al., StereoSpike, IEEE Access 10 (2022), and the authors' code. The U-Net,
    its padding and its readout are StereoSpike's, the readout's potential the logarithm of depth.
    At width 32 it has 1,591,990 parameters, published are 1.59 M, and at 346 x 260 padded to
    352 x 272 it takes 4.37 G multiply-accumulates; at the authors' sizes of the maps these are
    their 4.15 G. The authors also give a bias to each channel of the prediction layers' 7x7, 480
    in all; the layer's own bias does the same.

    Export has no rule for it: no spikes pass between the two convolutions of a layer.
    """

    def __init__(self, channels: int = 4, width: int = 32) -> None:
        super().__init__(channels, width)
        sizes = [width * 2**scale for scale in range(5)]
        self.bottom = separable_layer(channels, width)
        self.encoder = nn.ModuleList(separable_layer(*pair, stride=2) for pair in pairwise(sizes))
        self.bottleneck = nn.ModuleList(
            ResidualBlock(*(separable_layer(sizes[-1], sizes[-1]) for _ in range(2)))
            for _ in range(2)
        )
        self.decoder = nn.ModuleList(
            ParametricLayer(SeparableConv2d(UpsampledDepthwiseConv2d(ins, KERNEL_SIZE, 2), outs))
            for ins, outs in pairwise(reversed(sizes))
        )
        self.readout.heads = nn.ModuleList(
            SeparableHead(sizes[head - 1], 2 ** (head - 1)) for head in self.heads
        )
        self.initialise()

    def initialise(self) -> None:
        """Draw weights with which every layer fires and depth starts close to constant.

        As StereoSpike's, in units of the threshold tau / 10 that the pointwise weights see.
        """
        for layer in self.modules():
            if isinstance(layer, ParametricLayer):
                draw(layer.synapses.depthwise.weight, 1.0)
                draw(layer.synapses.pointwise.weight, FIRING_GAIN * TAU / FACTOR)
        for layer in self.readout.heads:
            if isinstance(layer, SeparableHead):
                draw(layer.weight[0, :, None], 1.0)
                draw(layer.pointwise, READOUT_GAIN / FACTOR)


def separable_layer(inputs: int, outputs: int, stride: int = 1) -> ParametricLayer:
    """Return PLIF neurons driven by a separable convolution, padded to keep the size."""
    padding = KERNEL_SIZE // 2
    depthwise = nn.Conv2d(inputs, inputs, KERNEL_SIZE, stride, padding, groups=inputs, bias=False)
    return ParametricLayer(SeparableConv2d(depthwise, outputs))
