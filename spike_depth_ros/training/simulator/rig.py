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

"""Simulated stereo rigs: two rectified pinhole cameras."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from spike_depth_ros.events.lookup import NOWHERE
from spike_depth_ros.frames.pixel_table import PixelTable


@dataclass(frozen=True)
class StereoRig:
    """MVSEC's rectified rig (indoor_flying calibration); the right camera is at +x of the left.

    f, cx, cy: pinhole camera in pixels, the centre of pixel (0, 0) at (0, 0).
    baseline_m: distance of the cameras in metres.
    """

    width: int = 346
    height: int = 260
    f: float = 199.65
    cx: float = 173.0
    cy: float = 130.0
    baseline_m: float = 0.0999

    def rays(self) -> Tensor:
        """Return the rays (x/z, y/z, 1) of the pixels, float [3, height, width]."""
        x = (torch.arange(self.width) - self.cx) / self.f
        y = (torch.arange(self.height) - self.cy) / self.f
        grid_y, grid_x = torch.meshgrid(y, x, indexing='ij')
        return torch.stack([grid_x, grid_y, torch.ones_like(grid_x)])

    def places(self, other: 'StereoRig') -> Tensor:
        """Return where this rig's pixels look in another's image, int64 [height, width].

        Row-major pixels of the other one's image, NOWHERE outside of it.
        """
        x = torch.floor((torch.arange(self.width) - self.cx) / self.f * other.f + other.cx + 0.5)
        y = torch.floor((torch.arange(self.height) - self.cy) / self.f * other.f + other.cy + 0.5)
        inside = ((y >= 0) & (y < other.height))[:, None] & (x >= 0) & (x < other.width)
        return torch.where(inside, y[:, None] * other.width + x, NOWHERE).long()

    def pixel_table(self, network: 'StereoRig') -> PixelTable:
        """Return where this rig's events are counted in the network's image."""
        index = self.places(network).numpy().astype(np.int32)
        mapped = (network.places(self) != NOWHERE).numpy()
        mapped.reshape(-1)[index[index != NOWHERE]] = True
        return PixelTable(index, mapped)
