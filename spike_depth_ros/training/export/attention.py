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


@lower.register
def _self_attention(
    layer: SpikingSelfAttention, writer: Writer, query: Spikes, key: Spikes, value: Spikes
) -> Spikes:
    """Write q (k^T v), whose counts exceed eight bits: up to tokens times channels of a head."""
    graph = writer.graph
    maps = [writer.plain(writer.whole(each)) for each in (query, key, value)]
    like = maps[0]
    tokens, width = like.height * like.width, like.channels // layer.heads
    q, k, v = (
        graph.reshape(writer.arithmetic.potentials(map.value), layer.heads, width, tokens)
        for map in maps
    )
    counts = graph.node('MatMul', graph.node('MatMul', v, graph.transpose(k, 0, 2, 1)), q)
    counts = graph.reshape(counts, 1, *like[1:4])
    return _fired(writer, like, writer.arithmetic.fire_at(counts, _thresholds(layer, like)))


@lower.register
def _linear_attention(
    layer: LinearAttention, writer: Writer, query: Spikes, key: Spikes, value: Spikes
) -> Spikes:
    """Write the mask of the channels in which keys and values coincide, and the masked queries."""
    graph, arithmetic = writer.graph, writer.arithmetic
    q, *others = (writer.plain(writer.whole(each)) for each in (query, key, value))
    coinciding = graph.node('Mul', *(arithmetic.potentials(each.value) for each in others))
    counts = graph.reshape(graph.total(coinciding, 2, 3), 1, q.channels, 1, 1)
    mask = arithmetic.fire_at(counts, _thresholds(layer, q))
    return _fired(writer, q, arithmetic.masked(q.value, mask))


def _thresholds(layer: SpikingAttention, like: Map) -> NDArray[np.float32]:
    """Return the count at which each channel's neurons fire, float [channels]."""
    each = layer.thresholds(like.height * like.width)
    return each.repeat_interleave(like.channels // layer.heads).numpy()


def _fired(writer: Writer, like: Map, value: str) -> Spikes:
    return spikes(writer.population(value, like))
