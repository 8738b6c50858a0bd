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

"""Kernels at lower resolutions give the same sums."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from training.phase_layout import to_phases, to_pixels

from spike_depth_ros.training.export.arithmetic import Synapses
from spike_depth_ros.training.export.kernels import (
    among,
    channels_then_places,
    over_pairs,
    over_phases,
    shifted,
    upsampled,
)
from spike_depth_ros.training.networks.phase import UpsampledConv2d


def integers(*shape: int) -> Tensor:
    return torch.randint(-9, 10, shape).float()


def convolve(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    return functional.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)


@pytest.mark.parametrize('size', [3, 5, 7])
def test_a_convolution_in_phase_layout(size: int) -> None:
    torch.manual_seed(size)
    x, kernel = integers(2, 3, 8, 12), integers(4, 3, size, size)
    low = over_phases(kernel, stride=1)
    assert torch.equal(to_pixels(convolve(to_phases(x), low)), convolve(x, kernel))


@pytest.mark.parametrize('size', [3, 5, 7])
def test_a_convolution_of_stride_two_reads_phase_layout(size: int) -> None:
    torch.manual_seed(size)
    x, kernel = integers(2, 3, 8, 12), integers(4, 3, size, size)
    low = over_phases(kernel, stride=2)
    assert torch.equal(convolve(to_phases(x), low), convolve(x, kernel, stride=2))


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('size', [3, 5, 7])
def test_a_convolution_reads_the_layout_of_pairs(size: int, stride: int) -> None:
    torch.manual_seed(size)
    x, kernel = integers(2, 3, 8, 12), integers(4, 3, size, size)
    pairs = x.unflatten(3, (-1, 2)).permute(0, 4, 1, 2, 3).flatten(1, 2)
    low = over_pairs(kernel, stride)
    pads = [(side - 1) // 2 for side in low.shape[2:]]
    found = functional.conv2d(pairs, low, stride=(2, 1), padding=pads)
    expected = convolve(x, kernel, stride)
    assert torch.equal(to_pixels(found) if stride == 1 else found, expected)


def test_taps_of_one_pixel_by_hand() -> None:
    # A kernel of one tap, at the left neighbour: the second pixel of a block reads the first
    # one, the first reads the second pixel of the block to the left.
    kernel = torch.zeros(1, 1, 3, 3)
    kernel[0, 0, 1, 0] = 1
    low = over_phases(kernel, stride=1)
    expected = torch.zeros(4, 4, 3, 3)
    for row in (0, 2):
        expected[row + 1, row, 1, 1] = 1
        expected[row, row + 1, 1, 0] = 1
    assert torch.equal(low, expected)


@pytest.mark.parametrize(('size', 'scale'), [(5, 2), (3, 2), (3, 4), (3, 8)])
def test_an_upsampling_convolution_at_the_low_resolution(size: int, scale: int) -> None:
    torch.manual_seed(size * scale)
    layer = UpsampledConv2d(3, 4, size, scale)
    x, kernel = integers(2, 3, 4, 6), integers(4, 3, size, size)
    result = convolve(x, upsampled(layer, kernel))
    while len(result[0]) > len(kernel):
        result = to_pixels(result)
    plain = functional.interpolate(x, scale_factor=scale, mode='nearest')
    assert torch.equal(result, convolve(plain, kernel))


@pytest.mark.parametrize(('scale', 'sums'), [(2, 16), (4, 25), (8, 25)])
def test_prediction_layers_read_few_places(scale: int, sums: int) -> None:
    # Along one side a block's first row reads tap 0 above and taps 1 + 2, its last row taps 0 + 1
    # and tap 2 below, rows between all three taps: five sums, four where no row lies between.
    torch.manual_seed(scale)
    head = UpsampledConv2d(5, 1, 3, scale)
    head.weight.data = integers(1, 5, 3, 3)
    x = integers(1, 5, 4, 6)
    channels, places = channels_then_places(head, head.weight)
    assert torch.equal(
        convolve(convolve(x, channels), places), convolve(x, upsampled(head, head.weight))
    )
    assert len(channels) == sums


def test_the_finest_prediction_layer_reads_where_the_next_one_does() -> None:
    torch.manual_seed(1)
    finest, coarser = nn.Conv2d(5, 1, 3, padding=1, bias=False), UpsampledConv2d(5, 1, 3, 2)
    finest.weight.data = integers(1, 5, 3, 3)
    x = integers(1, 5, 8, 12)
    channels, places = channels_then_places(finest, finest.weight)
    found = convolve(convolve(to_phases(x), channels), places)
    assert torch.equal(to_pixels(found), convolve(x, finest.weight))
    assert torch.equal(places, channels_then_places(coarser, coarser.weight)[1])


def test_a_kernel_reads_a_map_displaced_to_the_right() -> None:
    kernel, x = integers(4, 3, 5, 5), integers(2, 3, 8, 10)
    displaced = convolve(functional.pad(x, (1, 1)), kernel)[..., :-2]
    for shift, expected in ((0, convolve(x, kernel)), (1, displaced)):
        assert torch.equal(convolve(x, shifted(kernel, shift)), expected)


def test_a_kernel_reads_some_channels_of_a_map() -> None:
    kernel, x = integers(4, 2, 3, 3), integers(2, 5, 8, 10)
    expected = convolve(x[:, [3, 1]], kernel)
    assert torch.equal(convolve(x, among(kernel, (3, 1), 5)), expected)


@pytest.mark.parametrize('stride', [1, 2])
@pytest.mark.parametrize('used', [(slice(1, 4), slice(0, 3)), (slice(5, 7), slice(3, 4))])
def test_zeros_at_a_kernels_ends_are_left_out(used: tuple[slice, slice], stride: int) -> None:
    kernel = torch.zeros(2, 3, 7, 7)
    kernel[:, :, *used] = integers(2, 3, 7, 7)[:, :, *used].abs() + 1
    synapses = Synapses(kernel.numpy(), np.ones(2, np.float32), (stride, stride))
    inner, form = torch.from_numpy(synapses.inner()), synapses.attributes()
    assert list(inner.shape[2:]) == form['kernel_shape']
    assert inner.numel() < kernel.numel()
    x = integers(1, 3, 8, 12)
    top, left, bottom, right = form['pads']
    found = functional.conv2d(functional.pad(x, (left, right, top, bottom)), inner, stride=stride)
    assert torch.equal(found, convolve(x, kernel, stride))
