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

"""Reference of phase layout, by slicing."""

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
