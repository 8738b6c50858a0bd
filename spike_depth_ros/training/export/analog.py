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

"""Activation functions of analog layers in an ONNX graph."""

from torch import nn

from spike_depth_ros.training.export.arithmetic import Synapses
from spike_depth_ros.training.export.graph import Graph


def potentials(graph: Graph, source: str, synapses: Synapses) -> str:
    """Return what a convolution adds up, less the thresholds."""
    bias = graph.constant(-synapses.thresholds)
    kernel = graph.constant(synapses.inner())
    return graph.node('Conv', source, kernel, bias, **synapses.attributes())


def activation(graph: Graph, function: nn.Module, values: str) -> str:
    """Return an activation function of values."""
    match function:
        case nn.Sigmoid():
            return graph.node('Sigmoid', values)
        case nn.Tanh():
            return graph.node('Tanh', values)
        case nn.LeakyReLU(negative_slope=float(slope)):
            return graph.node('LeakyRelu', values, alpha=slope)
    raise ValueError(f'{function} is no activation function of analog layers.')
