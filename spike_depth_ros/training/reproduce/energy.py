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

"""Energy of a network's operations on neuromorphic hardware, by both ways of counting them."""

from copy import deepcopy

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from spike_depth_ros.inference.energy import ACCUMULATE_PJ, MULTIPLY_ACCUMULATE_PJ
from spike_depth_ros.training.export.fanouts import fanouts
from spike_depth_ros.training.export.trace import INPUT, trace
from spike_depth_ros.training.networks.network import DepthNetwork, Output, evaluating
from spike_depth_ros.training.networks.spiking import SpikingLayer

AS_ACCUMULATES = 'energy (mJ)'
AS_MULTIPLIES = 'energy, first layer as MACs (mJ)'
_PJ_PER_MJ = 1e9
_FLOPS_PER_MAC = 2


class Energy:
    """Mean energy of a network over windows, without memory and idle power; see inference/energy.

    A spike costs an accumulate (AC) for each synapse that it reaches, with fan-outs as in
    /diagnostics. The first layer reads counts of events: an accumulate for each event, or, as
    papers count analog input, a multiply-accumulate (MAC) for each synapse in every window. All
    operations of an analog network are MACs. Source: Zhou et al. 2023, Spikingformer, section 4;
    Horowitz 2014 for the energy of an operation.
    """

    def __init__(self, network: DepthNetwork) -> None:
        """Begin without windows."""
        self._network = network
        is_spiking = any(isinstance(layer, SpikingLayer) for layer in network.modules())
        # Traced on the CPU, wherever the network computes.
        self._fanouts = fanouts(trace(deepcopy(network).cpu())) if is_spiking else None
        self._macs: dict[torch.Size, int] = {}
        self._windows = 0
        self._by_events, self._by_synapses, self._others = 0.0, 0.0, 0.0  # picojoules

    def add(self, counts: torch.Tensor, output: Output) -> None:
        """Add windows.

        Args:
            counts: float [n, channels, h, w], input of the network; or pictures.
            output: what it made of them.
        """
        self._windows += len(counts)
        if self._fanouts is None:
            if counts.shape not in self._macs:
                self._macs[counts.shape] = multiply_accumulates(self._network, counts)
            self._others += self._macs[counts.shape] * MULTIPLY_ACCUMULATE_PJ
            return
        first = self._fanouts[INPUT]
        self._by_events += float(counts.sum()) * first * ACCUMULATE_PJ
        self._by_synapses += counts.numel() * first * MULTIPLY_ACCUMULATE_PJ
        self._others += ACCUMULATE_PJ * sum(
            float(spikes.sum()) * self._fanouts[name] for name, spikes in output.spikes.items()
        )

    def values(self) -> dict[str, float]:
        """Return the mean energy of a window by both ways, millijoules."""
        whole = self._windows * _PJ_PER_MJ
        return {
            AS_ACCUMULATES: (self._by_events + self._others) / whole,
            AS_MULTIPLIES: (self._by_synapses + self._others) / whole,
        }


@torch.no_grad()
def multiply_accumulates(network: DepthNetwork, counts: torch.Tensor) -> int:
    """Return the multiply-accumulates of convolutions and products of matrices for counts.

    Attention is computed as products of matrices: of some devices' fused kernels, such as the
    CPU's, the counter knows nothing, and counts none.
    """
    plain = sdpa_kernel(SDPBackend.MATH)
    with evaluating(network), plain, FlopCounterMode(display=False) as counter:
        network(counts)
    return int(counter.get_total_flops()) // _FLOPS_PER_MAC
