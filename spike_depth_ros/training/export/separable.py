"""The separable StereoSpike as an ONNX graph in float32.

Its maps are plain: phase layout would mix the channels that the 7x7 convolutions keep apart. Only
the readout is StereoSpike's, at low resolutions.
"""

import copy

import numpy as np
import onnx
import torch
from torch import nn

from spike_depth_ros.training.export.arithmetic import Synapses
from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.exact import exact_network, threshold
from spike_depth_ros.training.export.stereospike import StereoSpikeGraph
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.separable import (
    FACTOR,
    KERNEL_SIZE,
    ParametricLayer,
    SeparableHead,
    SeparableStereoSpike,
)
from spike_depth_ros.training.networks.stereospike import GRID, LARGEST_COUNT


def separable_depth_model(
    network: SeparableStereoSpike, height: int, width: int
) -> onnx.ModelProto:
    """Return a network as an ONNX model, with the inputs and outputs of `depth_model`.

    Its weights are those of `exact_network`, and its spikes are that network's bit for bit.
    """
    with torch.no_grad():
        return _SeparableGraph(with_plain_heads(exact_network(network)), height, width).model()


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


class _SeparableGraph(StereoSpikeGraph):
    """Writes the graph of one network with exact weights and plain heads."""

    def __init__(self, network: SeparableStereoSpike, height: int, width: int) -> None:
        super().__init__(network, 'float32', height, width)

    def _frame(self) -> Map:
        """Return the spike frame, padded to the grid."""
        graph = self._graph
        below, right = -self._height % GRID, -self._width % GRID
        zero, largest = (graph.constant(np.uint8(n)) for n in (0, LARGEST_COUNT))
        pads = graph.constant(np.array([0, 0, 0, 0, 0, below, right, 0]))
        frame = graph.transpose(graph.node('Pad', 'spikes', pads, zero), 0, 3, 1, 2)
        counts = self._arithmetic.spikes(graph.node('Clip', frame, zero, largest))
        size = self._height + below, self._width + right
        return Map(counts, self._network.channels, *size)

    def _fire(self, source: Map, layer: ParametricLayer, in_phases: bool = False) -> Map:
        """Return the spikes of neurons, never in phase layout."""
        synapses = layer.synapses
        kernel = synapses.pointwise.weight * FACTOR
        each = self._each_channel(source, synapses.depthwise)
        thresholds = threshold(layer).repeat(len(kernel))
        value = self._arithmetic.fire(each.value, Synapses(kernel.numpy(), thresholds.numpy()))
        return each._replace(value=value, channels=len(kernel))

    def _each_channel(self, source: Map, depthwise: nn.Module) -> Map:
        """Return what a convolution of each channel by itself gives."""
        if isinstance(depthwise, UpsampledConv2d):
            source, stride = self._upsampled(source), 1
        else:
            stride = depthwise.stride[0]
        kernel = self._graph.constant(depthwise.weight.numpy())
        value = self._graph.node(
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
        scales = self._graph.constant(np.array([1, 1, 2, 2], np.float32))
        value = self._graph.node(
            'Resize',
            source.value,
            '',
            scales,
            mode='nearest',
            coordinate_transformation_mode='asymmetric',
            nearest_mode='floor',
        )
        return Map(value, source.channels, 2 * source.height, 2 * source.width)

    def _can_fire(self, layer: ParametricLayer) -> bool:
        return True  # no bound is as cheap as StereoSpike's

    def _pixels(self, blocks: Map) -> Map:
        return blocks  # pixels already

    def _read_out(self, features: list[Map]) -> None:
        """Write the depth, the finest map in phase layout."""
        value, channels, height, width = features[-1]
        value = self._graph.node('SpaceToDepth', value, blocksize=2)
        finest = Map(value, 4 * channels, height // 2, width // 2)
        super()._read_out([*features[:-1], finest])
