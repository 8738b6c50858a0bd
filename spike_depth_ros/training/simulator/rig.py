"""The simulated stereo rig: two ideal rectified pinhole cameras."""

from dataclasses import dataclass

import torch
from torch import Tensor


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

    def rays(self, left: int, top: int, width: int, height: int) -> Tensor:
        """Return the rays (x/z, y/z, 1) of a crop's pixels, float [3, height * width]."""
        x = (torch.arange(left, left + width) - self.cx) / self.f
        y = (torch.arange(top, top + height) - self.cy) / self.f
        grid_y, grid_x = torch.meshgrid(y, x, indexing='ij')
        return torch.stack([grid_x, grid_y, torch.ones_like(grid_x)]).reshape(3, -1)
