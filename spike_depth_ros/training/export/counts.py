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

"""Outputs `firing_rates` and `mean_spikes` of an ONNX graph."""

from collections.abc import Iterable

import numpy as np
from onnx import TensorProto

from spike_depth_ros.training.export.arithmetic import Arithmetic
from spike_depth_ros.training.export.graph import Graph
from spike_depth_ros.training.export.maps import Map, Population


class SpikeCounts:
    """Counter of the spikes of each layer.

    A layer is a population of neurons, or the sum of several that a residual or skip connection
    makes. Each population is counted once: the sum over a layer is the sum of its populations'.
    """

    def __init__(self, graph: Graph, arithmetic: Arithmetic) -> None:
        self._graph, self._arithmetic = graph, arithmetic
        self._counted: dict[object, str] = {}
        # By layer: partial sums of its values, number of values that are not 0, number of values.
        self._layers: dict[str, tuple[list[str], str, int]] = {}

    def layer(self, name: str, maps: Iterable[Map]) -> None:
        """Count the spikes of a layer that consists of some maps."""
        maps = list(maps)
        totals = [self._total(each) for map in maps for each in map.populations]
        nonzero = [self._count_nonzero(map) for map in maps]
        count = nonzero[0] if len(nonzero) == 1 else self._graph.node('Sum', *nonzero)
        sums = [count] if totals == nonzero else totals
        self._layers[name] = sums, count, sum(map.size for map in maps)

    def write(self, names: Iterable[str]) -> int:
        """Write both outputs, with the layers in this order; return the number of layers."""
        graph, layers = self._graph, [self._layers[name] for name in names]
        sizes = np.array([size for _, _, size in layers], np.float32)
        nonzero = graph.node('Concat', *(count for _, count, _ in layers), axis=0)
        graph.node('Div', nonzero, graph.constant(sizes), output='firing_rates')
        totals = list(dict.fromkeys(total for sums, _, _ in layers for total in sums))
        members = np.zeros((len(totals), len(layers)), np.float32)
        for column, (sums, _, _) in enumerate(layers):
            for total in sums:
                members[totals.index(total), column] += 1
        sums_of = graph.reshape(graph.node('Concat', *totals, axis=0), 1, -1)
        sums_of = graph.reshape(graph.node('MatMul', sums_of, graph.constant(members)), -1)
        graph.node('Div', sums_of, graph.constant(sizes), output='mean_spikes')
        return len(layers)

    def write_all(self, layers: int) -> int:
        """Write ones to both outputs, for layers that send every value; return their number.

        A count is limited to 1 from both sides: OpenVINO leaves outputs that no input reaches
        undefined.
        """
        graph, count = self._graph, 'spikes'
        for axis in (1, 2, 3):
            count = graph.part(count, axis, 0, 1)
        count = graph.reshape(graph.node('Cast', count, to=TensorProto.FLOAT), -1)
        one, times = graph.constant(np.float32(1)), graph.constant(np.array([layers]))
        for output in ('firing_rates', 'mean_spikes'):
            graph.node('Tile', graph.node('Clip', count, one, one), times, output=output)
        return layers

    def _total(self, population: Population) -> str:
        """Return the sum of a population's spikes, float32 [1]."""
        if population not in self._counted:
            value, channels, largest, last = population
            if last is None:
                total = self._arithmetic.count(value, channels, largest)
            else:
                total = self._arithmetic.count_last(last, channels, largest)
            self._counted[population] = total
        return self._counted[population]

    def _count_nonzero(self, map: Map) -> str:
        """Return the number of values of a map that are not 0, float32 [1]."""
        if map.largest == len(map.populations) == 1:
            return self._total(map.populations[0])
        if map.value not in self._counted:
            self._counted[map.value] = self._nonzero_of(map)
        return self._counted[map.value]

    def _nonzero_of(self, map: Map) -> str:
        arithmetic, channels = self._arithmetic, map.channels * (4 if map.in_phases else 1)
        last = map.populations[0].last if len(map.populations) == 1 else None
        if last is None:
            return arithmetic.count(arithmetic.nonzero(map.value), channels)
        return arithmetic.count_last(arithmetic.nonzero(last), channels)
