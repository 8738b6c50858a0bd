"""StereoSpike as an ONNX graph: what the nodes run.

The graph computes what the network does, at lower resolutions wherever that is the same: what
follows an upsampling is in phase form, and the finest maps, at both ends of the network, are in
phase layout (see kernels.py). The readouts are summed at the lowest resolution that holds them.
"""

from typing import Literal

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from spike_depth_ros.training.export.arithmetic import (
    FloatArithmetic,
    IntegerArithmetic,
    Synapses,
)
from spike_depth_ros.training.export.counts import Map, SpikeCounts
from spike_depth_ros.training.export.graph import Graph
from spike_depth_ros.training.export.kernels import channels_then_places, low_resolution
from spike_depth_ros.training.networks.spiking import GRID, LARGEST_COUNT, SpikingLayer
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.quantisation import integer_kernel, is_quantised

Precision = Literal['int8', 'float32']
ARITHMETIC = {'int8': IntegerArithmetic, 'float32': FloatArithmetic}
WEIGHT_STEP = 2.0**-14
LARGEST_SUM = 3  # of spikes that one value holds: conv4 and two residual blocks


def depth_model(
    network: StereoSpike, precision: Precision, height: int, width: int
) -> onnx.ModelProto:
    """Return a network as an ONNX model by the design's contract, without its metadata.

    Input `spikes`, uint8 [1, height, width, channels]: a spike frame as it is. Outputs: `depth`
    [1, 1, height, width], `firing_rates` and `mean_spikes` [layers], float32.
    """
    with torch.no_grad():
        return StereoSpikeGraph(network, precision, height, width).model()


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


def can_fire(layer: SpikingLayer, precision: Precision) -> bool:
    """Return whether sums of up to three spikes at all synapses make any neuron fire."""
    kernel, thresholds = exact_kernel(layer, precision)
    most = LARGEST_SUM * kernel.clamp(min=0).sum((1, 2, 3))
    return bool((most >= thresholds).any())


class StereoSpikeGraph:
    """Writes the graph of one network, from its input to its outputs."""

    def __init__(
        self, network: StereoSpike, precision: Precision, height: int, width: int
    ) -> None:
        self._network, self._precision = network, precision
        self._height, self._width = height, width
        self._graph = Graph()
        self._arithmetic = ARITHMETIC[precision](self._graph)
        self._counts = SpikeCounts(self._graph, self._arithmetic)

    def model(self) -> onnx.ModelProto:
        """Return the finished model."""
        maps = self._encode(self._frame())
        self._read_out(self._decode(maps))
        layers = (self._counts.write(),)
        spikes = (1, self._height, self._width, self._network.channels)
        depth = (1, 1, self._height, self._width)
        outputs = {'depth': depth, 'firing_rates': layers, 'mean_spikes': layers}
        return self._graph.model(spikes, outputs)

    def _frame(self) -> Map:
        """Return the spike frame in phase layout, padded to the grid."""
        graph, channels = self._graph, self._network.channels
        below, right = -self._height % GRID, -self._width % GRID
        zero, largest = (graph.constant(np.uint8(n)) for n in (0, LARGEST_COUNT))
        pads = graph.constant(np.array([0, 0, 0, 0, 0, below, right, 0]))
        height, width = (self._height + below) // 2, (self._width + right) // 2
        rows = graph.reshape(
            graph.node('Pad', 'spikes', pads, zero), height, 2, width, 2 * channels
        )
        blocks = graph.reshape(graph.transpose(rows, 0, 2, 1, 3), 1, height, width, 4 * channels)
        counts = graph.node('Clip', graph.transpose(blocks, 0, 3, 1, 2), zero, largest)
        return Map(self._arithmetic.spikes(counts), 4 * channels, height, width)

    def _encode(self, frame: Map) -> dict[str, Map]:
        """Return the maps of the encoder and the bottleneck; bottom is in phase layout."""
        network = self._network
        maps = {'bottom': self._layer('bottom', frame, network.bottom, in_phases=True)}
        source = maps['bottom']
        for number, layer in enumerate(network.encoder, 1):
            name = f'conv{number}'
            source = maps[name] = self._layer(name, source, layer, in_phases=number == 1)
        last = name
        for number, block in enumerate(network.bottleneck, 1):
            name = f'block{number}'
            hidden = self._layer(f'{name}_hidden', source, block.first)
            spikes = self._fire(hidden, block.second)
            source = maps[name] = self._join(name, spikes, spikes, last, source)
            last = name
        return maps

    def _decode(self, maps: dict[str, Map]) -> list[Map]:
        """Return the decoder's maps, coarse to fine; the finest is in phase layout."""
        source, features = maps['block2'], []
        skips = ('conv3', 'conv2', 'conv1', 'bottom')
        for number, layer, skip in zip((4, 3, 2, 1), self._network.decoder, skips, strict=True):
            name = f'deconv{number}'
            if self._can_fire(layer):
                spikes = self._fire(source, layer)
                placed = self._pixels(spikes) if number > 1 else spikes
                source = self._join(name, spikes, placed, skip, maps[skip])
            else:  # training silences some
                source = maps[skip]
                self._counts.same(name, skip)
            features.append(source)
        return features

    def _read_out(self, features: list[Map]) -> None:
        """Write the depth: the readout's potential is the logarithm of metres, in float32.

        What a coarser prediction layer says is a sum for each block of pixels, which the next
        finer one joins before it is spread.
        """
        graph, network = self._graph, self._network
        layers = list(zip(features, network.heads, strict=True))
        potential = graph.constant(network.reset_potential.reshape(1, 1, 1, 1).numpy())
        for together in (layers[:1], layers[1:2], layers[2:]):
            potential = graph.node('Add', potential, self._predict(together))
            potential = graph.node('DepthToSpace', potential, blocksize=2, mode='DCR')
        starts, ends, axes = (
            graph.constant(np.array(pair))
            for pair in ((0, 0), (self._height, self._width), (2, 3))
        )
        graph.node('Exp', graph.node('Slice', potential, starts, ends, axes), output='depth')

    def _predict(self, layers: list[tuple[Map, nn.Module]]) -> str:
        """Return what prediction layers of one resolution add to the potential of each phase.

        A layer that upsamples by two reads the same places as one of the finest map, which is in
        phase layout.
        """
        graph = self._graph
        sums = []
        for features, head in layers:
            channels, places = channels_then_places(head)
            spikes = self._arithmetic.potentials(features.value)
            channels = graph.constant(channels.numpy())
            sums.append(graph.node('Conv', spikes, channels, kernel_shape=[1, 1]))
        total = sums[0] if len(sums) == 1 else graph.node('Add', *sums)
        size = places.shape[-1]
        attributes = {'kernel_shape': [size] * 2, 'pads': [size // 2] * 4}
        return graph.node('Conv', total, graph.constant(places.numpy()), **attributes)

    def _layer(self, name: str, source: Map, layer: SpikingLayer, in_phases: bool = False) -> Map:
        """Return the spikes of a layer that is one population of neurons."""
        spikes = self._fire(source, layer, in_phases)
        self._counts.population(name, spikes)
        return spikes

    def _join(self, name: str, spikes: Map, placed: Map, skip: str, skipped: Map) -> Map:
        """Return the layer that is the sum of some spikes, `placed` as the map that joins them."""
        total = placed._replace(value=self._arithmetic.add(placed.value, skipped.value))
        self._counts.sum(name, spikes, skip, total)
        return total

    def _fire(self, source: Map, layer: SpikingLayer, in_phases: bool = False) -> Map:
        """Return the spikes of neurons, in phase layout where they are upsampled."""
        kernel, thresholds = exact_kernel(layer, self._precision)
        low = low_resolution(layer.synapses, kernel, in_phases)
        is_plain = not in_phases and isinstance(layer.synapses, nn.Conv2d)
        stride = layer.synapses.stride[0] if is_plain else 1
        thresholds = thresholds.repeat(len(low) // len(kernel))
        synapses = Synapses(low.numpy(), thresholds.numpy(), stride)
        value = self._arithmetic.fire(source.value, synapses)
        return Map(value, len(low), source.height // stride, source.width // stride)

    def _can_fire(self, layer: nn.Module) -> bool:
        return can_fire(layer, self._precision)

    def _pixels(self, blocks: Map) -> Map:
        """Return a map in phase layout as a plain one.

        DepthToSpace in five nodes, which move whole pixels where channels are kept last, as
        integer convolutions keep them; onnxruntime's DepthToSpace moves single bytes.
        """
        graph, (value, channels, height, width) = self._graph, blocks
        channels //= 4
        rows = graph.reshape(graph.transpose(value, 0, 2, 3, 1), height, width, 2, 2 * channels)
        pixels = graph.reshape(
            graph.transpose(rows, 0, 2, 1, 3), 1, 2 * height, 2 * width, channels
        )
        return Map(graph.transpose(pixels, 0, 3, 1, 2), channels, 2 * height, 2 * width)
