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

"""Networks as exported files should compute them, and what the files say of their spikes."""

import copy

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from spike_depth_ros.training.export.weights import exact_kernel
from spike_depth_ros.training.networks.spiking import DepthNetwork, Output, SpikingLayer


def rounded(network: DepthNetwork) -> DepthNetwork:
    network = copy.deepcopy(network)
    for layer in network.modules():
        if isinstance(layer, SpikingLayer):
            layer.synapses.weight.data = exact_kernel(layer, 'float32')[0]
    return network


def computed(network: DepthNetwork, frame: NDArray[np.uint8]) -> Output:
    channels_first = frame[None, ..., : network.channels].transpose(0, 3, 1, 2)
    with torch.no_grad():
        return network(torch.from_numpy(np.ascontiguousarray(channels_first)).float())


def depth_of(output: Output) -> NDArray[np.float32]:
    """Return the depth of an output, (H, W) in metres.

    numpy's exp: the first torch.exp of a process may, in one thread's share of a large tensor,
    be right to 1e-4 only (oneMKL settles its kernels in a race; pytorch/pytorch issue 188792).
    """
    return np.exp(output.log_depth[-1][0, 0].numpy())


def populations(model: onnx.ModelProto) -> list[str]:
    """Return the names of the spikes of each population in an integer graph, in its order."""
    made_by = {node.output[0]: node for node in model.graph.node}
    clips = [node for node in model.graph.node if node.op_type == 'Clip']
    return [clip.output[0] for clip in clips if potentials(clip, made_by) == 'Conv']


def potentials(clip: onnx.NodeProto, made_by: dict[str, onnx.NodeProto]) -> str:
    """Return the kind of node whose result is rounded and then clipped to spikes, or ''."""
    rounded = made_by[clip.input[0]]
    return made_by[rounded.input[0]].op_type if rounded.op_type == 'QuantizeLinear' else ''


def spikes_by_population(network: DepthNetwork, frame: NDArray[np.uint8]) -> list[Tensor]:
    spikes: list[Tensor] = []
    neurons = [layer.neurons for layer in network.modules() if isinstance(layer, SpikingLayer)]
    hooks = [each.register_forward_hook(lambda *call: spikes.append(call[2])) for each in neurons]
    computed(network, frame)
    for hook in hooks:
        hook.remove()
    return spikes
