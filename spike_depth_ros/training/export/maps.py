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

"""Spikes in the ONNX graph.

PyTorch's [n, channels, h, w] becomes `Spikes`: n images, each a selection of channels of a `Map`,
which is one value of the ONNX graph. Batches and splits do not copy values: a convolution that
reads a selection gets another kernel (convolution.py).
"""

from dataclasses import dataclass
from typing import NamedTuple


class Population(NamedTuple):
    """Neurons of one layer of synapses; residual and skip connections sum populations.

    Attributes:
        value: name in the graph, [1, channels, ...].
        channels: number of channels of the value.
        largest: largest number of spikes of a neuron.
        last: name of the same numbers with the channels last, [n, places, channels], or None.
    """

    value: str
    channels: int
    largest: int
    last: str | None = None


class Map(NamedTuple):
    """Value of the graph, [1, channels, height, width], whole numbers up to `largest`.

    Attributes:
        value: name in the graph.
        in_phases: whether the value has phase layout (kernels.py):
            [1, 4 channels, height / 2, width / 2].
        in_pairs: whether it has the layout of pairs (kernels.py):
            [1, 2 channels, height, width / 2].
        populations: populations whose spikes it sums.
    """

    value: str
    channels: int
    height: int
    width: int
    largest: int
    in_phases: bool = False
    in_pairs: bool = False
    populations: tuple[Population, ...] = ()

    @property
    def size(self) -> int:
        """Return the number of values."""
        return self.channels * self.height * self.width


@dataclass(frozen=True)
class Image:
    """One image of a batch: a selection of channels of a map.

    Attributes:
        channels: index in the map of each channel of the image.
        shift: columns of zeros before the map's first column.
        beyond: columns of zeros after the map's last column.
        missing: columns after these that are not computed; a slice must drop them.
    """

    map: Map
    channels: tuple[int, ...]
    shift: int = 0
    beyond: int = 0
    missing: int = 0

    @property
    def is_aligned(self) -> bool:
        """Return whether the image has the columns of its map."""
        return not (self.shift or self.beyond or self.missing)


@dataclass(frozen=True)
class Spikes:
    """A batch of images, in the order of PyTorch's first axis."""

    images: tuple[Image, ...]

    def covered(self) -> list[Map]:
        """Return the maps if the images read each of their channels exactly once, else []."""
        channels: dict[Map, list[int]] = {}
        for image in self.images:
            channels.setdefault(image.map, []).extend(image.channels)
        whole = all(sorted(each) == list(range(map.channels)) for map, each in channels.items())
        aligned = all(image.is_aligned for image in self.images)
        return list(channels) if whole and aligned else []


def spikes(map: Map, images: int = 1) -> Spikes:
    """Return a map as a batch of images of consecutive channels."""
    size = map.channels // images
    ranges = (range(n * size, (n + 1) * size) for n in range(images))
    return Spikes(tuple(Image(map, tuple(each)) for each in ranges))
