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

"""Nearest-neighbour upsampling followed by a convolution, computed at the low resolution."""

import torch
from torch import Tensor, nn
from torch.nn import functional


def low_resolution_reads(kernel_size: int, scale: int) -> list[tuple[int, ...]]:
    """Return the low-resolution row that each kernel tap reads, for each output phase.

    Output row `scale * i + phase` reads through a tap the upsampled row
    `scale * i + phase + tap - pad`, which is a copy of low-resolution row
    `i + (phase + tap - pad) // scale`.

    Returns:
        One tuple per phase: the offset from row i for each of the kernel's taps.
    """
    pad = kernel_size // 2
    return [
        tuple((phase + tap - pad) // scale for tap in range(kernel_size)) for phase in range(scale)
    ]


class UpsampledConv2d(nn.Module):
    """Upsample by an integer factor (nearest neighbour), then convolve with zero padding.

    Computed at the low resolution, which is an exact identity: every output phase is a small
    convolution of the input whose weights are sums of the kernel's. A 5x5 kernel after upsampling
    by 2 costs 9/25 of the multiply-accumulates; a 3x3 kernel after upsampling by 8 costs 1/7. The
    parameters are those of the kernel at the high resolution, float
    [out_channels, in_channels, k, k], no bias.

    Source: StereoSpike section 3.4 (decoder and prediction layers); the phase form is ours.

    Args:
        in_channels, out_channels: channels of the convolution's input and output.
        kernel_size: side of the kernel at the high resolution, odd.
        scale: factor of the upsampling.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, scale: int) -> None:
        super().__init__()
        self.scale = scale
        reads = low_resolution_reads(kernel_size, scale)
        distinct = list(dict.fromkeys(reads))  # inner phases of a block read the same rows
        self.classes = [distinct.index(phase) for phase in reads]
        self.padding = -(-(kernel_size // 2) // scale)  # padding of the low-resolution convolution
        self.weight = nn.Parameter(
            torch.empty(out_channels, in_channels, kernel_size, kernel_size)
        )
        offsets = torch.arange(-self.padding, self.padding + 1)
        taps = torch.tensor(distinct)[:, None] == offsets[:, None]  # [classes, low taps, taps]
        self.taps: Tensor
        self.register_buffer('taps', taps, persistent=False)
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)  # the default of torch.nn.Conv2d

    def phases(self, weight: Tensor) -> Tensor:
        """Return the low-resolution kernels of a weight, [out, classes, classes, in, taps, taps].

        The two classes are of rows and of columns.
        """
        taps = self.taps.to(weight.dtype)
        return torch.einsum('auk,bvl,oikl->oabiuv', taps, taps, weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, in, h, w] to [n, out, scale * h, scale * w]."""
        kernels = self.phases(self.weight).flatten(0, 2)
        return self.spread(functional.conv2d(x, kernels, padding=self.padding))

    def spread(self, phases: Tensor) -> Tensor:
        """Place the distinct phases, [n, out * classes**2, h, w], at [n, out, s * h, s * w]."""
        n, _, h, w = phases.shape
        count = self.taps.shape[0]
        if count < self.scale:
            order = torch.tensor(self.classes, device=phases.device)
            grid = phases.reshape(n, -1, count, count, h, w)
            phases = grid.index_select(2, order).index_select(3, order).reshape(n, -1, h, w)
        return functional.pixel_shuffle(phases, self.scale)


class PhasesToPixels(nn.Module):
    """Place the channels of each pixel at 2 x 2 pixels: [n, 4 c, h, w] to [n, c, 2 h, 2 w].

    All channels of the first pixel come first, then those of the next one, row by row. After a 1x1
    convolution this makes a transposed convolution of size 2 and stride 2.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map [n, 4 c, h, w] to [n, c, 2 h, 2 w]."""
        blocks = x.unflatten(1, (2, 2, -1))  # [n, row, column, c, h, w]
        return blocks.permute(0, 3, 4, 1, 5, 2).flatten(4, 5).flatten(2, 3)
