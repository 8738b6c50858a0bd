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

"""The readout in an ONNX graph, summed at the lowest resolution that holds it.

What a coarser prediction layer says is a sum for each block of pixels, which the next finer one
joins before it is spread.
"""

import numpy as np
import torch
from torch import Tensor, nn

from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.kernels import channels_then_places
from spike_depth_ros.training.export.layers import Layers

# What a prediction layer reads, and the layer.
Reader = tuple[Map, nn.Module]


def read_out(
    layers: Layers, reset: Tensor, readers: list[list[Reader]], height: int, width: int
) -> str:
    """Return the readout's potential, float32 [1, 1, height, width].

    reset: its potential at first. readers: by resolution, coarse to fine;
    the next resolution is always the double of the last, and the image's that of the finest.
    """
    graph = layers.graph
    potentials = graph.constant(reset.reshape(1, 1, 1, 1).numpy())
    for together in readers:
        potentials = graph.node('Add', potentials, _predict(layers, together))
        potentials = graph.node('DepthToSpace', potentials, blocksize=2, mode='DCR')
    starts, ends, axes = (
        graph.constant(np.array(pair)) for pair in ((0, 0), (height, width), (2, 3))
    )
    return graph.node('Slice', potentials, starts, ends, axes)


def _predict(layers: Layers, readers: list[Reader]) -> str:
    """Return what prediction layers of one resolution add to the potential of each phase.

    A layer that upsamples by two reads the same places as one of the finest map, which is in
    phase layout.
    """
    graph = layers.graph
    places, sums = channels_then_places(readers[0][1])[1], []
    for features, head in readers:
        channels, read = channels_then_places(head)
        if not torch.equal(read, places):
            raise ValueError('prediction layers of one resolution must read the same places.')
        spikes = layers.arithmetic.potentials(features.value)
        kernel = graph.constant(channels.numpy())
        sums.append(graph.node('Conv', spikes, kernel, kernel_shape=[1, 1]))
    total = sums[0] if len(sums) == 1 else graph.node('Add', *sums)
    size = places.shape[-1]
    attributes = {'kernel_shape': [size] * 2, 'pads': [size // 2] * 4}
    return graph.node('Conv', total, graph.constant(places.numpy()), **attributes)
