"""The coincidence network as an ONNX graph: what the nodes run."""

import math

import numpy as np
import onnx
import torch

from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.layers import Layers
from spike_depth_ros.training.export.readout import read_out
from spike_depth_ros.training.export.volume import coincidences
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
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
        self._read_out(self._decode())
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
        frames = [left, right]
        if self._network.phases == 2:
            pads = graph.constant(np.array([0, 0, 1, 0, 0, 0, 0, 0]))
            aside = graph.node('Pad', right, pads, graph.constant(np.uint8(0)))
            frames.append(graph.part(aside, 2, 0, width))
        together = graph.node('Concat', *frames, axis=0)
        return self._layers.in_phases(together, (len(frames), height, width, 2))

    def _encode(self, frames: Map) -> None:
        """Write the encoder; bottom is in phase layout."""
        encoder = self._network.encoder
        self._layer('bottom', frames, encoder.bottom, in_phases=True)
        self._layer('conv1', self._maps['bottom'], encoder.conv1, in_phases=True)
        self._layer('same1', self._maps['conv1'], encoder.same1)
        fine = self._maps['same1']
        cameras = fine._replace(value=self._graph.part(fine.value, 0, 0, 2), batch=2)
        self._layer('conv2', cameras, encoder.conv2)
        self._layer('same2', self._maps['conv2'], encoder.same2)

    def _match(self) -> None:
        """Write the detectors and the layers that join both cameras."""
        layers, network, maps = self._layers, self._network, self._maps
        fine = coincidences(layers, maps['same1'], network.reach // 2)
        coarse = coincidences(layers, maps['same2'], network.reach // 4)
        layers.counts.numbers('coincidences1', fine.found, largest=maps['same1'].channels)
        layers.counts.numbers('coincidences2', coarse.found, largest=maps['same2'].channels)
        match1 = layers.fire(fine.joined, network.match1, order=fine.order)
        layers.counts.population('match1', match1)
        match2 = layers.fire(coarse.joined, network.match2, order=coarse.order)
        down = layers.fire(match1, network.down)
        total = match2._replace(value=layers.arithmetic.add(match2.value, down.value))
        layers.counts.sum('match2', [match2, down], None, total)
        maps |= {'match1': match1, 'match2': total}

    def _decode(self) -> list[Map]:
        """Write the U-Net; return the decoder's maps, coarse to fine."""
        layers, network, maps = self._layers, self._network, self._maps
        self._layer('conv3', maps['match2'], network.conv3)
        self._layer('conv4', maps['conv3'], network.conv4)
        source = layers.residual('block', maps['conv4'], network.block, before='conv4')
        features = []
        for name, skip in {'deconv4': 'conv3', 'deconv3': 'match2', 'deconv2': 'match1'}.items():
            spikes = layers.fire(source, getattr(network, name))
            source = layers.join(name, spikes, layers.pixels(spikes), skip, maps[skip])
            features.append(source)
        return features

    def _read_out(self, features: list[Map]) -> None:
        """Write depth and confidence, in float32."""
        graph, network = self._graph, self._network
        heads = zip(network.heads, network.spread_heads, strict=True)
        readers = [[(each, list(pair))] for each, pair in zip(features, heads, strict=True)]
        reset = torch.stack([network.reset_potential, network.reset_spread])
        potentials = read_out(self._layers, reset, readers, self._height, self._width)
        graph.node('Exp', graph.part(potentials, 0, 0, 1), output='depth')
        lowest, highest = (graph.constant(np.float32(end)) for end in LOG_SPREAD_BOUNDS)
        log_spread = graph.node('Clip', graph.part(potentials, 0, 1, 2), lowest, highest)
        per_spread = graph.node('Exp', graph.node('Neg', log_spread))
        tolerance = graph.constant(np.float32(-math.log(CONFIDENT)))
        outside = graph.node('Exp', graph.node('Mul', per_spread, tolerance))
        graph.node('Sub', graph.constant(np.float32(1)), outside, output='confidence')

    def _layer(self, name: str, source: Map, layer: SpikingLayer, in_phases: bool = False) -> None:
        self._maps[name] = self._layers.layer(name, source, layer, in_phases)
