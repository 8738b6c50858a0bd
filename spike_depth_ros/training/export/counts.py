"""What a graph tells of its spikes: the outputs `firing_rates` and `mean_spikes`."""

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

    def population(self, layer: str, spikes: Map) -> None:
        """Count a layer that is one population."""
        self._add(layer, spikes, (), nonzero=None)

    def sum(self, layer: str, spikes: Map, joined: str, total: Map) -> None:
        """Count a layer that is the sum of one more population and of the layer `joined`.

        spikes: of the population alone; total: what the layer sends.
        """
        ones = Map(self._arithmetic.nonzero(total.value), *total[1:])
        self._add(layer, spikes, self._layers[joined], self._count(ones))

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

    def _add(self, layer: str, spikes: Map, joined: tuple[int, ...], nonzero: str | None) -> None:
        ones = self._count(spikes)
        self._layers[layer] = (len(self._ones), *joined)
        self._ones.append(ones)
        self._nonzero.append(nonzero or ones)
        self._sizes.append(spikes.size)

    def _count(self, ones: Map) -> str:
        return self._arithmetic.count(ones.value, ones.channels)
