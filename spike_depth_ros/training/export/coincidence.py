"""The coincidence network as an ONNX graph: what the nodes run."""

import math

import numpy as np
import onnx
import torch

from spike_depth_ros.training.export.counts import Map
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
    GRID,
    LOG_SPREAD_BOUNDS,
    SpikingLayer,
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
        self._encode(self._frames())
        self._match()
        self._decode()
        self._read_out()
        counted = (self._layers.counts.write(),)
        image = (1, 1, self._height, self._width)
        outputs = {'depth': image, 'firing_rates': counted, 'mean_spikes': counted}
        spikes = (1, self._height, self._width, self._network.channels)
        return self._graph.model(spikes, outputs | {'confidence': image})

    def _frames(self) -> Map:
        """Return what the encoder sees, in phase layout: left, right and right a pixel aside."""
        graph = self._graph
        height, width = self._height + -self._height % GRID, self._width + -self._width % GRID
        both = self._layers.padded(self._height, self._width)
        left, right = (graph.part(both, 3, start, start + 2) for start in (0, 2))
        pads = graph.constant(np.array([0, 0, 1, 0, 0, 0, 0, 0]))
        aside = graph.node('Pad', right, pads, graph.constant(np.uint8(0)))
        together = graph.node('Concat', left, right, graph.part(aside, 2, 0, width), axis=0)
        return self._layers.in_phases(together, (IMAGES, height, width, 2))

    def _encode(self, frames: Map) -> None:
        """Write the encoder; bottom is in phase layout."""
        encoder = self._network.encoder
        self._layer('bottom', frames, encoder.bottom, in_phases=True)
        self._layer('conv1', self._maps['bottom'], encoder.conv1, in_phases=True)
        self._layer('same1', self._maps['conv1'], encoder.same1)

    def _match(self) -> None:
        """Write the detectors and those that cooperate."""
        layers, network, images = self._layers, self._network, self._maps['same1']
        found, order = coincidences(layers, images, network.reach // 2)
        layers.counts.numbers('coincidences', found, largest=images.channels)
        spikes = layers.fire(found, network.cooperation1, order=order)
        layers.counts.population('cooperation1', spikes)
        for name in EVIDENCE:
            spikes = self._maps[name] = layers.fire(spikes, getattr(network, name))
            layers.counts.numbers(name, spikes, LARGEST_BURST)
        left = self._graph.part(images.value, 0, 0, 1)
        self._maps['left'] = images._replace(value=left, batch=1)

    def _decode(self) -> None:
        """Write the U-Net."""
        layers, network, maps = self._layers, self._network, self._maps
        source = maps['left']
        for number in (2, 3, 4):
            together = layers.together(source, maps[f'cooperation{number}'])
            self._layer(f'conv{number}', together, getattr(network, f'conv{number}'))
            source = maps[f'conv{number}']
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
        coarsest, coarser, finest = READERS
        widest = self._potentials(coarsest)
        widest = graph.node('Add', widest, graph.constant(network.resets()[None].numpy()))
        coarse = self._potentials(coarser)
        coarse = graph.node('Add', coarse, self._spread(widest))
        fine = self._potentials(finest)
        potentials = graph.node('Add', fine, self._spread(coarse))
        log_spread = graph.part(potentials, 1, network.reach, network.reach + 1)
        log_depth = self._log_depth(graph.part(potentials, 1, 0, network.reach))
        lowest, highest = (graph.constant(np.float32(end)) for end in LOG_SPREAD_BOUNDS)
        log_spread = graph.node('Clip', log_spread, lowest, highest)
        per_spread = graph.node('Exp', graph.node('Neg', log_spread))
        tolerance = graph.constant(np.float32(-math.log(CONFIDENT)))
        outside = graph.node('Exp', graph.node('Mul', per_spread, tolerance))
        self._image(graph.node('Exp', log_depth), 'depth')
        self._image(graph.node('Sub', graph.constant(np.float32(1)), outside), 'confidence')

    def _potentials(self, names: tuple[str, ...]) -> str:
        """Return what layers of one resolution add to the readout's potentials."""
        layers, heads = self._layers, self._network.heads
        spikes = layers.together(*(self._maps[name] for name in names))
        kernel = torch.cat([heads[name].weight for name in names], 1)
        return layers.arithmetic.weigh(spikes.value, kernel)

    def _log_depth(self, potentials: str) -> str:
        """Return log depth at the median of the shifts under their softmax.

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
        log_shift = graph.node('Log', graph.node('Max', median, least))
        of_a_pixel = graph.constant(np.float32(network.log_focal_baseline))
        return graph.node('Sub', of_a_pixel, log_shift)

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

    def _layer(self, name: str, source: Map, layer: SpikingLayer, in_phases: bool = False) -> None:
        self._maps[name] = self._layers.layer(name, source, layer, in_phases)
