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

"""Readout of StereoSpike's paper: spikes to depth in metres."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from spike_depth_ros.training.networks.readout import LogDepthReadout

LEAST_M = 0.01  # lower limit of depth; nearer than any training range, so that nodes give NaN
FIRST_M = 3.0  # reset potential before training, about the depth at which LogDepthReadout starts


class MetresReadout(LogDepthReadout):
    """A neuron for each pixel whose potential is depth in metres.

    The paper does not give the reset potential at the start of training; it is 3 m here. A
    potential below 1 cm is a depth of 1 cm. Source: Rancon et al., StereoSpike (2021), section
    3.4. Arguments and attributes are those of LogDepthReadout.
    """

    def __init__(self, channels: Sequence[int], scales: Sequence[int]) -> None:
        super().__init__(channels, scales)
        nn.init.constant_(self.reset_potential, FIRST_M)

    def forward(  # type: ignore[override]  # log depth alone has no gradient below 1 cm
        self, features: Sequence[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Map spikes of the layers, [n, channels, h / scale, w / scale], to log depth and depth.

        Returns float [len(features), n, 1, h, w] each; see LogDepthReadout.forward.
        """
        metres = super().forward(features)
        return torch.log(metres.clamp(min=LEAST_M)), metres
