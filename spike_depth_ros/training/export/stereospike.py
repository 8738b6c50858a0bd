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

"""StereoSpike as an ONNX graph: what the nodes run."""

import onnx

from spike_depth_ros.training.export.counts import Map
from spike_depth_ros.training.export.layers import Layers
from spike_depth_ros.training.export.readout import read_out
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.networks.stereospike import StereoSpike


def stereospike_model(
    network: StereoSpike, precision: Precision, height: int, width: int
) -> onnx.ModelProto:
    """Return StereoSpike as an ONNX model; see models.depth_model."""
    return written(Layers(precision), network, height, width)


def written(layers: Layers, network: StereoSpike, height: int, width: int) -> onnx.ModelProto:
    """Return a network of StereoSpike's shape as an ONNX model."""
    maps = _encode(layers, network, layers.frame(height, width, network.channels))
    *coarser, finest = _decode(layers, network, maps)
    features = [*coarser, layers.finest(finest)]
    readers = list(zip(features, network.heads, strict=True))
    together = [readers[:1], readers[1:2], readers[2:]]
    potential = read_out(layers, network.reset_potential, together, height, width)
    layers.graph.node('Exp', potential, output='depth')
    counted = (layers.counts.write(),)
    outputs = {'depth': (1, 1, height, width), 'firing_rates': counted, 'mean_spikes': counted}
    return layers.graph.model((1, height, width, network.channels), outputs)


def _encode(layers: Layers, network: StereoSpike, frame: Map) -> dict[str, Map]:
    """Return the maps of the encoder and the bottleneck; bottom is in phase layout."""
    maps = {'bottom': layers.layer('bottom', frame, network.bottom, in_phases=True)}
    source = maps['bottom']
    for number, layer in enumerate(network.encoder, 1):
        last = f'conv{number}'
        source = maps[last] = layers.layer(last, source, layer, in_phases=number == 1)
    for number, block in enumerate(network.bottleneck, 1):
        name = f'block{number}'
        source = maps[name] = layers.residual(name, source, block, before=last)
        last = name
    return maps


def _decode(layers: Layers, network: StereoSpike, maps: dict[str, Map]) -> list[Map]:
    """Return the decoder's maps, coarse to fine; the finest is in phase layout."""
    source, features = maps['block2'], []
    skips = ('conv3', 'conv2', 'conv1', 'bottom')
    for number, layer, skip in zip((4, 3, 2, 1), network.decoder, skips, strict=True):
        name = f'deconv{number}'
        if layers.can_fire(layer):
            spikes = layers.fire(source, layer)
            placed = layers.pixels(spikes) if number > 1 else spikes
            source = layers.join(name, spikes, placed, skip, maps[skip])
        else:  # training silences some
            source = maps[skip]
            layers.counts.same(name, skip)
        features.append(source)
    return features
