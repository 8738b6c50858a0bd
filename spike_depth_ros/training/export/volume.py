"""Coincidences of two cameras in an ONNX graph: products of matrices, of which a band is kept.

The columns of a row that one left column meets differ from those that its neighbour meets, but
those that a block of left columns meets are a block as well, and not much larger: two blocks of
columns are one product of matrices over the features. Measured in one thread, whole rows take
onnxruntime twice as long and OpenVINO as long; a product for each shift takes both more than ten
times as long.
"""

from math import gcd

import numpy as np

from spike_depth_ros.training.export.arithmetic import LARGEST
from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.layers import Layers


def coincidences(layers: Layers, images: Map, shifts: int) -> tuple[Map, list[int]]:
    """Count the features in which left and right spikes coincide at each shift.

    images: of the left camera, then of the right one, each moved a place by a smaller part of it.
    Returns the counts, image by image, and which channel of networks.coincidence each of their
    channels is: there the shifts of all images rise, here those of each fall. Raises ValueError
    where eight bits may not hold the counts.
    """
    features, rights = images.channels, images.batch - 1
    if layers.precision == 'int8' and features > LARGEST:
        raise ValueError(
            f'{features} features may coincide, but eight bits hold counts up to {LARGEST}: '
            'use a narrower network or float32.'
        )
    graph = layers.graph
    pixels = images.height * images.width
    last = graph.transpose(images.value, 0, 2, 3, 1)
    last = graph.reshape(last, images.batch, pixels, features)
    left = graph.reshape(graph.part(last, 0, 0, 1), pixels, features)
    bands = _bands(layers, images, left, graph.part(last, 0, 1, images.batch), shifts)
    last = graph.node('Concat', *bands, axis=1)
    last = graph.reshape(last, 1, images.height, images.width, rights * shifts)
    value = layers.arithmetic.bounded(graph.transpose(last, 0, 3, 1, 2))
    falling = [
        shift * rights + image for image in range(rights) for shift in reversed(range(shifts))
    ]
    return Map(value, rights * shifts, images.height, images.width), falling


def _bands(layers: Layers, images: Map, left: str, rights: str, shifts: int) -> list[str]:
    """Return the coincidences of each right image, [pixels, shifts].

    left: [pixels, features]; rights: [right images, pixels, features].
    """
    graph, (_, features, height, width, batch) = layers.graph, images
    size = max(n for n in range(1, 2 * shifts + 1) if width % n == 0)
    blocks, span = height * (width // size), size + shifts
    left = graph.reshape(left, blocks, size, features)
    met = _windows(layers, images, rights, size, shifts)
    products = layers.arithmetic.product(left, graph.transpose(met, 0, 2, 1))
    # In rows of one number more, what lies on a diagonal lies in a column.
    columns = (batch - 1) * span
    flat = graph.reshape(products, blocks, size * columns)
    pads = graph.constant(np.array([0, 0, 0, size]))
    skewed = graph.reshape(graph.node('Pad', flat, pads), blocks, size, columns + 1)
    starts = range(1, columns, span)
    bands = [graph.part(skewed, 2, start, start + shifts) for start in starts]
    return [graph.reshape(band, height * width, shifts) for band in bands]


def _windows(layers: Layers, images: Map, rights: str, size: int, shifts: int) -> str:
    """Return the columns that each block of left columns meets, image by image.

    They are the block's own and `shifts` before it: [blocks, right images * columns, features].
    """
    graph, (_, features, height, width, batch) = layers.graph, images
    step = gcd(size, shifts)
    rows = graph.reshape(rights, (batch - 1) * height, width // step, step * features)
    pads = graph.constant(np.array([0, shifts // step, 0, 0, 0, 0]))
    starts, steps = np.arange(0, width, size) // step, np.arange((size + shifts) // step)
    indices = graph.constant(starts[:, None] + steps)
    windows = graph.node('Gather', graph.node('Pad', rows, pads), indices, axis=1)
    blocks, span = height * (width // size), size + shifts
    windows = graph.reshape(windows, batch - 1, blocks, span * features)
    each = [graph.part(windows, 0, image, image + 1) for image in range(batch - 1)]
    together = graph.node('Concat', *each, axis=2)
    return graph.reshape(together, blocks, (batch - 1) * span, features)
