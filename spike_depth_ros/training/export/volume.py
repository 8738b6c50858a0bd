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

"""Coincidences of two cameras in an ONNX graph: products of matrices, of which a band is kept.

The columns of a row that one left column meets differ from those that its neighbour meets, but
those that a block of left columns meets are a block as well, and not much larger: two blocks of
columns are one product of matrices over the features. Measured in one thread, whole rows take
onnxruntime twice as long and OpenVINO as long; a product for each shift takes both more than ten
times as long.
"""

from math import gcd
from typing import NamedTuple

import numpy as np

from spike_depth_ros.training.export.arithmetic import LARGEST
from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.layers import Layers
from spike_depth_ros.training.settings import SettingsError


class Found(NamedTuple):
    """Name the coincidences of a left image and several right ones.

    order: which channel of networks.coincidence each channel of the map is: there shifts rise,
    here they fall. last: the same numbers, [n, places, channels], not bounded yet.
    """

    map: Map
    order: list[int]
    last: str


def coincidences(layers: Layers, left: Map, rights: Map, shifts: int) -> Found:
    """Count the features in which left and right spikes coincide at each shift.

    left: of one image. rights: of several, the features of one after those of the other; image i
    is aside by i of so many parts of a place. Raises SettingsError where eight bits may not hold
    the counts.
    """
    graph, (_, features, height, width) = layers.graph, left
    if layers.precision == 'int8' and features > LARGEST:
        raise SettingsError(
            f'{features} features may coincide, but eight bits hold counts up to {LARGEST}: '
            'use a narrower network or float32.'
        )
    images = rights.channels // features
    size = max(n for n in range(1, 2 * shifts + 1) if width % n == 0)
    blocks, columns = height * (width // size), (size + shifts) * images
    ours = graph.reshape(graph.transpose(left.value, 0, 2, 3, 1), blocks, size, features)
    theirs = graph.reshape(_met(layers, rights, size, shifts), blocks, columns, features)
    products = layers.arithmetic.products(ours, theirs)
    # In rows of `images` numbers more, what lies on a diagonal lies in a column.
    flat = graph.reshape(products, blocks, size * columns)
    flat = graph.node('Pad', flat, graph.constant(np.array([0, 0, 0, size * images])))
    skewed = graph.reshape(flat, blocks, size, columns + images)
    band = graph.part(skewed, 2, images, images * (shifts + 1))
    last = graph.reshape(band, 1, height, width, images * shifts)
    value = layers.arithmetic.bounded(graph.transpose(last, 0, 3, 1, 2))
    order = [
        shift * images + image for shift in reversed(range(shifts)) for image in range(images)
    ]
    return Found(Map(value, len(order), height, width), order, band)


def _met(layers: Layers, rights: Map, size: int, shifts: int) -> str:
    """Return the columns that each block of left columns meets: its own and `shifts` before it.

    They hold the features of all right images; [height, blocks of a row, columns and features].
    """
    graph, (_, features, height, width) = layers.graph, rights
    step = gcd(size, shifts)
    last = graph.transpose(rights.value, 0, 2, 3, 1)
    rows = graph.reshape(last, height, width // step, step * features)
    pads = graph.constant(np.array([0, shifts // step, 0, 0, 0, 0]))
    starts, steps = np.arange(0, width, size) // step, np.arange((size + shifts) // step)
    indices = graph.constant(starts[:, None] + steps)
    return graph.node('Gather', graph.node('Pad', rows, pads), indices, axis=1)
