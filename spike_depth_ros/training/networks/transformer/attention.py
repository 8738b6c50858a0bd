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

"""Spiking attention: products of queries, keys and values that are zeros and ones."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.spiking import spiking_neurons

# Firing rate of queries, keys and values that the thresholds suit before training: that of
# normalised potentials above 1.
FIRST_RATE = 0.16
ABOVE_MEAN = 1.5  # threshold per mean count at that rate, with which a sixth of the neurons fire
T = TypeVar('T')


class SpikingAttention(nn.Module, ABC):
    """Base class: counts of coinciding spikes, and neurons that fire at a share of the tokens.

    The papers' threshold is a constant count (a potential of 0.5 after the scale 0.125, so 4).
    Here it is a learned share of the number of tokens, rounded to a whole count, one for each
    head: a network trained on crops sees the same firing rates in whole frames. The rounding is
    part of the network, so a file's spikes are those of torch.

    Args:
        width: number of channels, which the number of heads divides.
        heads: number of heads.
        share: count at which neurons fire before training, per token.

    Attributes:
        log_share: logarithm of that share, learned, float [heads].
    """

    def __init__(self, width: int, heads: int, share: float) -> None:
        super().__init__()
        self.heads, self.head_width = heads, float(width // heads)
        self.log_share = nn.Parameter(torch.full((heads,), share).log())
        self.neurons = spiking_neurons()

    @abstractmethod
    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Map zeros and ones, float [n, c, h, w] each, to zeros and ones of the same shape."""

    @abstractmethod
    def reached(self, query: T, key: T, value: T) -> Iterator[tuple[T, float]]:
        """Yield each input that costs synaptic operations, and their number for one spike."""

    def thresholds(self, tokens: int) -> Tensor:
        """Return the counts at which neurons fire, whole numbers from 1, float [heads]."""
        exact = self.log_share.float().exp() * tokens
        return exact + (exact.round().clamp(min=1) - exact).detach()

    def _fired(self, counts: Tensor, tokens: int) -> Tensor:
        """Return the spikes of neurons for counts, [n, heads, channels, any].

        A potential of count / (threshold - 1/2) reaches 1 at the threshold and not below it.
        """
        return self.neurons(counts / (self.thresholds(tokens) - 0.5)[:, None, None])

    def _by_head(self, spikes: Tensor) -> Tensor:
        """Return spikes [n, c, h, w] as [n, heads, c / heads, h w]."""
        return spikes.float().flatten(2).unflatten(1, (self.heads, -1))


class SpikingSelfAttention(SpikingAttention):
    """Spiking self-attention, q (k^T v) without softmax.

    Source: Zhou et al. 2022, Spikformer; Zhou et al. 2023, Spikingformer; the block of the second
    paper. Its cost grows linearly with the number of tokens.

    Args:
        width: number of channels.
        heads: number of heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads, ABOVE_MEAN * (width // heads) * FIRST_RATE**3)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Map zeros and ones, float [n, c, h, w] each, to zeros and ones of the same shape."""
        with torch.autocast(query.device.type, enabled=False):
            q, k, v = map(self._by_head, (query, key, value))
            counts = (v @ k.mT) @ q
            return self._fired(counts, q.shape[-1]).reshape(query.shape)

    def reached(self, query: T, key: T, value: T) -> Iterator[tuple[T, float]]:
        """Yield queries and keys, each of which adds a row of numbers as long as a head is wide.

        Values only select.
        """
        yield query, self.head_width
        yield key, self.head_width


class LinearAttention(SpikingAttention):
    """Spike-driven self-attention: channels in which keys and values coincide pass the queries.

    No product of matrices is left. Source: Yao et al. 2023, Spike-driven Transformer, SDSA-1.

    Args:
        width: number of channels.
        heads: number of heads; the channels of a head share a threshold.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads, FIRST_RATE**2)

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Map zeros and ones, float [n, c, h, w] each, to zeros and ones of the same shape."""
        with torch.autocast(query.device.type, enabled=False):
            q, k, v = map(self._by_head, (query, key, value))
            counts = (k * v).sum(-1, keepdim=True)
            return (q * self._fired(counts, q.shape[-1])).reshape(query.shape)

    def reached(self, query: T, key: T, value: T) -> Iterator[tuple[T, float]]:
        """Yield queries and keys, each of which meets one other number; values only select."""
        yield query, 1.0
        yield key, 1.0
