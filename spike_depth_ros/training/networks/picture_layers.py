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

"""Analog layers of the picture transformer."""

import math
from collections.abc import Iterable
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.matching import Coincidences
from spike_depth_ros.training.networks.normalised import Normalised
from spike_depth_ros.training.networks.transformer.blocks import RATIO, synapses
from spike_depth_ros.training.networks.transformer.embedding import (
    DISPARITIES,
    STRIDES,
    stage_sizes,
)

PATCH = 15  # side of the patch whose mean and deviation normalise a pixel, pixels
LEAST_DEVIATION = 0.02  # of grey values from 0 to 1: noise of flat surfaces stays small
MATCHED = 16  # features that are correlated
FIRST_EVIDENCE = 6.0  # factor from the correlation, -1 to 1, to log odds before training


def analog(synapses: nn.Module) -> nn.Module:
    """Return synapses with GELU in place of neurons."""
    return nn.Sequential(synapses, nn.GELU())


def local_contrast(grey: Tensor) -> Tensor:
    """Return grey values less their mean in a patch, over their deviation there.

    grey: float [n, c, h, w], 0 to 1. The result does not change with exposure and gain.
    """
    mean, square = (
        functional.avg_pool2d(each, PATCH, 1, PATCH // 2, count_include_pad=False)
        for each in (grey, grey**2)
    )
    deviation = (square - mean**2).clamp(min=0).sqrt()
    return (grey - mean) / (deviation + LEAST_DEVIATION)


class PictureEmbedding(nn.Module):
    """Stages that halve the resolution and double the channels, up to the tokens' width.

    Args:
        channels: channels of the input.
        width: channels of the tokens.
        stride: pixels from one token to the next, a power of 2.

    Attributes:
        sizes: channels of the features at each stride.
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        sizes = stage_sizes(width, stride)
        self.stages = nn.ModuleList(_stage(*pair) for pair in pairwise((channels, *sizes)))
        self.sizes = dict(zip(STRIDES, sizes, strict=False))

    def forward(self, pictures: Tensor) -> tuple[list[Tensor], None]:
        """Map float [n, channels, h, w] to features at strides 2, 4 and so on, the last tokens."""
        return _further(self.stages, [pictures])[1:], None


class StereoEmbedding(nn.Module):
    """Picture embedding with the correlation of both cameras' features at half of the resolution.

    Disparities are 0 to 47 pixels: the right features are pooled as they are, and displaced by a
    pixel, as in the coincidence network. Two layers see the correlations of a neighbourhood.

    Args:
        width, stride: see PictureEmbedding.
    """

    def __init__(self, width: int, stride: int) -> None:
        super().__init__()
        first, *others = stage_sizes(width, stride)
        disparities = 2 * DISPARITIES
        self.full = nn.Sequential(analog(synapses(2, first, 3)), analog(synapses(first, first, 3)))
        self.finer = analog(synapses(first, first, 3))
        self.matching = nn.Conv2d(first, MATCHED, 1, bias=False)
        self.log_evidence = nn.Parameter(torch.tensor(math.log(FIRST_EVIDENCE)))
        self.correlation = Coincidences(DISPARITIES)
        self.support = nn.Sequential(
            analog(synapses(disparities, disparities, 3)), synapses(disparities, disparities, 3)
        )
        sizes = (first + disparities, *others)
        self.stages = nn.ModuleList(_stage(*pair) for pair in pairwise(sizes))
        self.sizes = dict(zip(STRIDES, sizes, strict=False))

    def forward(self, pictures: Tensor) -> tuple[list[Tensor], Tensor]:
        """Map float [n, 4, h, w] to features and log probabilities of the disparities.

        Returns features at strides 2, 4 and so on, the last one the tokens, and float
        [2, n, 48, h / 2, w / 2]: log probabilities by the correlation alone and with its support.
        """
        left, right = self.full(torch.cat(pictures.chunk(2, 1))).chunk(2)
        displaced = functional.pad(right, (1, -1))
        halves = functional.max_pool2d(torch.cat([left, right, displaced]), 2)
        features = self.finer(halves)
        found = functional.normalize(self.matching(features).float(), dim=1).chunk(3)
        match = self.log_evidence.exp() * self.correlation(*found)
        supported = match + self.support(match)
        log_disparity = torch.stack([each.float().log_softmax(1) for each in (match, supported)])
        half = torch.cat([features.chunk(3)[0], supported.softmax(1)], 1)
        return _further(self.stages, [half]), log_disparity


class AnalogBlock(nn.Module):
    """Softmax attention and MLP with GELU, each after a normalisation in a residual.

    Args:
        width: number of channels.
        heads: number of heads.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixing, self.projecting = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(
            nn.Linear(width, RATIO * width), nn.GELU(), nn.Linear(RATIO * width, width)
        )

    def forward(self, stream: Tensor) -> Tensor:
        """Map the residual stream, float [n, width, h, w], to that after the block."""
        x = stream.flatten(2).transpose(1, 2)
        x = x + self.projecting(self._attention(self.norm1(x)))
        x = x + self.mlp(self.norm2(x))
        return x.transpose(1, 2).reshape(stream.shape)

    def _attention(self, x: Tensor) -> Tensor:
        """Return attention over tokens, float [n, tokens, width]."""
        mixed = self.mixing(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(*mixed)
        return found.transpose(1, 2).flatten(2)


def _further(stages: Iterable[nn.Module], levels: list[Tensor]) -> list[Tensor]:
    """Return levels of features, and those after each stage."""
    for stage in stages:
        levels.append(stage(levels[-1]))
    return levels


def _stage(inputs: int, outputs: int) -> nn.Module:
    """Return a stage: 3x3 convolution, normalisation, 2x2 max pooling, GELU."""
    convolution = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return analog(Normalised(convolution, pools=True))
