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

"""Variants of the coincidence network, each with a single change, for ablations."""

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork, Encoder

POLARITIES = 2
HALF_BASE = 11  # weight of an older event in stacked counts; a newer event has weight 1


class OneScale(CoincidenceNetwork):
    """Detectors cooperate at a half of the resolution only; the coarser layers are silent."""

    def matches(self, counts: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        spikes, evidence = super().matches(counts)
        for name in ('cooperation3', 'cooperation4'):
            spikes[name] = torch.zeros_like(spikes[name])
        return spikes, evidence


class SeparateEncoders(CoincidenceNetwork):
    """The right camera has an encoder of its own.

    Both encoders compute both cameras, and half of the results are unused: steps are slow.
    """

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__(width, reach)
        self.right_encoder = Encoder(width)
        self.initialise()

    def encode(self, counts: Tensor) -> dict[str, Tensor]:
        ours, theirs = (each(*counts.split(2, 1)) for each in (self.encoder, self.right_encoder))
        n = len(counts)
        return {name: torch.cat([ours[name][:n], theirs[name][n:]]) for name in ours}


class PolarityEncoder(nn.Module):
    """An encoder whose features are half of ON events and half of OFF, with shared kernels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shared = Encoder(width // POLARITIES, channels=1)

    def forward(self, left: Tensor, right: Tensor) -> dict[str, Tensor]:
        spikes = self.shared(*(torch.cat(counts.split(1, 1)) for counts in (left, right)))
        images = {name: layer.split(POLARITIES * len(left)) for name, layer in spikes.items()}
        return {
            name: torch.cat([torch.cat(image.chunk(POLARITIES), 1) for image in each])
            for name, each in images.items()
        }


class PerPolarity(CoincidenceNetwork):
    """Coincidences of ON with ON and of OFF with OFF events only."""

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__(width, reach)
        self.encoder = PolarityEncoder(width)
        self.initialise()


class Stacked(CoincidenceNetwork):
    """The two halves of the window are separate channels; see windows.stacked."""

    def __init__(self, width: int = 16, reach: int = 48) -> None:
        super().__init__(width, reach)
        self.encoder = Encoder(width, channels=4)
        self.initialise()

    def encode(self, counts: Tensor) -> dict[str, Tensor]:
        older = torch.div(counts, HALF_BASE, rounding_mode='floor')
        newer = counts - HALF_BASE * older
        left, right = (
            torch.cat([older[:, :2], newer[:, :2]], 1),
            torch.cat([older[:, 2:], newer[:, 2:]], 1),
        )
        return self.encoder(left, right)
