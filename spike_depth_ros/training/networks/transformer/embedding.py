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

"""Spiking patch embedding: counts to tokens, one camera or two."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.matching import (
    LARGEST_BURST,
    Coincidences,
    Cooperation,
    MatchReadout,
)
from spike_depth_ros.training.networks.normalised import Normalised
from spike_depth_ros.training.networks.spiking import Bursts, SpikingLayer

Embedded = tuple[list[Tensor], dict[str, Tensor], Tensor | None]
STRIDES = (2, 4, 8, 16)  # pixels from one place to the next after each stage of an embedding
DISPARITIES = 24  # candidates of the coincidences, at a half of the resolution: 0 to 46 pixels


def stage(inputs: int, outputs: int) -> SpikingLayer:
    """Return a stage: 3x3 convolution, normalisation, 2x2 max pooling, neurons.

    The order is the paper's. inputs, outputs: channels.
    """
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return SpikingLayer(Normalised(convolution, pools=True))


def stage_sizes(width: int, stride: int, first: int | None = None) -> list[int]:
    """Return the channels of each stage of an embedding; see PatchEmbedding."""
    first = 2 * width // stride if first is None else first
    return [first * 2**number for number in range(stride.bit_length() - 2)] + [width]


class PatchEmbedding(nn.Module):
    """Stages that halve the resolution and double the channels, up to the tokens' width.

    The cameras' channels are stacked.

    Args:
        channels: 4 (left ON, left OFF, right ON, right OFF) or 2 (left ON, left OFF).
        width: channels of the tokens.
        stride: pixels from one token to the next, a power of 2.
        first: channels of the first stage, doubled by each but the last, which has `width`; None:
            as many as make the last one double them too.

    Attributes:
        sizes: channels of the spikes at each stride.
    """

    def __init__(self, channels: int, width: int, stride: int, first: int | None = None) -> None:
        super().__init__()
        sizes = stage_sizes(width, stride, first)
        self.stages = nn.ModuleList(stage(*pair) for pair in pairwise((channels, *sizes)))
        self.sizes = dict(zip(STRIDES, sizes, strict=False))

    def forward(self, counts: Tensor) -> Embedded:
        """Map counts, float [n, channels, h, w], to spikes.

        Returns those at strides 2, 4 and so on, the last one the tokens, all layers by name, and
        the disparities of detectors that are trained by themselves, see Output; None without any.
        """
        first = self.stages[0](counts)
        return (*self._further([first], {'stage1': first}), None)

    def _further(
        self, levels: list[Tensor], spikes: dict[str, Tensor]
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return the spikes at all strides and of all layers, from those at the first strides."""
        for number, layer in enumerate(list(self.stages)[len(levels) :], len(levels) + 1):
            levels.append(layer(levels[-1]))
            spikes[f'stage{number}'] = levels[-1]
        return levels, spikes


class MatchedEmbedding(PatchEmbedding):
    """Patch embedding whose first stage both cameras share, and which matches them after it.

    Detectors of coincidences at each disparity (matching.Coincidences) cooperate at a quarter of
    the resolution (matching.Cooperation), as in the coincidence network; the third stage reads the
    left camera's spikes and their bursts. A loss term trains the detectors by themselves. This
    variant is ours.

    Args:
        width, stride, first: see PatchEmbedding.
    """

    def __init__(self, width: int, stride: int, first: int | None = None) -> None:
        super().__init__(2, width, stride, first)
        self.sizes[4] += DISPARITIES
        self.stages[2] = stage(self.sizes[4], self.sizes[8])
        self.coincidences = Coincidences(DISPARITIES)
        self.cooperation = SpikingLayer(Cooperation(DISPARITIES, stride=2), Bursts(LARGEST_BURST))
        self.match = MatchReadout(self.sizes[2])

    def forward(self, counts: Tensor) -> Embedded:
        """Map counts, float [n, 4, h, w], to spikes; see PatchEmbedding.forward.

        stage1 holds both cameras' images, the left ones first. The spikes at stride 4 are those
        of the left camera and the cooperating detectors.
        """
        spikes = {'stage1': self.stages[0](torch.cat(counts.split(2, 1)))}
        left, right = spikes['stage1'].chunk(2)
        spikes['stage2'] = self.stages[1](left)
        spikes['coincidences'] = self.coincidences(left, right)
        detected = self.cooperation.synapses(spikes['coincidences'])
        spikes['cooperation'] = self.cooperation.neurons(detected)
        joined = torch.cat([spikes['stage2'], spikes['cooperation']], 1)
        return (*self._further([left, joined], spikes), self.match(detected))
