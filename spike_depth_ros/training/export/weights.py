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

"""Kernels of synapses whose sums of spikes are exact in any arithmetic."""

from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from spike_depth_ros.training.networks.normalised import Normalised
from spike_depth_ros.training.quantisation import (
    in_units,
    integer_kernel,
    is_quantised,
    latent,
    shared_thresholds,
)

Precision = Literal['int8', 'float32']
WEIGHT_STEP = 2.0**-14


def exact_kernel(synapses: Any, precision: Precision) -> tuple[Tensor, Tensor]:
    """Return the weight and the thresholds of synapses with which sums of spikes are exact.

    In eight bits, and for layers trained in eight bits, both are whole numbers. In float32 weights
    are multiples of 2^-14 and thresholds 1, so sums below 2^10 are exact in any order. Without
    this, a spike lost to rounding at the threshold can change the depth of half a frame.

    Returns:
        Weight, of the shape of the layer's, and thresholds, [out].
    """
    if is_quantised(synapses):
        return integer_kernel(synapses, synapses.parametrizations.weight.original)
    if precision == 'int8':
        return integer_kernel(synapses, synapses.weight)
    kernel = torch.round(synapses.weight / WEIGHT_STEP) * WEIGHT_STEP
    return kernel, torch.ones(len(kernel))


class ExactSynapses(NamedTuple):
    """Folded synapses with which sums of spikes are exact.

    Args:
        kernel: float [out, in, k, k].
        bias: constant input, float [out].
        threshold: potential at which neurons fire, float [out].
    """

    kernel: Tensor
    bias: Tensor
    threshold: Tensor


def exact_synapses(layer: Normalised, precision: Precision) -> ExactSynapses:
    """Return the exact form of folded synapses; see exact_kernel."""
    if precision == 'float32' and not is_quantised(layer.convolution):
        kernel, bias = (
            in_units(each, WEIGHT_STEP) * WEIGHT_STEP for each in (layer.weight, layer.bias)
        )
        return ExactSynapses(kernel, bias, torch.ones_like(bias))
    n = shared_thresholds(layer)
    kernel, _ = integer_kernel(layer.convolution, latent(layer), n)
    return ExactSynapses(kernel, torch.round(layer.bias.detach() * (n - 0.5)), n)


def burst_step(synapses: Any, precision: Precision) -> float:
    """Return the potential per spike of a burst, in units of the exact kernel.

    With whole numbers K, x and n, K * x / (n - 1/2) is never half-way between two numbers of
    spikes: 4 K x = (2 m + 1)(2 n - 1) would equate an even and an odd number.
    """
    if precision == 'float32' and not is_quantised(synapses):
        return 1.0
    return float(exact_kernel(synapses, precision)[1][0]) - 0.5
