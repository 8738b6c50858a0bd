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

"""Small networks of every kind, and spike frames that make their layers fire."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.matching import Coincidences, Cooperation
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spike_transformer import SpikeTransformer
from spike_depth_ros.training.networks.spiking import Bursts, SpikingLayer, draw
from spike_depth_ros.training.networks.stereospike import StereoSpike


class TinyNetwork(DepthNetwork):
    """Two layers down, two up, a skip connection, and a layer of the readout without a skip."""

    channels = 4

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = SpikingLayer(nn.Conv2d(4, 6, 5, stride=2, padding=2, bias=False))
        self.conv2 = SpikingLayer(nn.Conv2d(6, 8, 3, stride=2, padding=1, bias=False))
        self.deconv2 = SpikingLayer(UpsampledConv2d(8, 6, 5, 2))
        self.mixed = SpikingLayer(nn.Conv2d(12, 6, 3, padding=1, bias=False))
        self.deconv1 = SpikingLayer(UpsampledConv2d(6, 4, 5, 2))
        self.readout = LogDepthReadout(channels=(8, 6, 4), scales=(4, 2, 1))
        for layer in (self.conv1, self.conv2, self.deconv2, self.mixed, self.deconv1):
            draw(layer.synapses.weight, gain=3.0)

    def predict(self, counts: Tensor) -> Output:
        conv1 = self.conv1(counts)
        conv2 = self.conv2(conv1)
        deconv2 = self.deconv2(conv2) + conv1
        mixed = self.mixed(torch.cat([deconv2, conv1], 1))
        deconv1 = self.deconv1(mixed)
        spikes = {'conv1': conv1, 'conv2': conv2, 'deconv2': deconv2, 'mixed': mixed}
        return Output(self.readout([conv2, mixed, deconv1]), spikes | {'deconv1': deconv1})


class SiameseNetwork(DepthNetwork):
    """Network with shared layers for both cameras, matching and skip connections."""

    channels = 4

    def __init__(self) -> None:
        super().__init__()
        self.bottom = SpikingLayer(nn.Conv2d(2, 4, 3, padding=1, bias=False))
        self.conv1 = SpikingLayer(nn.Conv2d(4, 6, 5, stride=2, padding=2, bias=False))
        self.coincidences = Coincidences(8)
        self.match = SpikingLayer(Cooperation(8, nearby=2, size=3), Bursts(7))
        self.mixed = SpikingLayer(nn.Conv2d(6 + 8 + 6, 6, 3, padding=1, bias=False))
        self.deconv1 = SpikingLayer(UpsampledConv2d(6, 4, 3, 2))
        self.readout = LogDepthReadout(channels=(6, 4), scales=(2, 1))
        for layer in (self.bottom, self.conv1, self.mixed, self.deconv1):
            draw(layer.synapses.weight, gain=3.0)

    def predict(self, counts: Tensor) -> Output:
        left, right = counts.split(2, 1)
        bottom = self.bottom(torch.cat([left, right]))
        conv1 = self.conv1(bottom)
        left, right = conv1.chunk(2)
        coincidences = self.coincidences(left, right)
        match = self.match(coincidences)
        mixed = self.mixed(torch.cat([right, match, left], 1)) + left
        deconv1 = self.deconv1(mixed) + bottom.chunk(2)[0]
        spikes = {'bottom': bottom, 'conv1': conv1, 'coincidences': coincidences, 'match': match}
        spikes |= {'mixed': mixed, 'deconv1': deconv1}
        return Output(self.readout([mixed, deconv1]), spikes)


def tiny() -> TinyNetwork:
    torch.manual_seed(5)
    return TinyNetwork().eval()


def siamese() -> SiameseNetwork:
    torch.manual_seed(6)
    return SiameseNetwork().eval()


def stereospike(channels: int = 4, width: int = 8) -> StereoSpike:
    """Return a network whose readout's weights are as large as after training."""
    torch.manual_seed(channels)
    network = StereoSpike(channels, width).eval()
    for head in network.readout.heads:
        nn.init.normal_(head.weight, std=0.02)
    return network


def coincidence(width: int = 8, scale: int = 2) -> CoincidenceNetwork:
    """Return a network with weights as large as after training and unequal detectors."""
    torch.manual_seed(width)
    network = CoincidenceNetwork(width, scale=scale).eval()
    for head in network.readout.heads.values():
        head.weight.data += 0.1 * torch.randn_like(head.weight)
    for number in (1, 2, 3, 4):
        weight = getattr(network, f'cooperation{number}').synapses.weight
        weight.data += 0.02 * torch.randn_like(weight)
    return network


def transformer(**fields: Any) -> SpikeTransformer:
    """Return a network whose normalisations have seen a few windows."""
    torch.manual_seed(7)
    small = {'width': 32, 'blocks': 2, 'heads': 4, 'fused': (8, 8, 4, 4)}
    network = SpikeTransformer(**small | fields)
    for head in (*network.head.readout.heads, *network.spread.heads):
        nn.init.normal_(head.weight, std=0.02)
    counts = torch.from_numpy(np.stack(frames((64, 96))[:2])).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        for _ in range(10):
            network(counts[:, : network.channels])
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.bias.copy_(0.3 * torch.randn_like(module.bias))
    return network.eval()


def frames(size: tuple[int, int]) -> list[NDArray[np.uint8]]:
    """Return four frames: sparse noise, edges in both cameras, counts up to 255, no events."""
    random = np.random.default_rng(0)
    noise = random.poisson(0.2, (*size, 4))
    return [
        noise.astype(np.uint8),
        edges(size),
        random.integers(0, 256, (*size, 4), np.uint8),
        np.zeros((*size, 4), np.uint8),
    ]


def edges(size: tuple[int, int]) -> NDArray[np.uint8]:
    """Return steep edges at a disparity of 7 pixels in the upper half, 30 in the lower."""
    random = np.random.default_rng(1)
    height, width = size
    counts = random.poisson(3, (height, width + 30, 2)) * (random.random((1, width + 30, 1)) < 0.1)
    counts += random.poisson(0.02, counts.shape)
    right = counts[:, 30:].copy()
    right[: height // 2] = counts[: height // 2, 7 : width + 7]
    return np.concatenate([counts[:, :width], right], axis=2).astype(np.uint8)
