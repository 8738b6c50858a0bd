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

"""Readout of the expected error of depth, for networks that give log depth."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.posterior import Calibration
from spike_depth_ros.training.networks.readout import (
    FIRST_SPREAD,
    ConfidentReadout,
    spread_pixels,
)
from spike_depth_ros.training.networks.spiking import READOUT_GAIN, draw, fanout
from spike_depth_ros.training.quantisation import round_together


class SpreadReadout(ConfidentReadout):
    """A neuron for each place of the finest layer: the logarithm of the error of log depth.

    1x1 layers, whose potentials are summed from the coarsest on, each value spread to the pixels
    of the next resolution. At the same resolutions the prediction layers of depth, which are 3x3
    at the image's resolution, would take several times as long.

    Args:
        channels: channels of each input layer, coarse to fine.
        scales: factor from each input layer to the image's resolution, each a half of the one
            before.

    Attributes:
        calibration: weights of the confidence, of which that of the share is 0; `spike-depth
            export` fits the others. Before, they are those of a Laplace distribution of errors.
    """

    def __init__(self, channels: Sequence[int], scales: Sequence[int]) -> None:
        super().__init__()
        self.calibration = Calibration(share=0.0, spread=-1.35, bias=-2.5)
        self.scale = min(scales)
        self.heads = nn.ModuleList(nn.Conv2d(each, 1, 1, bias=False) for each in channels)
        self.reset_spread = nn.Parameter(torch.full((), FIRST_SPREAD))

    def initialise(self) -> None:
        """Draw small weights: the error starts close to constant."""
        for layer in self.heads:
            draw(layer.weight, READOUT_GAIN)

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """Map spikes of the layers, [n, channels, h / scale, w / scale], to [n, 1, h, w]."""
        with torch.autocast(features[0].device.type, enabled=False):
            coarsest, *others = (
                layer(spikes.float()) for spikes, layer in zip(features, self.heads, strict=True)
            )
            summed = coarsest + self.reset_spread
            for potentials in others:
                summed = potentials + spread_pixels(summed, 2)
        return spread_pixels(summed, self.scale)

    @torch.no_grad()
    def quantise(self) -> None:
        """Round the weights, with a step for each layer."""
        for layer in self.heads:
            round_together([layer])

    def reached(self, features: Any, *others: Any) -> Iterator[tuple[Any, float]]:
        """Yield each layer and the fan-out of the one that reads it."""
        yield from zip(features, map(fanout, self.heads), strict=True)
