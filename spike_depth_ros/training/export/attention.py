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

"""Rules for spiking attention: products of whole numbers in float32, and thresholds."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.training.export.maps import Map, Spikes, spikes
from spike_depth_ros.training.export.rules import lower
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.transformer.attention import (
    LinearAttention,
    SpikingAttention,
    SpikingSelfAttention,
)
from spike_depth_ros.training.settings import SettingsError


@lower.register
def _self_attention(
    layer: SpikingSelfAttention, writer: Writer, query: Spikes, key: Spikes, value: Spikes
) -> Spikes:
    """Write q (k^T v), whose counts exceed eight bits: up to tokens times channels of a head."""
    graph = writer.graph
    like, (q, k, v) = _by_head(layer, writer, (query, key, value))
    counts = graph.node('MatMul', graph.node('MatMul', v, graph.transpose(k, 0, 2, 1)), q)
    counts = graph.reshape(counts, 1, *like[1:4])
    return _population(writer, like, _fired(layer, writer, like, counts))


@lower.register
def _linear_attention(
    layer: LinearAttention, writer: Writer, query: Spikes, key: Spikes, value: Spikes
) -> Spikes:
    """Write the mask of the channels in which keys and values coincide, and the masked queries."""
    graph, arithmetic = writer.graph, writer.arithmetic
    like, (_, k, v) = _by_head(layer, writer, (query, key, value))
    counts = graph.total(graph.node('Mul', k, v), 2)
    counts = graph.reshape(counts, 1, like.channels, 1, 1)
    mask = _fired(layer, writer, like, counts)
    queries = writer.plain(writer.whole(query))
    return _population(writer, like, arithmetic.masked(queries.value, mask))


def _by_head(
    layer: SpikingAttention, writer: Writer, inputs: Sequence[Spikes]
) -> tuple[Map, list[str]]:
    """Return a map like each of the inputs, and these in float32, [heads, channels, tokens].

    The inputs are images with all channels of one map, of which the whole is converted once.
    """
    joined = writer.joined([image for each in inputs for image in each.images])
    map = writer.plain(joined.map)
    if joined.channels != tuple(range(map.channels)):
        raise SettingsError(
            'queries, keys and values are not the thirds of one layer in this order: split one by '
            'chunk(3, 1).'
        )
    graph, tokens = writer.graph, map.height * map.width
    numbers = graph.reshape(
        writer.arithmetic.potentials(map.value), len(inputs) * layer.heads, -1, tokens
    )
    ends = range(layer.heads, len(inputs) * layer.heads + 1, layer.heads)
    parts = [graph.part(numbers, 0, end - layer.heads, end) for end in ends]
    return map._replace(channels=map.channels // len(inputs)), parts


def _thresholds(layer: SpikingAttention, like: Map) -> NDArray[np.float32]:
    """Return the count at which each channel's neurons fire, float [channels]."""
    each = layer.thresholds(like.height * like.width)
    return each.repeat_interleave(like.channels // layer.heads).numpy()


def _fired(layer: SpikingAttention, writer: Writer, like: Map, counts: str) -> str:
    """Return the spikes of the attention's neurons for counts."""
    thresholds = _thresholds(layer, like)
    if layer not in writer.repeated:
        return writer.arithmetic.fire_at(counts, thresholds)
    nothing = np.zeros_like(thresholds)
    return writer.carried.fire((layer, 0), counts, thresholds, nothing)


def _population(writer: Writer, like: Map, value: str) -> Spikes:
    return spikes(writer.population(value, like))
