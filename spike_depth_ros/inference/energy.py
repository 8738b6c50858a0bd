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

"""Energy of a window on neuromorphic hardware, by counting synaptic operations.

An estimate, and not what this computer draws: it knows neither memory nor idle power, and a CPU
computes every synapse whether its neuron spiked or not.
"""

from dataclasses import dataclass

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.health import Activity

# 32-bit floating point at 45 nm: Horowitz 2014, "Computing's energy problem (and what we can do
# about it)", figure 1.1.9; the field's usual figures.
ACCUMULATE_PJ = 0.9
MULTIPLY_ACCUMULATE_PJ = 4.6
_PJ_PER_MJ = 1e9


@dataclass(frozen=True, slots=True)
class EnergyEstimate:
    """Hold the estimate for one window.

    synaptic_operations: accumulates, one for each synapse that a spike or an event reaches.
    energy_mj: of these, millijoules. dense_mj: of the dense network of the same shape, whose
    every synapse multiplies and accumulates.
    """

    synaptic_operations: float
    energy_mj: float
    dense_mj: float


def estimate(contract: ModelContract, activity: Activity) -> EnergyEstimate:
    """Estimate the cost of a window from the activity, which may be the mean of many windows.

    Operations = events * input_fanout + sum over the layers of mean_spikes * size * fanout: a
    mean spike times the layer's size is the number of spikes, and a value of 2 is two of them.
    Events are counted as the frame holds them, also above what the network takes them for.
    """
    operations = activity.events * contract.input_fanout
    for layer, size, fanout in zip(contract.layers, contract.sizes, contract.fanouts, strict=True):
        operations += activity.mean_spikes[layer] * size * fanout
    return EnergyEstimate(
        synaptic_operations=operations,
        energy_mj=operations * ACCUMULATE_PJ / _PJ_PER_MJ,
        dense_mj=contract.operations * MULTIPLY_ACCUMULATE_PJ / _PJ_PER_MJ,
    )
