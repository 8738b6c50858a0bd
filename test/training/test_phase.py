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

"""The phase form is nearest-neighbour upsampling followed by a convolution, exactly."""

import pytest
import torch
from torch.nn import functional

from spike_depth_ros.training.networks.phase import UpsampledConv2d, low_resolution_reads

SIZES = [(5, 2), (3, 2), (3, 4), (3, 8), (7, 2)]


def upsample_then_convolve(layer: UpsampledConv2d, x: torch.Tensor) -> torch.Tensor:
    upsampled = functional.interpolate(x, scale_factor=layer.scale, mode='nearest')
    return functional.conv2d(upsampled, layer.weight, padding=layer.weight.shape[-1] // 2)


def test_reads_of_the_decoder_by_hand() -> None:
    # Rows 0 0 1 1 2 2: output row 2 (phase 0 of i = 1) sees rows 0..4, output row 3 rows 1..5.
    assert low_resolution_reads(5, 2) == [(-1, -1, 0, 0, 1), (-1, 0, 0, 1, 1)]


def test_phases_inside_a_block_read_one_pixel() -> None:
    assert low_resolution_reads(3, 4) == [(-1, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 1)]


@pytest.mark.parametrize(('kernel_size', 'scale'), SIZES)
def test_values_equal_the_plain_form(kernel_size: int, scale: int) -> None:
    torch.manual_seed(kernel_size + scale)
    layer = UpsampledConv2d(3, 4, kernel_size, scale).double()
    x = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    assert (layer(x) - upsample_then_convolve(layer, x)).abs().max() < 1e-9


@pytest.mark.parametrize(('kernel_size', 'scale'), SIZES)
def test_gradients_equal_the_plain_form(kernel_size: int, scale: int) -> None:
    torch.manual_seed(kernel_size * scale)
    layer = UpsampledConv2d(2, 3, kernel_size, scale).double()
    x = torch.randn(1, 2, 4, 3, dtype=torch.float64)
    target = torch.randn(1, 3, 4 * scale, 3 * scale, dtype=torch.float64)
    gradients = [
        torch.autograd.grad((form(x) * target).sum(), layer.weight)[0]
        for form in (layer, lambda x: upsample_then_convolve(layer, x))
    ]
    assert (gradients[0] - gradients[1]).abs().max() < 1e-9


def test_parameters_stay_the_kernels_of_the_high_resolution() -> None:
    layer = UpsampledConv2d(6, 4, 5, 2)
    assert [parameter.shape for parameter in layer.parameters()] == [(4, 6, 5, 5)]
    assert set(layer.state_dict()) == {'weight'}
