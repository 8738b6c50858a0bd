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
