"""Phase layout by slicing: what kernels are rewritten for."""

import torch
from torch import Tensor


def to_phases(pixels: Tensor) -> Tensor:
    """Return [n, c, 2h, 2w] as [n, 4c, h, w]: the four pixels of a block one after the other."""
    parts = [pixels[..., row::2, column::2] for row in (0, 1) for column in (0, 1)]
    return torch.cat(parts, dim=1)


def to_pixels(phases: Tensor) -> Tensor:
    """Undo to_phases."""
    n, channels, h, w = phases.shape
    pixels = phases.new_empty(n, channels // 4, 2 * h, 2 * w)
    for number, part in enumerate(phases.chunk(4, dim=1)):
        pixels[..., number // 2 :: 2, number % 2 :: 2] = part
    return pixels
