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

"""Writer of an ONNX graph: operations on spikes that the rules share."""

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import accumulate, groupby
from types import MappingProxyType

import numpy as np
from torch import nn

from spike_depth_ros.training.export.arithmetic import (
    Arithmetic,
    FloatArithmetic,
    IntegerArithmetic,
)
from spike_depth_ros.training.export.carried import CarriedPotentials
from spike_depth_ros.training.export.counts import SpikeCounts
from spike_depth_ros.training.export.graph import Graph
from spike_depth_ros.training.export.maps import Image, Map, Population, Spikes
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.membrane import LeakyMembrane
from spike_depth_ros.training.networks.network import GRID, LARGEST_COUNT
from spike_depth_ros.training.quantisation import LARGEST
from spike_depth_ros.training.settings import SettingsError

ARITHMETIC: dict[Precision, Callable[[Graph], Arithmetic]] = {
    'int8': IntegerArithmetic,
    'float32': FloatArithmetic,
}


class Writer:
    """Writer of one network's ONNX graph.

    Args:
        precision: precision of the spiking layers.
        height, width: size of the spike frame, pixels.
        membranes: names of the states of leaky membranes.
        repeated: layers that are called for several time steps, whose potentials go on.

    Attributes:
        outputs: shapes of the graph's outputs by name.
        states: shapes of the graph's inputs for states, by name.
        carried: potentials of repeated neurons.
    """

    def __init__(
        self,
        precision: Precision,
        height: int,
        width: int,
        membranes: Mapping[LeakyMembrane, str] = MappingProxyType({}),
        repeated: Collection[nn.Module] = (),
    ) -> None:
        self.precision, self.height, self.width = precision, height, width
        self.graph = Graph()
        self.arithmetic = ARITHMETIC[precision](self.graph)
        self.counts = SpikeCounts(self.graph, self.arithmetic)
        self.outputs: dict[str, tuple[int, ...]] = {}
        self.states: dict[str, tuple[int, ...]] = {}
        self._membranes = membranes
        self.repeated, self.carried = repeated, CarriedPotentials(self.graph, self.arithmetic)
        self._made: dict[object, Map] = {}  # converted and selected maps, by operation and source

    @property
    def padded(self) -> tuple[int, int]:
        """Return height and width of the padded spike frame."""
        return self.height + -self.height % GRID, self.width + -self.width % GRID

    def frame(self, channels: int) -> Map:
        """Return the spike frame, [1, height, width, channels], padded, in the layout of pairs."""
        graph = self.graph
        pads = (0, 0, 0, 0, 0, -self.height % GRID, -self.width % GRID, 0)
        zeros = graph.constant(np.uint8(0))
        padded = graph.node('Pad', 'spikes', graph.constant(np.array(pads)), zeros)
        height, width = self.padded
        zero, largest = (graph.constant(np.uint8(n)) for n in (0, LARGEST_COUNT))
        pairs = graph.reshape(padded, 1, height, width // 2, 2 * channels)
        counts = self.arithmetic.spikes(graph.node('Clip', pairs, zero, largest))
        return Map(counts, channels, height, width, LARGEST_COUNT, in_pairs=True)

    def population(self, value: str, like: Map, largest: int = 1, last: str | None = None) -> Map:
        """Return the map of a population of neurons.

        Raises SettingsError for numbers that eight bits may not hold.

        Args:
            value: name in the graph.
            like: map of the same shape and layout.
            largest: largest number of spikes of a neuron.
            last: name of the same numbers with the channels last, [n, places, channels].
        """
        self._check(largest)
        channels = like.channels * (4 if like.in_phases else 1)
        population = Population(value, channels, largest, last)
        return like._replace(value=value, largest=largest, populations=(population,))

    def pooled(self, fired: Map) -> Map:
        """Return the largest of each 2 x 2 pixels of a map or of potentials, in plain layout."""
        graph, (channels, height, width) = self.graph, fired[1:4]
        if fired.in_phases:
            parts = (
                graph.part(fired.value, 1, n * channels, (n + 1) * channels) for n in range(4)
            )
            value = graph.node('Max', *parts)
        else:
            value = graph.node('MaxPool', fired.value, kernel_shape=[2, 2], strides=[2, 2])
        return fired._replace(
            value=value, height=height // 2, width=width // 2, in_phases=False, populations=()
        )

    def plain(self, spikes: Map) -> Map:
        """Return a map in the layout [1, channels, height, width].

        From phase layout, five nodes replace DepthToSpace: they move whole pixels when the
        channels are last in memory, as for integer convolutions, and onnxruntime's DepthToSpace
        moves single bytes.
        """
        if not (spikes.in_phases or spikes.in_pairs):
            return spikes
        pixels = self._unpaired if spikes.in_pairs else self._pixels
        return self._once(
            ('plain', spikes),
            lambda: spikes._replace(value=pixels(spikes), in_phases=False, in_pairs=False),
        )

    def phases(self, spikes: Map) -> Map:
        """Return a map in phase layout."""
        if spikes.in_phases:
            return spikes
        spikes = self.plain(spikes)
        last = self.graph.transpose(spikes.value, 0, 2, 3, 1)
        value = self._blocks(last, spikes.channels, spikes.height, spikes.width)
        return spikes._replace(value=self.arithmetic.bounded(value), in_phases=True)

    def whole(self, spikes: Spikes) -> Map:
        """Return a batch as one map, the channels of its images one after the other.

        Raises SettingsError for images with columns that their map lacks.
        """
        maps = [
            self._selected(map, [channel for image in images for channel in image.channels])
            for map, images in groupby(self._aligned(spikes.images), lambda image: image.map)
        ]
        return maps[0] if len(maps) == 1 else self.concatenated(maps)

    def joined(self, images: Sequence[Image]) -> Image:
        """Return images as one, their channels one after the other; see `whole`."""
        maps = list(dict.fromkeys(image.map for image in self._aligned(images)))
        ends = accumulate(map.channels for map in maps)
        starts = {map: end - map.channels for map, end in zip(maps, ends, strict=True)}
        channels = [starts[image.map] + channel for image in images for channel in image.channels]
        map = maps[0] if len(maps) == 1 else self.concatenated(maps)
        return Image(map, tuple(channels))

    def add(self, first: Map, second: Map) -> Map:
        """Return the sum of two maps, in phase layout if both are.

        Raises SettingsError for numbers that eight bits may not hold.
        """
        self._check(first.largest + second.largest)
        if first.in_phases != second.in_phases:
            first, second = self.plain(first), self.plain(second)
        return first._replace(
            value=self.arithmetic.add(first.value, second.value),
            largest=first.largest + second.largest,
            populations=first.populations + second.populations,
        )

    def concatenated(self, maps: list[Map]) -> Map:
        """Return maps of the same size as one, their channels one after the other."""
        maps = [self.plain(map) for map in maps]
        if len(maps) == 1:
            return maps[0]
        return self._once(
            ('concatenated', *maps),
            lambda: maps[0]._replace(
                value=self.graph.node('Concat', *(map.value for map in maps), axis=1),
                channels=sum(map.channels for map in maps),
                largest=max(map.largest for map in maps),
                populations=tuple(each for map in maps for each in map.populations),
            ),
        )

    def places(self, values: str) -> str:
        """Return values [1, channels, h, w] as [1, channels, places]."""
        return self.graph.reshape(values, 0, 0, -1)

    def image(self, name: str) -> str:
        """Declare an output of the image's size; return its name."""
        self.outputs[name] = (1, 1, self.height, self.width)
        return name

    def state(self, membrane: LeakyMembrane, shape: tuple[int, ...]) -> str:
        """Declare the inputs and the output of a membrane's state; return the state's name.

        shape: shape of the potentials.
        """
        name = self._membranes[membrane]
        factors = tuple(membrane.described(name).factors_shape(shape))
        self.states |= {f'{name}_in': shape, f'{name}_leak': factors, f'{name}_gain': factors}
        self.outputs[f'{name}_out'] = shape
        return name

    def _selected(self, map: Map, channels: list[int]) -> Map:
        """Return some channels of a map, in this order."""
        if channels == list(range(map.channels)):
            return map
        map, graph = self.plain(map), self.graph

        def select() -> Map:
            selected = graph.node('Gather', map.value, graph.constant(channels), axis=1)
            like = map._replace(channels=len(channels))
            return self.population(self.arithmetic.bounded(selected), like, map.largest)

        return self._once(('selected', map, *channels), select)

    def _once(self, key: object, make: Callable[[], Map]) -> Map:
        """Return the map of a key; make it at its first use."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _aligned(self, images: Sequence[Image]) -> Sequence[Image]:
        if not all(image.is_aligned for image in images):
            raise SettingsError(
                'an operation reads columns outside a map, which only a convolution can: drop '
                'them by a slice.'
            )
        return images

    def _check(self, largest: int) -> None:
        if self.precision == 'int8' and largest > LARGEST:
            raise SettingsError(
                f'a layer holds numbers up to {largest}, but eight bits hold {LARGEST}: add '
                'fewer spikes.'
            )

    def _pixels(self, spikes: Map) -> str:
        """Return the values of a map in phase layout as [1, channels, height, width]."""
        graph, (channels, height, width) = self.graph, spikes[1:4]
        last = graph.transpose(spikes.value, 0, 2, 3, 1)
        rows = graph.reshape(last, height // 2, width // 2, 2, 2 * channels)
        pixels = graph.reshape(graph.transpose(rows, 0, 2, 1, 3), 1, height, width, channels)
        return self.arithmetic.bounded(graph.transpose(pixels, 0, 3, 1, 2))

    def _unpaired(self, spikes: Map) -> str:
        """Return the values of a map in the layout of pairs as [1, channels, height, width]."""
        graph, (channels, height, width) = self.graph, spikes[1:4]
        last = graph.transpose(spikes.value, 0, 2, 3, 1)
        pixels = graph.reshape(last, 1, height, width, channels)
        return self.arithmetic.bounded(graph.transpose(pixels, 0, 3, 1, 2))

    def _blocks(self, last: str, channels: int, height: int, width: int) -> str:
        """Return values [1, height, width, channels] in phase layout."""
        graph = self.graph
        rows = graph.reshape(last, height // 2, 2, width // 2, 2 * channels)
        blocks = graph.transpose(rows, 0, 2, 1, 3)
        blocks = graph.reshape(blocks, 1, height // 2, width // 2, 4 * channels)
        return graph.transpose(blocks, 0, 3, 1, 2)
