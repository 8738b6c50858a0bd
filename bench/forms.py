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

"""Reference forms of StereoSpike for the inference benchmark."""

import copy
from itertools import pairwise

import torch
from spikingjelly.activation_based import functional as spiking
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import draw, spiking_neurons
from spike_depth_ros.training.networks.stereospike import StereoSpike

FIRING_GAIN, READOUT_GAIN = 3.0, 1.0


class Threshold(nn.Module):
    """Stateless neurons with a threshold of 1, which torch.onnx can export."""

    def forward(self, potential: Tensor) -> Tensor:
        """Map potentials to spikes of the same shape."""
        return (potential >= 1).to(potential.dtype)


class AuthorsForm(nn.Module):
    """StereoSpike with its authors' map sizes, for timing only: its depth differs from ours.

    Encoders halve 346 x 260 to 173 x 130, 87 x 65, 44 x 33 and 22 x 17; the decoder resizes by
    fractional factors to the next size plus 4 and convolves without padding, prediction layers
    resize to the full size plus 2.

    Source: StereoSpike section 3.4 and the sizes of its authors' network.
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        sizes = [width * 2**scale for scale in range(5)]
        self.bottom = nn.Conv2d(channels, width, 5, padding=2, bias=False)
        self.encoder = nn.ModuleList(
            nn.Conv2d(fine, coarse, 5, stride=2, padding=2, bias=False)
            for fine, coarse in pairwise(sizes)
        )
        self.bottleneck = nn.ModuleList(
            nn.Conv2d(sizes[-1], sizes[-1], 3, padding=1, bias=False) for _ in range(4)
        )
        self.decoder = nn.ModuleList(
            nn.Conv2d(coarse, fine, 5, bias=False) for coarse, fine in pairwise(reversed(sizes))
        )
        self.heads = nn.ModuleList(nn.Conv2d(size, 1, 3, bias=False) for size in sizes[-2::-1])
        self.neurons = nn.ModuleList(spiking_neurons() for _ in range(13))
        for convolution in self.modules():
            if isinstance(convolution, nn.Conv2d):
                draw(convolution.weight, FIRING_GAIN)

    def forward(self, counts: Tensor) -> Tensor:
        """Map counts, float [n, channels, h, w], to depth [n, 1, h, w]."""
        spiking.reset_net(self)
        neurons = iter(self.neurons)
        maps = [next(neurons)(self.bottom(counts))]
        for convolution in self.encoder:
            maps.append(next(neurons)(convolution(maps[-1])))
        x = maps.pop()
        for first, second in (self.bottleneck[:2], self.bottleneck[2:]):
            x = next(neurons)(second(next(neurons)(first(x)))) + x
        depth = torch.zeros(())
        for convolution, head in zip(self.decoder, self.heads, strict=True):
            skip = maps.pop()
            x = next(neurons)(convolution(resized(x, skip, 4))) + skip
            depth = depth + head(resized(x, counts, 2))
        return depth


def resized(x: Tensor, like: Tensor, more: int) -> Tensor:
    """Return x at the size of another map plus `more` pixels, by nearest neighbour."""
    size = [side + more for side in like.shape[-2:]]
    return functional.interpolate(x, size=size, mode='nearest')


def without_memory(network: AuthorsForm) -> AuthorsForm:
    """Return a copy that torch.onnx can export: thresholds in place of neurons."""
    network = copy.deepcopy(network)
    network.neurons = nn.ModuleList(Threshold() for _ in network.neurons)
    return network


class PlainUpsampledConv2d(nn.Module):
    """Reference of UpsampledConv2d: upsample, then convolve at the high resolution."""

    def __init__(self, source: UpsampledConv2d) -> None:
        super().__init__()
        self.weight, self.scale = source.weight.detach(), source.scale

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, in, h, w] to [n, out, scale * h, scale * w]."""
        upsampled = functional.interpolate(x, scale_factor=self.scale, mode='nearest')
        return functional.conv2d(upsampled, self.weight, padding=self.weight.shape[-1] // 2)


def reference(network: StereoSpike) -> StereoSpike:
    """Return a copy that upsamples before it convolves: the function that all forms share."""
    network = copy.deepcopy(network)
    for name, module in list(network.named_modules()):
        if isinstance(module, UpsampledConv2d):
            network.set_submodule(name, PlainUpsampledConv2d(module))
    return network


def random_network(channels: int, width: int) -> StereoSpike:
    """Return a network of random weights, with readout weights as large as after training."""
    torch.manual_seed(width)
    network = StereoSpike(channels, width).eval()
    for head in network.readout.heads:
        draw(head.weight, READOUT_GAIN)
    return network
