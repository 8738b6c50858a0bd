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

"""Rules for the readouts, which write the graph's outputs `depth` and `confidence`."""

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from spike_depth_ros.training.export.kernels import channels_then_places
from spike_depth_ros.training.export.maps import Map, Spikes
from spike_depth_ros.training.export.membrane import remembered
from spike_depth_ros.training.export.posterior import (
    confidence,
    confidence_of_spread,
    posterior,
)
from spike_depth_ros.training.export.rules import lower
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.metres_readout import LEAST_M, MetresReadout
from spike_depth_ros.training.networks.readout import DisparityReadout, LogDepthReadout
from spike_depth_ros.training.networks.spread import SpreadReadout
from spike_depth_ros.training.quantisation import POTENTIAL_UNIT, in_units

COARSEST_OF_PHASES = 2  # scale of the blocks of a map in phase layout


@lower.register
def _log_depth(layer: LogDepthReadout, writer: Writer, features: list[Spikes]) -> str:
    potentials = _potential(layer, writer, features)
    writer.graph.node('Exp', potentials, output=writer.image('depth'))
    return 'depth'


@lower.register
def _metres(layer: MetresReadout, writer: Writer, features: list[Spikes]) -> tuple[str, str]:
    least = writer.graph.constant(np.float32(LEAST_M))
    potentials = _potential(layer, writer, features)
    writer.graph.node('Max', potentials, least, output=writer.image('depth'))
    return 'depth', 'depth'


def _potential(layer: LogDepthReadout, writer: Writer, features: list[Spikes]) -> str:
    """Return the sum of the potentials without the padding of the frame, [1, 1, h, w].

    They are summed at the lowest resolution that holds them: a coarser layer's potentials are sums
    for each block of pixels; those of the next finer resolution are added before the blocks become
    pixels.
    """
    graph, membrane = writer.graph, layer.membrane
    reset = graph.constant(layer.reset_potential.reshape(1, 1, 1, 1).numpy())
    if membrane is None:
        potentials = _accumulated(layer, writer, features, reset)
    else:
        unit = POTENTIAL_UNIT if writer.precision == 'int8' else None
        nothing = graph.constant(np.zeros((1, 1, 1, 1), np.float32))
        evidence = writer.places(_accumulated(layer, writer, features, nothing, unit))
        potentials = remembered(membrane, writer, evidence, (1, *writer.padded), unit)
        potentials = graph.reshape(potentials, 1, 1, *writer.padded)
        if unit is not None:
            potentials = graph.node('Mul', potentials, graph.constant(np.float32(unit)))
        potentials = graph.node('Add', potentials, reset)
    return _cropped(writer, potentials)


def _accumulated(
    layer: LogDepthReadout,
    writer: Writer,
    features: list[Spikes],
    start: str,
    unit: float | None = None,
) -> str:
    """Return the sum of the layers' potentials, [1, 1, h, w].

    Args:
        layer: readout with the weights.
        writer: writer of the graph.
        features: spikes of each layer, coarse to fine.
        start: name of potentials to which the others are added.
        unit: unit of the potentials, which are then whole numbers; None: 1, and any numbers.
    """
    graph, levels, potentials = writer.graph, _levels(layer, writer, features), start
    scale = max(levels)
    while scale > 1:
        if scale in levels:
            added = _predicted(writer, levels[scale], unit)
            potentials = graph.node('Add', potentials, added)
        potentials = graph.node('DepthToSpace', potentials, blocksize=2, mode='DCR')
        scale //= 2
    return potentials


def _levels(
    layer: LogDepthReadout, writer: Writer, features: list[Spikes]
) -> dict[int, list[tuple[Map, nn.Module]]]:
    """Return the layers that are read and their prediction layers, by scale.

    Layers of the image's resolution are read in phase layout, at scale 2.
    """
    levels: dict[int, list[tuple[Map, nn.Module]]] = {}
    for scale, spikes, head in zip(layer.scales, features, layer.heads, strict=True):
        map = writer.whole(spikes)
        map = writer.phases(map) if scale == 1 else writer.plain(map)
        levels.setdefault(max(scale, COARSEST_OF_PHASES), []).append((map, head))
    return levels


def _predicted(writer: Writer, readers: list[tuple[Map, nn.Module]], unit: float | None) -> str:
    """Return the potentials of each phase that prediction layers of one resolution add.

    A layer that upsamples by two reads the same places as one of the finest map, which is in
    phase layout.
    """
    graph = writer.graph
    split = [channels_then_places(head, _weight(head, unit)) for _, head in readers]
    places, sums = split[0][1], []
    for (features, _), (channels, read) in zip(readers, split, strict=True):
        if not torch.equal(read, places):
            raise ValueError('prediction layers of one resolution must read the same places.')
        spikes = writer.arithmetic.potentials(features.value)
        kernel = graph.constant(channels.numpy())
        sums.append(graph.node('Conv', spikes, kernel, kernel_shape=[1, 1]))
    total = sums[0] if len(sums) == 1 else graph.node('Add', *sums)
    size = places.shape[-1]
    attributes: dict[str, Any] = {'kernel_shape': [size] * 2, 'pads': [size // 2] * 4}
    return graph.node('Conv', total, graph.constant(places.numpy()), **attributes)


def _weight(head: nn.Module, unit: float | None) -> Tensor:
    """Return the weights of a prediction layer, as whole numbers of a unit if it is given."""
    weight: Any = head.weight
    return weight if unit is None else in_units(weight, unit)


@lower.register
def _disparities(
    layer: DisparityReadout, writer: Writer, features: dict[str, Spikes], detected: object
) -> tuple[str, str, None]:
    """Write depth and confidence; once spikes are weighed, everything is float32."""
    graph = writer.graph
    spikes = [
        writer.concatenated([writer.whole(features[name]) for name in names]).value
        for names in layer.levels
    ]
    disparities, spread = slice(layer.max_disparity), slice(layer.max_disparity, None)
    found = posterior(graph, _potentials(layer, writer, spikes, disparities), layer.max_disparity)
    focal_baseline = graph.constant(np.float32(math.exp(layer.log_focal_baseline)))
    depth = graph.node('Div', focal_baseline, found.median)
    log_spread = _potentials(layer, writer, spikes, spread)
    sure = confidence(graph, found, log_spread, layer.calibration)
    for values, name in ((depth, 'depth'), (sure, 'confidence')):
        _write_image(writer, values, layer.scale, name)
    return 'depth', 'confidence', None


@lower.register
def _spread(layer: SpreadReadout, writer: Writer, features: list[Spikes]) -> str:
    """Write confidence; once spikes are weighed, everything is float32."""
    sums = writer.graph.constant(layer.reset_spread.reshape(1, 1, 1, 1).numpy())
    for number, (spikes, head) in enumerate(zip(features, layer.heads, strict=True)):
        sums = _spread_pixels(writer, sums, 2) if number else sums
        potentials = writer.arithmetic.weigh(writer.plain(writer.whole(spikes)).value, head.weight)
        sums = writer.graph.node('Add', potentials, sums)
    sure = confidence_of_spread(writer.graph, sums, layer.calibration)
    _write_image(writer, sure, layer.scale, 'confidence')
    return 'confidence'


def _potentials(layer: DisparityReadout, writer: Writer, spikes: list[str], neurons: slice) -> str:
    """Return potentials of some of the readout's neurons, [1, neurons, places].

    Those of disparities may last.

    Disparities and spread are summed separately: OpenVINO takes longer to split a common sum.

    Args:
        layer: readout with the weights.
        writer: writer of the graph.
        spikes: name of the spikes of each resolution, coarse to fine.
        neurons: selected outputs of the prediction layers.
    """
    graph = writer.graph
    resets = graph.constant(layer.resets()[None, neurons].numpy())
    if layer.membrane is None:
        return writer.places(_summed(layer, writer, spikes, neurons, resets))
    unit = POTENTIAL_UNIT if writer.precision == 'int8' else None
    evidence = writer.places(_summed(layer, writer, spikes, neurons, unit=unit))
    if neurons.stop == layer.max_disparity:
        shape = (layer.max_disparity, *(side // layer.scale for side in writer.padded))
        evidence = remembered(layer.membrane, writer, evidence, shape, unit)
    if unit is not None:
        evidence = graph.node('Mul', evidence, graph.constant(np.float32(unit)))
    return graph.node('Add', evidence, writer.places(resets))


def _summed(
    layer: DisparityReadout,
    writer: Writer,
    spikes: list[str],
    neurons: slice,
    sums: str | None = None,
    unit: float | None = None,
) -> str:
    """Return the sum of potentials over the resolutions.

    Args:
        layer, writer, spikes, neurons: see _potentials.
        sums: name of potentials to which the others are added.
        unit: unit of the potentials, see Arithmetic.weigh.
    """
    for number, names in enumerate(layer.levels):
        kernel = torch.cat([layer.heads[name].weight[neurons] for name in names], 1)
        potentials = writer.arithmetic.weigh(spikes[number], kernel, unit)
        if sums is not None:
            sums = _spread_pixels(writer, sums, 2) if number else sums
            potentials = writer.graph.node('Add', potentials, sums)
        sums = potentials
    assert sums is not None
    return sums


def _spread_pixels(writer: Writer, values: str, scale: int) -> str:
    """Return values at `scale` times the resolution."""
    scales = writer.graph.constant(np.array([1, 1, scale, scale], np.float32))
    attributes = {'coordinate_transformation_mode': 'asymmetric', 'nearest_mode': 'floor'}
    return writer.graph.node('Resize', values, '', scales, mode='nearest', **attributes)


def _write_image(writer: Writer, values: str, scale: int, name: str) -> None:
    """Write an output of the image's size from values of each place, [1, 1, places].

    Gathering columns and then whole rows takes a fraction of the time of Resize and Slice.
    """
    graph, width = writer.graph, writer.padded[1]
    columns, rows = (
        graph.constant(np.arange(side) // scale) for side in (writer.width, writer.height)
    )
    image = graph.reshape(values, 1, 1, -1, width // scale)
    image = graph.node('Gather', image, columns, axis=3)
    graph.node('Gather', image, rows, axis=2, output=writer.image(name))


def _cropped(writer: Writer, values: str) -> str:
    """Return values [1, 1, h, w] without the padding of the frame."""
    graph = writer.graph
    ends = (
        graph.constant(np.array(pair)) for pair in ((0, 0), (writer.height, writer.width), (2, 3))
    )
    return graph.node('Slice', values, *ends)
