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

"""Networks as exported files compute them, and the spikes in the files."""

import copy
from collections.abc import Iterator

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor
from training.phase_layout import to_pixels

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.export.description import Provenance
from spike_depth_ros.training.export.weights import exact_kernel
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.spiking import SpikingLayer

NOTHING = Provenance(TrainingData(MVSEC_RIG, 50_000_000, (0.5, 8.0), 'none'), 'random weights')


def rounded(network: DepthNetwork) -> DepthNetwork:
    """Return a network with the weights of its float32 file."""
    network = copy.deepcopy(network)
    for layer in network.modules():
        if isinstance(layer, SpikingLayer):
            layer.synapses.weight.data = exact_kernel(layer.synapses, 'float32')[0]
    return network


def computed(network: DepthNetwork, frame: NDArray[np.uint8]) -> Output:
    channels_first = frame[None, ..., : network.channels].transpose(0, 3, 1, 2)
    with torch.no_grad():
        return network(torch.from_numpy(np.ascontiguousarray(channels_first)).float())


def depth_of(output: Output) -> NDArray[np.float32]:
    """Return the depth of an output, (H, W) in metres.

    It uses numpy's exp, because the first torch.exp of a process may be accurate to 1e-4 only (a
    race in oneMKL; pytorch/pytorch issue 188792).
    """
    return np.exp(output.log_depth[-1][0, 0].numpy())


def confidence_of(network: DepthNetwork, output: Output) -> NDArray[np.float32]:
    """Return the confidence of a coincidence network's output, (H, W)."""
    assert isinstance(network, CoincidenceNetwork)
    assert output.log_disparity is not None and output.log_spread is not None
    return network.readout.confidence(output.log_disparity[-1], output.log_spread)[0, 0].numpy()


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
    """Return the spikes of each layer's neurons in PyTorch, in the order of computation."""
    spikes: list[Tensor] = []
    neurons = [layer.neurons for layer in network.modules() if isinstance(layer, SpikingLayer)]
    hooks = [each.register_forward_hook(lambda *call: spikes.append(call[2])) for each in neurons]
    computed(network, frame)
    for hook in hooks:
        hook.remove()
    return spikes


def in_the_files_order(expected: Tensor, found: Iterator[NDArray[np.uint8]]) -> Tensor:
    """Return the same layer from a file's next maps, as [images * channels, h, w].

    A file holds images in one map or several, side by side, some in phase layout.
    """
    maps, channels = [], 0
    while channels < expected.shape[0] * expected.shape[1]:
        map = torch.from_numpy(next(found)).float()
        maps.append(map if map.shape[2] == expected.shape[2] else to_pixels(map))
        channels += maps[-1].shape[1]
    return torch.cat(maps, 1)[0]
