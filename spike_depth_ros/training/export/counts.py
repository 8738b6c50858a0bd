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

"""Outputs of a graph about its spikes: `firing_rates` and `mean_spikes`."""

from typing import NamedTuple

import numpy as np

from spike_depth_ros.training.export.arithmetic import Arithmetic
from spike_depth_ros.training.export.graph import Graph


class Map(NamedTuple):
    """Name a value of the graph, [1, channels, height, width]."""

    value: str
    channels: int
    height: int
    width: int

    @property
    def size(self) -> int:
        """Return how many numbers the map holds."""
        return self.channels * self.height * self.width


class SpikeCounts:
    """Counts the spikes of each layer.

    A layer is a population of neurons, or the sum of several that a residual or skip connection
    makes. Populations are counted once: the means of sums are sums of their counts.
    """

    def __init__(self, graph: Graph, arithmetic: Arithmetic) -> None:
        self._graph, self._arithmetic = graph, arithmetic
        self._ones: list[str] = []  # of each population, the number of its spikes
        self._layers: dict[str, tuple[int, ...]] = {}  # the populations that each sums
        self._nonzero: list[str] = []  # of each layer, how many of its numbers are not 0
        self._sizes: list[int] = []
        self._counted: dict[tuple[str, int], str] = {}  # sums by map and largest number

    def population(self, layer: str, *parts: Map) -> None:
        """Count a layer that is one population, in one or several maps."""
        counts = [self._count(spikes) for spikes in parts]
        ones = counts[0] if len(counts) == 1 else self._graph.node('Sum', *counts)
        self._add(layer, (self._known(ones),), ones, sum(spikes.size for spikes in parts))

    def sum(self, layer: str, populations: list[Map], joined: str | None, total: Map) -> None:
        """Count a layer that is the sum of some more populations and of the layer `joined`.

        total: what the layer sends.
        """
        parts = [self._known(self._count(spikes)) for spikes in populations]
        before = self._layers[joined] if joined else ()
        self._add(layer, (*parts, *before), self._count_nonzero(total), total.size)

    def numbers(self, layer: str, spikes: Map, largest: int, last: str | None = None) -> None:
        """Count a layer that sends numbers up to `largest`.

        last: the same numbers before they were transposed, [n, places, channels], to count these:
        a transposed map costs OpenVINO nothing where one convolution alone reads it.
        """
        if last is None:
            total, nonzero = self._count(spikes, largest), self._count_nonzero(spikes)
        else:
            arithmetic, bounded = self._arithmetic, self._arithmetic.bounded(last)
            total = arithmetic.count_last(bounded, spikes.channels, largest)
            nonzero = arithmetic.count_last(arithmetic.nonzero(bounded), spikes.channels)
        self._add(layer, (self._known(total),), nonzero, spikes.size)

    def same(self, layer: str, other: str) -> None:
        """Take a layer for another one, whose numbers it sends."""
        known = list(self._layers).index(other)
        self._layers[layer] = self._layers[other]
        self._nonzero.append(self._nonzero[known])
        self._sizes.append(self._sizes[known])

    def write(self) -> int:
        """Write both outputs; return the number of layers."""
        graph, sizes = self._graph, np.array(self._sizes, np.float32)
        nonzero = graph.node('Concat', *self._nonzero, axis=0)
        graph.node('Div', nonzero, graph.constant(sizes), output='firing_rates')
        sums = np.zeros((len(self._ones), len(sizes)), np.float32)
        for layer, populations in enumerate(self._layers.values()):
            sums[populations, layer] = 1
        ones = graph.reshape(graph.node('Concat', *self._ones, axis=0), 1, -1)
        totals = graph.reshape(graph.node('MatMul', ones, graph.constant(sums)), -1)
        graph.node('Div', totals, graph.constant(sizes), output='mean_spikes')
        return len(sizes)

    def _known(self, ones: str) -> int:
        """Keep the number of a population's spikes; return the population's place."""
        self._ones.append(ones)
        return len(self._ones) - 1

    def _add(self, layer: str, populations: tuple[int, ...], nonzero: str, size: int) -> None:
        self._layers[layer] = populations
        self._nonzero.append(nonzero)
        self._sizes.append(size)

    def _count_nonzero(self, spikes: Map) -> str:
        return self._count(spikes._replace(value=self._arithmetic.nonzero(spikes.value)))

    def _count(self, spikes: Map, largest: int = 1) -> str:
        """Return the sum of a map of numbers up to `largest`, float32 [1]."""
        key = spikes.value, largest
        if key not in self._counted:
            self._counted[key] = self._arithmetic.count(spikes.value, spikes.channels, largest)
        return self._counted[key]
