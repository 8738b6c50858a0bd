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

"""StereoSpike: a stateless spiking U-Net from one spike frame to dense depth."""

from itertools import pairwise

import torch
from spikingjelly.activation_based import functional as spiking
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import (
    FIRING_GAIN,
    GRID,
    LARGEST_COUNT,
    READOUT_GAIN,
    DepthNetwork,
    Output,
    ResidualBlock,
    SpikingLayer,
    draw,
    fanout,
    head,
    read_out,
    residual_block,
)
from spike_depth_ros.training.settings import SettingsError


class StereoSpike(DepthNetwork):
    """Depth of the left camera from the spike counts of one window.

    Source: Rancon et al., StereoSpike (2021), section 3.4 and figure 2, with the cameras' channels
    concatenated. The readout's potential is the logarithm of depth; the paper's is depth.

    Args:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        width: channels of the first layer, doubled at each of four scales; 32 in the paper.
    """

    penalised = ('block2', 'deconv4', 'deconv3', 'deconv2', 'deconv1')

    def __init__(self, channels: int = 4, width: int = 32) -> None:
        super().__init__()
        if channels not in (2, 4):
            raise SettingsError(f'channels is {channels}: use 4 for two cameras or 2 for one.')
        self.channels, self.width = channels, width
        sizes = [width * 2**scale for scale in range(5)]
        self.bottom = self.layer(channels, width)
        self.encoder = nn.ModuleList(self.layer(*pair, stride=2) for pair in pairwise(sizes))
        self.bottleneck = nn.ModuleList(self.block(sizes[-1]) for _ in range(2))
        scales = range(3, -1, -1)
        self.decoder = nn.ModuleList(
            self.upsampling_layer(sizes[scale + 1], sizes[scale]) for scale in scales
        )
        self.heads = nn.ModuleList(self.head(sizes[scale], 2**scale) for scale in scales)
        self.reset_potential = nn.Parameter(torch.ones(()))  # shared and learned, equation 1
        self.initialise()

    def layer(self, inputs: int, outputs: int, stride: int = 1) -> nn.Module:
        """Return a spiking layer of the encoder."""
        return SpikingLayer(nn.Conv2d(inputs, outputs, 5, stride, padding=2, bias=False))

    def block(self, channels: int) -> ResidualBlock:
        """Return a residual block of the bottleneck."""
        return residual_block(channels)

    def upsampling_layer(self, inputs: int, outputs: int) -> nn.Module:
        """Return a spiking layer of the decoder, which upsamples by two first."""
        return SpikingLayer(UpsampledConv2d(inputs, outputs, 5, 2))

    def head(self, channels: int, scale: int) -> nn.Module:
        """Return a prediction layer, which upsamples by `scale` first."""
        return head(channels, scale)

    def initialise(self) -> None:
        """Draw weights under which every layer fires, and a readout that starts near flat.

        Sparse whole numbers come in, nothing normalises them: with PyTorch's own initialisation
        no layer would fire at all.
        """
        for layer in self.modules():
            if isinstance(layer, SpikingLayer):
                draw(layer.synapses.weight, FIRING_GAIN)
        for prediction in self.heads:
            draw(prediction.weight, READOUT_GAIN)

    def fanouts(self) -> dict[str, float]:
        """Return how many synapses a spike of each layer, and of the input, reaches.

        Synapses of the paper's network, away from the image's border: the phase form needs fewer.
        """
        readers = self.readers()
        return {name: float(sum(map(fanout, layers))) for name, layers in readers.items()}

    def readers(self) -> dict[str, list[nn.Module]]:
        """Return the synapses that read each layer, and the input."""
        block1, block2 = self.bottleneck
        return {
            'input': [self.bottom.synapses],
            'bottom': [self.encoder[0].synapses],
            'conv1': [self.encoder[1].synapses],
            'conv2': [self.encoder[2].synapses],
            'conv3': [self.encoder[3].synapses],
            'conv4': [block1.first.synapses],
            'block1_hidden': [block1.second.synapses],
            'block1': [block2.first.synapses],
            'block2_hidden': [block2.second.synapses],
            'block2': [self.decoder[0].synapses],
            'deconv4': [self.decoder[1].synapses, self.heads[0]],
            'deconv3': [self.decoder[2].synapses, self.heads[1]],
            'deconv2': [self.decoder[3].synapses, self.heads[2]],
            'deconv1': [self.heads[3]],
        }

    def forward(self, counts: Tensor) -> Output:
        """Map counts, float [n, channels, h, w], to log depth and the layers' spikes.

        Counts above 127 are taken for 127.
        """
        spiking.reset_net(self)
        height, width = counts.shape[-2:]
        counts = counts.clamp(max=LARGEST_COUNT)
        spikes = self.encode(functional.pad(counts, (0, -width % GRID, 0, -height % GRID)))
        partial = read_out(self.reset_potential, self.decode(spikes), self.heads)
        return Output(torch.stack([part[..., :height, :width] for part in partial]), spikes)

    def encode(self, x: Tensor) -> dict[str, Tensor]:
        """Return the spikes of the encoder and the bottleneck by layer, fine to coarse."""
        spikes = {'bottom': self.bottom(x)}
        for number, layer in enumerate(self.encoder, 1):
            spikes[f'conv{number}'] = layer(next(reversed(spikes.values())))
        for number, block in enumerate(self.bottleneck, 1):
            hidden, output = block(next(reversed(spikes.values())))
            spikes |= {f'block{number}_hidden': hidden, f'block{number}': output}
        return spikes

    def decode(self, spikes: dict[str, Tensor]) -> list[Tensor]:
        """Add the decoder's layers to `spikes`; return them coarse to fine."""
        skips = [spikes[name] for name in ('conv3', 'conv2', 'conv1', 'bottom')]
        x, outputs = spikes['block2'], []
        for number, layer, skip in zip((4, 3, 2, 1), self.decoder, skips, strict=True):
            x = layer(x) + skip
            spikes[f'deconv{number}'] = x
            outputs.append(x)
        return outputs
