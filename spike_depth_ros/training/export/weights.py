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

"""Kernels of which sums of spikes are exact, whatever computes them."""

from typing import Literal

import torch
from torch import Tensor

from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.quantisation import integer_kernel, is_quantised

Precision = Literal['int8', 'float32']
WEIGHT_STEP = 2.0**-14
LARGEST_SUM = 3  # of spikes that one value holds: of a layer and up to two that join it


def exact_kernel(layer: SpikingLayer, precision: Precision) -> tuple[Tensor, Tensor]:
    """Return a layer's kernel and thresholds, of which sums of spikes are exact everywhere.

    In eight bits, and for a layer that was trained so, they are whole numbers. In float32 they
    are multiples of 2^-14 and 1: sums below 2^10 are exact, whatever the order; otherwise one
    spike lost to rounding at the threshold can change the depth of half a frame.

    Returns:
        [out, in, k, k] and [out].
    """
    synapses = layer.synapses
    if is_quantised(layer):
        return integer_kernel(synapses, synapses.parametrizations.weight.original)
    if precision == 'int8':
        return integer_kernel(synapses, synapses.weight)
    kernel = torch.round(synapses.weight / WEIGHT_STEP) * WEIGHT_STEP
    return kernel, torch.ones(len(kernel))


def burst_step(layer: SpikingLayer, precision: Precision) -> float:
    """Return the sum, in the unit of a layer's exact kernel, that drives one spike of a burst.

    A sum K * x of whole numbers over n - 1/2, one n for all, is never half-way between two
    numbers of spikes: four times that is an odd number over an odd one.
    """
    if precision == 'float32' and not is_quantised(layer):
        return 1.0
    return float(exact_kernel(layer, precision)[1][0]) - 0.5


def can_fire(layer: SpikingLayer, precision: Precision) -> bool:
    """Return whether sums of up to three spikes at all synapses make any neuron fire."""
    kernel, thresholds = exact_kernel(layer, precision)
    most = LARGEST_SUM * kernel.clamp(min=0).sum((1, 2, 3))
    return bool((most >= thresholds).any())
