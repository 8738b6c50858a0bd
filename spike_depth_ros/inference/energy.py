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

"""Energy estimate of a window on neuromorphic hardware, from synaptic operations.

The estimate leaves out memory and idle power. It is not the energy that this computer uses: a CPU
computes every synapse, whether its neuron spiked or not.
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
    """Energy estimate of one window.

    Attributes:
        synaptic_operations: one per synapse that a spike or an event reaches.
        energy_mj: energy of these operations, millijoules.
        dense_mj: energy of the dense network of the same shape, where every synapse multiplies
            and accumulates, millijoules.
    """

    synaptic_operations: float
    energy_mj: float
    dense_mj: float


def estimate(contract: ModelContract, activity: Activity) -> EnergyEstimate:
    """Estimate the energy of a window from its activity, or from the mean over windows.

    Operations = events * input_fanout + sum over the layers of mean_spikes * size * fanout.
    mean_spikes * size is the number of spikes of a layer; a value of 2 counts as two spikes.
    Events are the counts of the spike frame, also those above the network's limit of 127. Numbers
    of analog layers multiply before they accumulate; spikes do not.
    """
    operations = activity.events * contract.input_fanout
    for layer, size, fanout in zip(contract.layers, contract.sizes, contract.fanouts, strict=True):
        operations += activity.mean_spikes[layer] * size * fanout
    operation_pj = MULTIPLY_ACCUMULATE_PJ if contract.analog else ACCUMULATE_PJ
    return EnergyEstimate(
        synaptic_operations=operations,
        energy_mj=operations * operation_pj / _PJ_PER_MJ,
        dense_mj=contract.operations * MULTIPLY_ACCUMULATE_PJ / _PJ_PER_MJ,
    )
