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

"""Values of the ONNX graph that hold spikes.

PyTorch's [n, channels, h, w] becomes `Spikes`: n images, each a choice of channels of a `Map`. A
map is one value of the ONNX graph. Images of a batch, and parts of the channels, are described
rather than moved: a convolution that reads them gets another kernel (convolution.py).
"""

from dataclasses import dataclass
from typing import NamedTuple


class Population(NamedTuple):
    """Neurons that fire by themselves; sums of populations are made of these.

    value: the graph's value, [1, channels, ...], numbers up to `largest`. last: the same numbers
    before they were transposed, [n, places, channels], or None.
    """

    value: str
    channels: int
    largest: int
    last: str | None = None


class Map(NamedTuple):
    """A value of the graph, [1, channels, height, width], whole numbers up to `largest`.

    in_phases: it is in phase layout (kernels.py), [1, 4 channels, height / 2, width / 2].
    populations: those whose spikes it sums.
    """

    value: str
    channels: int
    height: int
    width: int
    largest: int
    in_phases: bool = False
    populations: tuple[Population, ...] = ()

    @property
    def size(self) -> int:
        """Return how many numbers the map holds."""
        return self.channels * self.height * self.width


@dataclass(frozen=True)
class Image:
    """One image of a batch: channels of a map.

    channels: the map's channel of each channel of the image. shift: columns of zeros before the
    map's first one. beyond: columns of zeros behind its last one. missing: columns behind its
    last one that are not computed; only a slice that drops them may read the image.
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
        """Return the maps of which each channel is read exactly once; [] for other images."""
        channels: dict[Map, list[int]] = {}
        for image in self.images:
            channels.setdefault(image.map, []).extend(image.channels)
        whole = all(sorted(each) == list(range(map.channels)) for map, each in channels.items())
        aligned = all(image.is_aligned for image in self.images)
        return list(channels) if whole and aligned else []


def spikes(map: Map, images: int = 1) -> Spikes:
    """Return a map as a batch of images, whose channels follow one another."""
    size = map.channels // images
    ranges = (range(n * size, (n + 1) * size) for n in range(images))
    return Spikes(tuple(Image(map, tuple(each)) for each in ranges))
