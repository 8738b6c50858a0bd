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

"""Writing the layers of a spiking network into an ONNX graph."""

from collections.abc import Callable

import numpy as np
from torch import Tensor, nn

from spike_depth_ros.training.export.arithmetic import (
    FloatArithmetic,
    IntegerArithmetic,
    Synapses,
)
from spike_depth_ros.training.export.counts import Map, SpikeCounts
from spike_depth_ros.training.export.graph import Graph
from spike_depth_ros.training.export.kernels import low_resolution
from spike_depth_ros.training.export.weights import (
    Precision,
    burst_step,
    can_fire,
    exact_kernel,
)
from spike_depth_ros.training.networks.coincidence import Cooperation
from spike_depth_ros.training.networks.spiking import (
    GRID,
    LARGEST_COUNT,
    Bursts,
    ResidualBlock,
    SpikingLayer,
)

ARITHMETIC = {'int8': IntegerArithmetic, 'float32': FloatArithmetic}


class Layers:
    """Holds a graph that grows by layers, and counts their spikes.

    Layers compute at lower resolutions wherever that is the same: what follows an upsampling is
    in phase form, and maps may be in phase layout (see kernels.py).
    """

    def __init__(self, precision: Precision) -> None:
        self.precision = precision
        self.graph = Graph()
        self.arithmetic = ARITHMETIC[precision](self.graph)
        self.counts = SpikeCounts(self.graph, self.arithmetic)

    def frame(self, height: int, width: int, channels: int) -> Map:
        """Return the spike frame, [1, height, width, channels], padded, in phase layout."""
        graph, padded = self.graph, self.padded(height, width)
        height, width = ((side + -side % GRID) // 2 for side in (height, width))
        zero, largest = (graph.constant(np.uint8(n)) for n in (0, LARGEST_COUNT))
        rows = graph.reshape(padded, height, 2, width, 2 * channels)
        blocks = graph.reshape(graph.transpose(rows, 0, 2, 1, 3), 1, height, width, 4 * channels)
        counts = graph.node('Clip', graph.transpose(blocks, 0, 3, 1, 2), zero, largest)
        return Map(self.arithmetic.spikes(counts), 4 * channels, height, width)

    def padded(self, height: int, width: int) -> str:
        """Return the spike frame as it is, uint8, but padded."""
        graph = self.graph
        pads = graph.constant(np.array([0, 0, 0, 0, 0, -height % GRID, -width % GRID, 0]))
        return graph.node('Pad', 'spikes', pads, graph.constant(np.uint8(0)))

    def layer(
        self,
        name: str,
        source: Map,
        layer: SpikingLayer,
        in_phases: bool = False,
        form: Callable[[Tensor], Tensor] | None = None,
    ) -> Map:
        """Return the spikes of a layer that is one population of neurons; see `fire`."""
        spikes = self.fire(source, layer, in_phases, form)
        self.counts.population(name, spikes)
        return spikes

    def residual(self, name: str, source: Map, block: ResidualBlock, before: str) -> Map:
        """Return what a residual block sends, whose input is the layer `before`."""
        hidden = self.layer(f'{name}_hidden', source, block.first)
        spikes = self.fire(hidden, block.second)
        return self.join(name, spikes, spikes, before, source)

    def join(self, name: str, spikes: Map, placed: Map, skip: str | None, skipped: Map) -> Map:
        """Return the layer that is the sum of some spikes, `placed` as the map that joins them.

        skip: the layer that sends `skipped`; None for a part of one, which is counted anew.
        """
        total = placed._replace(value=self.arithmetic.add(placed.value, skipped.value))
        self.counts.sum(name, [spikes] if skip else [spikes, skipped], skip, total)
        return total

    def fire(
        self,
        source: Map,
        layer: SpikingLayer,
        in_phases: bool = False,
        form: Callable[[Tensor], Tensor] | None = None,
    ) -> Map:
        """Return the spikes of neurons, in phase layout where they are upsampled.

        form: makes another kernel of the layer's, [out, in, k, k], whose outputs may be the
        layer's several times, one after the other.
        """
        kernel, thresholds = exact_kernel(layer, self.precision)
        if isinstance(layer.synapses, Cooperation):
            kernel = layer.synapses.band(kernel)
        low = low_resolution(layer.synapses, form(kernel) if form else kernel, in_phases)
        is_plain = not in_phases and isinstance(layer.synapses, nn.Conv2d | Cooperation)
        stride = layer.synapses.stride[0] if is_plain else 1
        thresholds = thresholds.repeat(len(low) // len(thresholds))
        synapses = Synapses(low.numpy(), thresholds.numpy(), stride)
        if isinstance(layer.neurons, Bursts):
            step = burst_step(layer, self.precision)
            value = self.arithmetic.burst(source.value, synapses, step, layer.neurons.largest)
        else:
            value = self.arithmetic.fire(source.value, synapses)
        height, width = source.height // stride, source.width // stride
        return Map(value, len(low), height, width)

    def together(self, *maps: Map) -> Map:
        """Return maps of the same places as one, their channels one after the other."""
        value = self.graph.node('Concat', *(each.value for each in maps), axis=1)
        return maps[0]._replace(value=value, channels=sum(each.channels for each in maps))

    def can_fire(self, layer: SpikingLayer) -> bool:
        """Return whether any neuron can."""
        return can_fire(layer, self.precision)

    def pixels(self, blocks: Map) -> Map:
        """Return a map in phase layout as a plain one.

        DepthToSpace in five nodes, which move whole pixels where channels are kept last, as
        integer convolutions keep them; onnxruntime's DepthToSpace moves single bytes.
        """
        graph, (value, channels, height, width) = self.graph, blocks
        channels //= 4
        rows = graph.reshape(graph.transpose(value, 0, 2, 3, 1), height, width, 2, 2 * channels)
        pixels = graph.reshape(
            graph.transpose(rows, 0, 2, 1, 3), 1, 2 * height, 2 * width, channels
        )
        return Map(graph.transpose(pixels, 0, 3, 1, 2), channels, 2 * height, 2 * width)

    def finest(self, features: Map) -> Map:
        """Return the finest map of a network in phase layout."""
        return features
