"""What a graph tells of its spikes: the outputs `firing_rates` and `mean_spikes`."""

from typing import NamedTuple

import numpy as np

from spike_depth_ros.training.export.arithmetic import Arithmetic
from spike_depth_ros.training.export.graph import Graph


class Map(NamedTuple):
    """Name a value of the graph, [batch, channels, height, width]."""

    value: str
    channels: int
    height: int
    width: int
    batch: int = 1

    @property
    def size(self) -> int:
        """Return how many numbers the map holds."""
        return self.batch * self.channels * self.height * self.width


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
        ones = self._count(spikes)
        self._add(layer, (self._known(ones),), ones, spikes.size)

    def sum(self, layer: str, populations: list[Map], joined: str | None, total: Map) -> None:
        """Count a layer that is the sum of some more populations and of the layer `joined`.

        total: what the layer sends.
        """
        parts = [self._known(self._count(spikes)) for spikes in populations]
        before = self._layers[joined] if joined else ()
        self._add(layer, (*parts, *before), self._count_nonzero(total), total.size)

    def numbers(self, layer: str, spikes: Map, largest: int) -> None:
        """Count a layer that sends numbers up to `largest`."""
        part = self._known(self._count(spikes, largest))
        self._add(layer, (part,), self._count_nonzero(spikes), spikes.size)

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
        sums = self._arithmetic.count(spikes.value, spikes.channels, largest)
        if spikes.batch == 1:
            return sums
        # One axis after the other: OpenVINO's provider leaves a reduction to a scalar out.
        return self._graph.node('ReduceSum', sums, self._graph.constant(np.array([0])), keepdims=1)
