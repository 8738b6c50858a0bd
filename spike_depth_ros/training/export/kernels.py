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

"""Kernels rewritten for other layouts of their input, with exactly the same sums.

Phase layout stores the pixels of a map [c, 2h, 2w] as channels of its 2 x 2 blocks, [4c, h, w]:
all channels of the block's first pixel, then those of the next one, row by row. The layout of
pairs stores them as channels of pairs of columns, [2c, 2h, w]; channels last, as in a spike frame,
this is the same memory.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d


def over_phases(kernel: Tensor, stride: int) -> Tensor:
    """Return the kernel that reads its input in phase layout.

    kernel: [out, in, k, k], k odd, for a convolution padded by k // 2. stride: 1 for an output in
    phase layout, 2 for a plain map.

    Returns:
        [4 out or out, 4 in, u, u] for a convolution of stride 1 padded by u // 2.
    """
    size = kernel.shape[-1]
    reach = -(-(size // 2) // 2)  # in blocks
    rows = []
    for phase in range(2 // stride):
        # The kernel's taps at their place among the pixels of the blocks that it can reach.
        before = 2 * reach + phase - size // 2
        after = 2 * (2 * reach + 1) - size - before
        rows.append((before, after))
    phases = [
        functional.pad(kernel, (*columns, *across)).unflatten(3, (-1, 2)).unflatten(2, (-1, 2))
        for across in rows
        for columns in rows
    ]
    stacked = torch.stack(phases)  # [phases, out, in, u, 2, u, 2]
    return stacked.permute(0, 1, 4, 6, 2, 3, 5).flatten(2, 4).flatten(0, 1)


def over_pairs(kernel: Tensor, stride: int) -> Tensor:
    """Return the kernel that reads its input in the layout of pairs.

    kernel, stride: see over_phases, whose outputs these are.

    Returns:
        [4 out or out, 2 in, 2u, u] for a convolution of strides 2 and 1, padded by u - 1 above and
        below and by u // 2 at the sides.
    """
    rows = over_phases(kernel, stride).unflatten(1, (2, -1))  # [out, 2, 2 in, u, u]
    return rows.permute(0, 2, 3, 1, 4).flatten(2, 3)


def upsampled(synapses: UpsampledConv2d, kernel: Tensor) -> Tensor:
    """Return the low-resolution kernel of an upsampling convolution by 2, 4, 8 or 16.

    Its output is in phase layout; by 4 and more in phase layout of phase layout, the coarsest
    first.

    kernel: [out, in, k, k]. Raises ValueError for another factor.

    Returns:
        [scale**2 * out, in, u, u] for a convolution padded by u // 2.
    """
    if synapses.scale not in (2, 4, 8, 16):
        raise ValueError(
            f'an upsampling by {synapses.scale} has no phase layout: use 2, 4, 8 or 16.'
        )
    phases = synapses.phases(kernel)  # [out, classes, classes, in, u, u]
    order = torch.tensor(synapses.classes)
    phases = phases.index_select(1, order).index_select(2, order)
    halvings = synapses.scale.bit_length() - 1
    phases = phases.unflatten(2, (2,) * halvings).unflatten(1, (2,) * halvings)
    pairs = [axis for n in range(halvings) for axis in (1 + n, 1 + halvings + n)]
    rest = range(1 + 2 * halvings, phases.dim())
    return phases.permute(*pairs, 0, *rest).flatten(0, 2 * halvings)


def low_resolution(synapses: Any, kernel: Tensor, in_phases: bool) -> Tensor:
    """Return the kernel that computes a layer's convolution at the low resolution.

    kernel: float [out, in, k, k], used instead of the layer's. in_phases: whether the input is in
    phase layout.
    """
    if isinstance(synapses, UpsampledConv2d):
        return upsampled(synapses, kernel)
    return over_phases(kernel, synapses.stride[0]) if in_phases else kernel


def shifted(kernel: Tensor, shift: int) -> Tensor:
    """Return a kernel that reads a map as if it had `shift` columns of zeros before its first.

    kernel: [out, in, k, k], padded by k // 2.

    Returns:
        [out, in, k + 2 * shift, k + 2 * shift], padded by k // 2 + shift.
    """
    return functional.pad(kernel, (0, 2 * shift, shift, shift))


def among(kernel: Tensor, channels: Sequence[int], total: int) -> Tensor:
    """Return a kernel that reads some channels of a map, with weights of 0 for the others.

    kernel: [out, in, k, k]. channels: channel of the map for each input of the kernel.

    Returns:
        [out, total, k, k].
    """
    whole = kernel.new_zeros(len(kernel), total, *kernel.shape[2:])
    whole[:, torch.tensor(channels)] = kernel
    return whole


def channels_then_places(head: Any, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Split a prediction layer at the low resolution: sum channels by pixel, then add places.

    Each output phase reads a few places, through sums of kernel taps that many phases share. A
    layer that does not upsample reads phase layout.

    Args:
        head: the layer.
        weight: float [1, in, k, k], used instead of the layer's.

    Returns:
        [sums, in, 1, 1] and, of zeros and ones, [phases, sums, u, u].
    """
    taps = weight[0, 0].numel()
    each = torch.eye(taps).reshape(1, taps, *weight.shape[2:])
    reads = low_resolution(head, each, in_phases=True)  # [phases, taps of each input phase, u, u]
    phase, row, column = reads.any(1).nonzero().T
    sums, which = _distinct(reads[phase, :, row, column])
    places = torch.zeros(len(reads), len(sums), *reads.shape[2:])
    places[phase, which, row, column] = 1
    channels = torch.einsum('spt,ct->spc', sums.unflatten(1, (-1, taps)), weight[0].flatten(1))
    return channels.flatten(1)[:, :, None, None], places


def _distinct(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return the distinct rows in order of first appearance, and the index of each row."""
    _, first, which = np.unique(rows.numpy(), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return rows[np.sort(first)], torch.from_numpy(np.argsort(order)[which.reshape(-1)])
