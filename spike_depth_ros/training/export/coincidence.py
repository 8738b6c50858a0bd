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

"""The coincidence network as an ONNX graph: what the nodes run."""

import math
from functools import partial

import numpy as np
import onnx
import torch
from torch import Tensor
from torch.nn import functional

from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.kernels import of_each, with_aside
from spike_depth_ros.training.export.layers import Layers
from spike_depth_ros.training.export.volume import coincidences
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.coincidence import (
    EVIDENCE,
    IMAGES,
    LARGEST_BURST,
    LARGEST_POTENTIAL,
    LEAST_SHIFT,
    READERS,
    CoincidenceNetwork,
)
from spike_depth_ros.training.networks.spiking import (
    CONFIDENT,
    LOG_SPREAD_BOUNDS,
)


def coincidence_model(
    network: CoincidenceNetwork, precision: Precision, height: int, width: int
) -> onnx.ModelProto:
    """Return the coincidence network as an ONNX model; see models.depth_model."""
    return _CoincidenceGraph(network, precision, height, width).model()


class _CoincidenceGraph:
    """Writes the graph of one network, from its input to its outputs."""

    def __init__(
        self, network: CoincidenceNetwork, precision: Precision, height: int, width: int
    ) -> None:
        self._network, self._height, self._width = network, height, width
        self._layers = Layers(precision)
        self._graph = self._layers.graph
        self._maps: dict[str, Map] = {}

    def model(self) -> onnx.ModelProto:
        """Return the finished model."""
        self._match(*self._encode())
        self._decode()
        self._read_out()
        counted = (self._layers.counts.write(),)
        image = (1, 1, self._height, self._width)
        outputs = {'depth': image, 'firing_rates': counted, 'mean_spikes': counted}
        spikes = (1, self._height, self._width, self._network.channels)
        return self._graph.model(spikes, outputs | {'confidence': image})

    def _encode(self) -> tuple[Map, Map]:
        """Write the encoder; return what detectors see of the left and of the right camera.

        Of the right one these are two images, their channels one after the other: as it is and
        a pixel aside.
        """
        layers, encoder = self._layers, self._network.encoder
        frame = layers.frame(self._height, self._width, self._network.channels)
        cameras = partial(of_each, images=2)
        bottom = layers.layer('bottom', frame, encoder.bottom, in_phases=True, form=cameras)

        # Of the channels of both cameras, weights of 0 cost less than to part them.
        def left_one(kernel: Tensor) -> Tensor:
            return functional.pad(kernel, (0, 0, 0, 0, 0, kernel.shape[1]))

        def right_one(kernel: Tensor) -> Tensor:
            return functional.pad(with_aside(kernel), (0, 0, 0, 0, kernel.shape[1], 0))

        left = layers.fire(bottom, encoder.conv1, in_phases=True, form=left_one)
        rights = layers.fire(bottom, encoder.conv1, in_phases=True, form=right_one)
        layers.counts.population('conv1', left, rights)
        left = self._maps['left'] = layers.fire(left, encoder.same1)
        rights = layers.fire(rights, encoder.same1, form=partial(of_each, images=IMAGES - 1))
        layers.counts.population('same1', left, rights)
        return left, rights

    def _match(self, left: Map, rights: Map) -> None:
        """Write the detectors and those that cooperate."""
        layers, network = self._layers, self._network
        found = coincidences(layers, left, rights, network.reach // 2)
        layers.counts.numbers('coincidences', found.map, left.channels, found.last)
        in_order = partial(torch.Tensor.index_select, dim=1, index=torch.tensor(found.order))
        spikes = layers.fire(found.map, network.cooperation1, form=in_order)
        layers.counts.population('cooperation1', spikes)
        for name in EVIDENCE:
            spikes = self._maps[name] = layers.fire(spikes, getattr(network, name))
            layers.counts.numbers(name, spikes, LARGEST_BURST)

    def _decode(self) -> None:
        """Write the U-Net."""
        layers, network, maps = self._layers, self._network, self._maps
        source = maps['left']
        for number in (2, 3, 4):
            together = layers.together(source, maps[f'cooperation{number}'])
            layer = getattr(network, f'conv{number}')
            source = maps[f'conv{number}'] = layers.layer(f'conv{number}', together, layer)
        source = layers.residual('block', maps['conv4'], network.block, before='conv4')
        skips = {'deconv4': 'conv3', 'deconv3': 'conv2', 'deconv2': None}
        for name, skip in skips.items():
            spikes = layers.fire(source, getattr(network, name))
            skipped = maps[skip or 'left']
            source = layers.join(name, spikes, layers.pixels(spikes), skip, skipped)
            maps[name] = source

    def _read_out(self) -> None:
        """Write depth and confidence, in float32 once spikes have been weighed."""
        graph, network = self._graph, self._network
        shifts, spread = slice(network.reach), slice(network.reach, None)
        spikes = [self._together(names) for names in READERS]
        depth = self._depth(self._summed(spikes, shifts))
        log_spread = self._summed(spikes, spread)
        lowest, highest = (graph.constant(np.float32(end)) for end in LOG_SPREAD_BOUNDS)
        log_spread = graph.node('Clip', log_spread, lowest, highest)
        per_spread = graph.node('Exp', graph.node('Neg', log_spread))
        tolerance = graph.constant(np.float32(-math.log(CONFIDENT)))
        outside = graph.node('Exp', graph.node('Mul', per_spread, tolerance))
        self._image(depth, 'depth')
        self._image(graph.node('Sub', graph.constant(np.float32(1)), outside), 'confidence')

    def _together(self, names: tuple[str, ...]) -> str:
        """Return what layers of one resolution send to the readout."""
        return self._layers.together(*(self._maps[name] for name in names)).value

    def _summed(self, spikes: list[str], neurons: slice) -> str:
        """Return potentials of some of the readout's neurons.

        spikes: of each resolution, coarse to fine. Shifts and spread are summed each by
        themselves: it takes OpenVINO longer to part what came together.
        """
        graph, network = self._graph, self._network
        sums = graph.constant(network.resets()[None, neurons].numpy())
        for number, names in enumerate(READERS):
            kernel = torch.cat([network.heads[name].weight[neurons] for name in names], 1)
            potentials = self._layers.arithmetic.weigh(spikes[number], kernel)
            sums = graph.node('Add', potentials, self._spread(sums) if number else sums)
        return sums

    def _depth(self, potentials: str) -> str:
        """Return depth at the median of the shifts under their softmax.

        Convolutions sum over the shifts where they lie; onnxruntime's Softmax and CumSum would
        move them.
        """
        graph, network = self._graph, self._network
        bounds = (graph.constant(np.float32(sign * LARGEST_POTENTIAL)) for sign in (-1, 1))
        weights = graph.node('Exp', graph.node('Clip', potentials, *bounds))
        # Of a shift and larger ones, less half of all.
        sums = torch.ones(network.reach, network.reach).triu() - 0.5
        from_here = graph.node('Conv', weights, graph.constant(sums[..., None, None].numpy()))
        zero, one = (graph.constant(np.float32(n)) for n in (0, 1))
        below = graph.node('Clip', graph.node('Div', from_here, weights), zero, one)
        ones = graph.constant(np.ones((1, network.reach, 1, 1), np.float32))
        median = graph.node('Conv', below, ones, graph.constant(np.array([-0.5], np.float32)))
        least = graph.constant(np.float32(LEAST_SHIFT))
        of_a_pixel = graph.constant(np.float32(math.exp(network.log_focal_baseline)))
        return graph.node('Div', of_a_pixel, graph.node('Max', median, least))

    def _spread(self, values: str) -> str:
        """Return values at twice the resolution."""
        scales = self._graph.constant(np.array([1, 1, 2, 2], np.float32))
        attributes = {'coordinate_transformation_mode': 'asymmetric', 'nearest_mode': 'floor'}
        return self._graph.node('Resize', values, '', scales, mode='nearest', **attributes)

    def _image(self, values: str, output: str) -> None:
        """Write an output of the image's size from its values at a half of the resolution."""
        graph = self._graph
        size = [(0, 0), (self._height, self._width), (2, 3)]
        ends = (graph.constant(np.array(pair)) for pair in size)
        graph.node('Slice', self._spread(values), *ends, output=output)
