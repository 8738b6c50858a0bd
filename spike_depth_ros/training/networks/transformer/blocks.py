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

"""Blocks of the spike transformer: spiking self-attention and a spiking MLP, two residuals."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from spike_depth_ros.training.networks.normalised import MembraneStream, Normalised
from spike_depth_ros.training.networks.spiking import SpikingLayer, spiking_neurons
from spike_depth_ros.training.networks.transformer.attention import (
    LinearAttention,
    SpikingAttention,
    SpikingSelfAttention,
)

RATIO = 4  # hidden channels of the MLP per channel
ATTENTION: dict[str, Callable[[int, int], SpikingAttention]] = {
    'ssa': SpikingSelfAttention,
    'linear': LinearAttention,
}
Spikes = dict[str, Tensor]


def synapses(inputs: int, outputs: int, size: int = 1, stride: int = 1) -> Normalised:
    """Return a normalised convolution, the ConvBN of the papers.

    Args:
        inputs, outputs: channels.
        size: side of the kernel, odd.
        stride: pixels from one output to the next.
    """
    return Normalised(nn.Conv2d(inputs, outputs, size, stride, padding=size // 2, bias=False))


class Block(nn.Module):
    """Attention and MLP, whose results a residual adds.

    Args:
        width: number of channels.
        heads: number of heads.
        attention: ssa or linear, see attention.py.
    """

    def __init__(self, width: int, heads: int, attention: str) -> None:
        super().__init__()
        self.mixing = SpikingLayer(synapses(width, 3 * width))  # queries, keys and values
        self.attention = ATTENTION[attention](width, heads)
        self.expanding = SpikingLayer(synapses(width, RATIO * width))

    def attend(self, x: Tensor, spikes: Spikes) -> Tensor:
        """Return the spikes of the attention; add those of its layers to `spikes`."""
        mixed = spikes['mixing'] = self.mixing(x)
        query, key, value = mixed.chunk(3, 1)
        spikes['attention'] = self.attention(query, key, value)
        return spikes['attention']

    def expand(self, x: Tensor, spikes: Spikes) -> Tensor:
        """Return the hidden spikes of the MLP; add them to `spikes`."""
        spikes['hidden'] = self.expanding(x)
        return spikes['hidden']


class Encoder(nn.Module, ABC):
    """Base class: a convolutional position term and blocks of one width.

    The position term is a 3x3 convolution whose zero padding tells where a token is (Spikformer,
    section 3.2). It does not depend on the resolution.

    Args:
        width: number of channels.
        blocks: number of blocks.
        heads: number of heads.
        attention: ssa or linear.
    """

    def __init__(self, width: int, blocks: int, heads: int, attention: str) -> None:
        super().__init__()
        self.blocks: Any = nn.ModuleList(Block(width, heads, attention) for _ in range(blocks))

    @abstractmethod
    def forward(self, tokens: Tensor) -> tuple[list[Tensor], Spikes, list[Tensor]]:
        """Map spikes of the patch embedding, float [n, c, h, w], to features.

        Returns the spikes after each block, of the same shape, those of all layers by name, and
        the residual stream after each block.
        """


class SewEncoder(Encoder):
    """Blocks that add spikes to spikes, so that layers read whole numbers up to 2 blocks + 2.

    Source: Fang et al. 2021, SEW-ResNet, connect function ADD; Zhou et al. 2022, Spikformer.
    """

    def __init__(self, width: int, blocks: int, heads: int, attention: str) -> None:
        super().__init__(width, blocks, heads, attention)
        self.position = SpikingLayer(synapses(width, width, 3))
        self.projecting, self.contracting = (
            nn.ModuleList(SpikingLayer(synapses(inputs, width)) for _ in range(blocks))
            for inputs in (width, RATIO * width)
        )

    def forward(self, tokens: Tensor) -> tuple[list[Tensor], Spikes, list[Tensor]]:
        """Map spikes of the patch embedding to features, see Encoder."""
        x = tokens + self.position(tokens)
        features, spikes = [], {'position': x}
        for number, block in enumerate(self.blocks, 1):
            found: Spikes = {}
            x = x + self.projecting[number - 1](block.attend(x, found))
            found['between'] = x
            x = x + self.contracting[number - 1](block.expand(x, found))
            found['out'] = x
            features.append(x)
            spikes |= {f'block{number}_{name}': layer for name, layer in found.items()}
        return features, spikes, features


class MembraneEncoder(Encoder):
    """Blocks that add potentials, with neurons before each convolution: all it reads is 0 or 1.

    Source: Zhou et al. 2023, Spikingformer, spike-driven residual; the paper's block.
    """

    def __init__(self, width: int, blocks: int, heads: int, attention: str) -> None:
        super().__init__(width, blocks, heads, attention)
        self.position = synapses(width, width, 3)
        self.projecting, self.contracting = (
            nn.ModuleList(synapses(inputs, width) for _ in range(blocks))
            for inputs in (width, RATIO * width)
        )
        self.first, self.between, self.out = spiking_neurons(), nn.ModuleList(), nn.ModuleList()
        for neurons in (self.between, self.out):
            neurons.extend(spiking_neurons() for _ in range(blocks))
        self.stream = MembraneStream([self.position, *self.projecting, *self.contracting])

    def forward(self, tokens: Tensor) -> tuple[list[Tensor], Spikes, list[Tensor]]:
        """Map spikes of the patch embedding to features, see Encoder."""
        stream = self.stream(self.position(tokens))
        x = self.first(stream)
        features, streams, spikes = [], [], {'position': x}
        for number, block in enumerate(self.blocks, 1):
            found: Spikes = {}
            written = self.projecting[number - 1](block.attend(x, found))
            stream = self.stream(written, stream)
            x = found['between'] = self.between[number - 1](stream)
            written = self.contracting[number - 1](block.expand(x, found))
            stream = self.stream(written, stream)
            x = found['out'] = self.out[number - 1](stream)
            features.append(x)
            streams.append(stream)
            spikes |= {f'block{number}_{name}': layer for name, layer in found.items()}
        return features, spikes, streams
