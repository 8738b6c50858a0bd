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

"""The separable StereoSpike as an ONNX graph in float32.

Its maps are plain: phase layout would mix the channels that the 7x7 convolutions keep apart. Only
the readout is StereoSpike's, at low resolutions.
"""

import copy
from collections.abc import Callable

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from spike_depth_ros.training.export.arithmetic import Synapses
from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.exact import exact_network, threshold
from spike_depth_ros.training.export.layers import Layers
from spike_depth_ros.training.export.stereospike import written
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.separable import (
    FACTOR,
    KERNEL_SIZE,
    ParametricLayer,
    SeparableHead,
    SeparableStereoSpike,
)
from spike_depth_ros.training.networks.spiking import GRID, LARGEST_COUNT


def separable_depth_model(
    network: SeparableStereoSpike, height: int, width: int
) -> onnx.ModelProto:
    """Return a network as an ONNX model, with the inputs and outputs of `depth_model`.

    Its weights are those of `exact_network`, and its spikes are that network's bit for bit.
    """
    with torch.no_grad():
        exact = with_plain_heads(exact_network(network))
        return written(SeparableLayers('float32'), exact, height, width)


def with_plain_heads(network: SeparableStereoSpike) -> SeparableStereoSpike:
    """Return a copy with prediction layers as StereoSpike's, each a kernel without a bias."""
    network = copy.deepcopy(network)
    biases = torch.stack([head.bias for head in network.heads])
    network.reset_potential += FACTOR * biases.sum()
    network.heads = nn.ModuleList(plain_head(head) for head in network.heads)
    return network


def plain_head(head: SeparableHead) -> nn.Module:
    """Return the convolution that a prediction layer is, without its bias."""
    kernel = FACTOR * head.pointwise * head.weight
    plain = UpsampledConv2d(kernel.shape[1], 1, KERNEL_SIZE, head.scale)
    if head.scale == 1:
        plain = nn.Conv2d(kernel.shape[1], 1, KERNEL_SIZE, padding=KERNEL_SIZE // 2, bias=False)
    plain.weight.copy_(kernel)
    return plain


class SeparableLayers(Layers):
    """Holds a graph of plain maps that grows by separable layers with exact weights."""

    def frame(self, height: int, width: int, channels: int) -> Map:
        """Return the spike frame, padded to the grid."""
        zero, largest = (self.graph.constant(np.uint8(n)) for n in (0, LARGEST_COUNT))
        frame = self.graph.transpose(self.padded(height, width), 0, 3, 1, 2)
        counts = self.arithmetic.spikes(self.graph.node('Clip', frame, zero, largest))
        return Map(counts, channels, height + -height % GRID, width + -width % GRID)

    def fire(
        self,
        source: Map,
        layer: ParametricLayer,
        in_phases: bool = False,
        form: Callable[[Tensor], Tensor] | None = None,
    ) -> Map:
        """Return the spikes of neurons, never in phase layout."""
        synapses = layer.synapses
        kernel = synapses.pointwise.weight * FACTOR
        each = self._each_channel(source, synapses.depthwise)
        thresholds = threshold(layer).repeat(len(kernel))
        value = self.arithmetic.fire(each.value, Synapses(kernel.numpy(), thresholds.numpy()))
        return each._replace(value=value, channels=len(kernel))

    def _each_channel(self, source: Map, depthwise: nn.Module) -> Map:
        """Return what a convolution of each channel by itself gives."""
        if isinstance(depthwise, UpsampledConv2d):
            source, stride = self._upsampled(source), 1
        else:
            stride = depthwise.stride[0]
        kernel = self.graph.constant(depthwise.weight.numpy())
        value = self.graph.node(
            'Conv',
            source.value,
            kernel,
            kernel_shape=[KERNEL_SIZE] * 2,
            pads=[KERNEL_SIZE // 2] * 4,
            strides=[stride] * 2,
            group=source.channels,
        )
        return Map(value, source.channels, source.height // stride, source.width // stride)

    def _upsampled(self, source: Map) -> Map:
        """Return a map at twice its height and width (nearest neighbour)."""
        scales = self.graph.constant(np.array([1, 1, 2, 2], np.float32))
        value = self.graph.node(
            'Resize',
            source.value,
            '',
            scales,
            mode='nearest',
            coordinate_transformation_mode='asymmetric',
            nearest_mode='floor',
        )
        return Map(value, source.channels, 2 * source.height, 2 * source.width)

    def can_fire(self, layer: ParametricLayer) -> bool:
        return True  # no bound is as cheap as StereoSpike's

    def pixels(self, blocks: Map) -> Map:
        return blocks  # pixels already

    def finest(self, features: Map) -> Map:
        """Return the finest map in phase layout."""
        value, channels, height, width = features
        value = self.graph.node('SpaceToDepth', value, blocksize=2)
        return Map(value, 4 * channels, height // 2, width // 2)
