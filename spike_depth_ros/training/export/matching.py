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

"""Rule for the coincidences of two cameras: a band of the products of two matrices.

A block of left columns is compared with a slightly larger block of right columns, by a matrix
product over the features. Measured in one thread, onnxruntime takes twice as long for whole rows
and OpenVINO the same time; with a product per disparity both take over ten times as long.
"""

from collections.abc import Sequence
from math import gcd

import numpy as np

from spike_depth_ros.training.export.maps import Image, Map, Spikes
from spike_depth_ros.training.export.rules import lower
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.matching import Coincidences, MatchReadout
from spike_depth_ros.training.quantisation import LARGEST
from spike_depth_ros.training.settings import SettingsError


@lower.register
def _coincidences(layer: Coincidences, writer: Writer, left: Spikes, *rights: Spikes) -> Spikes:
    ours = writer.plain(writer.whole(left))
    joined = writer.joined([image for right in rights for image in right.images])
    starts = joined.channels[:: ours.channels]
    order = [start // ours.channels for start in starts]
    whole = [range(start, start + ours.channels) for start in starts]
    if joined.channels != tuple(channel for image in whole for channel in image):
        raise SettingsError('coincidences read some channels of an image: give them all of them.')
    return coincidences(writer, ours, writer.plain(joined.map), layer.disparities, order)


@lower.register
def _no_match(layer: MatchReadout, writer: Writer, detected: object) -> None:
    """Leave out what a loss term alone reads."""


def coincidences(
    writer: Writer, left: Map, rights: Map, disparities: int, order: Sequence[int]
) -> Spikes:
    """Count the features in which left and right spikes coincide at each disparity.

    Disparities fall in the map's channels, and rise in the image's.

    Args:
        writer: writer of the graph.
        left: map of the left image.
        rights: map of right images, with the features of one after those of the other.
        disparities: number of disparities of each right image, from 0.
        order: place in `rights` of each of n images; image i is displaced by i / n pixels.

    Raises SettingsError if eight bits may not hold the counts.
    """
    graph, (_, features, height, width, *_) = writer.graph, left
    if writer.precision == 'int8' and features > LARGEST:
        raise SettingsError(
            f'{features} features may coincide, but eight bits hold counts up to {LARGEST}: '
            'use a narrower network.'
        )
    images = len(order)
    size = max(n for n in range(1, 2 * disparities + 1) if width % n == 0)
    blocks, columns = height * (width // size), (size + disparities) * images
    ours = graph.reshape(graph.transpose(left.value, 0, 2, 3, 1), blocks, size, features)
    theirs = _compared(writer, rights, size, disparities)
    theirs = graph.reshape(theirs, blocks, columns, features)
    products = writer.arithmetic.products(ours, theirs)
    # In rows that are longer by `images` numbers, a diagonal becomes a column.
    flat = graph.reshape(products, blocks, size * columns)
    flat = graph.node('Pad', flat, graph.constant(np.array([0, 0, 0, size * images])))
    skewed = graph.reshape(flat, blocks, size, columns + images)
    band = graph.part(skewed, 2, images, images * (disparities + 1))
    channels = images * disparities
    last = graph.reshape(band, 1, height, width, channels)
    value = writer.arithmetic.bounded(graph.transpose(last, 0, 3, 1, 2))
    # OpenVINO transposes for free if a single convolution reads the result, so counts read the
    # values before the transpose.
    counted = writer.arithmetic.bounded(band)
    like = Map(value, channels, height, width, features)
    places = tuple(
        (disparities - 1 - disparity) * images + place
        for disparity in range(disparities)
        for place in order
    )
    return Spikes((Image(writer.population(value, like, features, counted), places),))


def _compared(writer: Writer, rights: Map, size: int, disparities: int) -> str:
    """Return the columns that each block is compared with: its own and `disparities` before it.

    The result is [height, blocks of a row, columns and features], with features of all right
    images.
    """
    graph, (_, channels, height, width, *_) = writer.graph, rights
    step = gcd(size, disparities)
    last = graph.transpose(rights.value, 0, 2, 3, 1)
    rows = graph.reshape(last, height, width // step, step * channels)
    pads = graph.constant(np.array([0, disparities // step, 0, 0, 0, 0]))
    starts, steps = np.arange(0, width, size) // step, np.arange((size + disparities) // step)
    indices = graph.constant(starts[:, None] + steps)
    return graph.node('Gather', graph.node('Pad', rows, pads), indices, axis=1)
