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

"""Picture transformer: an analog network with the spike transformer's tokens, from pictures."""

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.picture_layers import (
    AnalogBlock,
    PictureEmbedding,
    StereoEmbedding,
    analog,
    local_contrast,
)
from spike_depth_ros.training.networks.spike_transformer import check_numbers, check_widths
from spike_depth_ros.training.networks.transformer.blocks import synapses
from spike_depth_ros.training.networks.transformer.head import FusionHead
from spike_depth_ros.training.settings import SettingsError, check_choice


class PictureTransformer(DepthNetwork):
    """Depth of the left camera from the cameras' pictures at the end of a window.

    Teacher of spike transformers, and ours. With equal arguments it has their tokens (stride and
    width), the number of blocks and heads, the MLP's ratio, and the fusion head. It has GELU in
    place of neurons, softmax attention, and layer normalisation before attention and MLP. The
    embedding is another one: see PictureEmbedding and StereoEmbedding.

    Args:
        pictures: cameras, 1 or 2.
        width, stride, blocks, heads, fused: see SpikeTransformer.
        cameras: matched: the correlation of both pictures' features at disparities of 0 to 47
            pixels joins the second stage; stacked: the embedding reads both pictures.
        skips: add the embedding's features to the levels of the head.
    """

    no_file = (
        'PictureTransformer reads pictures, and files hold networks that read events: use its '
        'checkpoint as model.teacher of a spiking network, and export that.'
    )

    def __init__(
        self,
        pictures: int = 2,
        width: int = 192,
        stride: int = 16,
        blocks: int = 4,
        heads: int = 8,
        fused: tuple[int, int, int, int] = (48, 48, 32, 16),
        cameras: Literal['stacked', 'matched'] = 'stacked',
        skips: bool = False,
    ) -> None:
        super().__init__()
        if pictures not in (1, 2):
            raise SettingsError(f'pictures is {pictures}: use 2 for two cameras or 1 for one.')
        check_numbers(stride=stride, blocks=blocks)
        check_widths(width, heads, fused)
        check_choice('cameras', cameras, ('stacked', 'matched'))
        if cameras == 'matched' and pictures == 1:
            raise SettingsError('cameras is matched with pictures 1: use pictures 2, or stacked.')
        self.channels = self.pictures = pictures
        self.embedding = (
            StereoEmbedding(width, stride)
            if cameras == 'matched'
            else PictureEmbedding(2 * pictures, width, stride)
        )
        self.position = synapses(width, width, 3)
        self.blocks = nn.ModuleList(AnalogBlock(width, heads) for _ in range(blocks))
        self.norms = nn.ModuleList(nn.GroupNorm(1, width) for _ in range(blocks))
        sizes = self.embedding.sizes if skips else None
        self.head = FusionHead(width, blocks, stride, fused, analog, sizes)
        self.head.readout.initialise()

    def prepared(self, counts: Tensor) -> Tensor:
        """Map pictures, float [n, pictures, h, w], 0 to 255, to contrast and grey value.

        Returns float [n, 2 pictures, h, w], both channels of the left camera first.
        """
        grey = counts / 255
        return torch.stack([local_contrast(grey), grey - 0.5], 2).flatten(1, 2)

    def _start(self, elapsed_ms: float | Tensor, counts: Tensor) -> None:
        """Reset nothing: there are no neurons, whose states torch.compile would have to guard."""

    def predict(self, counts: Tensor) -> Output:
        """Map prepared pictures to log depth; the features are the stream after each block."""
        embedded, log_disparity = self.embedding(counts)
        stream = embedded[-1] + self.position(embedded[-1])
        streams = []
        for block in self.blocks:
            stream = block(stream)
            streams.append(stream)
        features = [norm(each) for norm, each in zip(self.norms, streams, strict=True)]
        levels, _ = self.head([functional.gelu(each) for each in features], embedded)
        log_depth = self.head.readout(levels)
        return Output(log_depth, {}, log_disparity=log_disparity, features=tuple(streams))
