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

"""Rules for synapses, the neurons that they drive, and analog layers.

Convolutions compute at the lowest resolution that gives the same sums. kernels.py rewrites their
kernels for phase layout, in which the full resolution and the outputs of upsampling layers are
stored.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from spikingjelly.activation_based.neuron import IFNode
from torch import Tensor, nn

from spike_depth_ros.training.export.analog import activation, potentials
from spike_depth_ros.training.export.arithmetic import Synapses
from spike_depth_ros.training.export.kernels import among, low_resolution, over_pairs, shifted
from spike_depth_ros.training.export.maps import Image, Map, Spikes, spikes
from spike_depth_ros.training.export.rules import lower
from spike_depth_ros.training.export.weights import (
    ExactSynapses,
    burst_step,
    exact_kernel,
    exact_synapses,
)
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.analog import AnalogLayer
from spike_depth_ros.training.networks.matching import Cooperation
from spike_depth_ros.training.networks.network import GRID
from spike_depth_ros.training.networks.normalised import MembraneStream, Normalised
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.spiking import Bursts
from spike_depth_ros.training.settings import SettingsError


class Drive(NamedTuple):
    """Synapses and the spikes that they read: potentials that are not computed yet.

    Attributes:
        synapses: layer of the network.
        source: spikes that the layer reads.
        kernel: exact kernel, [out, in, k, k].
        thresholds: thresholds of the neurons, [out], or [1] for all.
        stride: stride of the convolution.
        exact: exact form of the synapses if they are normalised, whose bias the thresholds hold.
        pools: whether the neurons' spikes are pooled over 2 x 2 pixels.
    """

    synapses: nn.Module
    source: Spikes
    kernel: Tensor
    thresholds: Tensor
    stride: int
    exact: ExactSynapses | None = None
    pools: bool = False

    def can_fire(self) -> bool:
        """Return whether any neuron fires when all its excitatory inputs are at their largest."""
        largest = max(image.map.largest for image in self.source.images)
        most = largest * self.kernel.clamp(min=0).sum((1, 2, 3))
        return bool((most >= self.thresholds).any())


class Potentials(NamedTuple):
    """Potentials of a membrane stream.

    Attributes:
        value: name in the graph, float32 [1, channels, height, width], without constant inputs.
        thresholds: values at which neurons fire, float [channels].
        constant: sum of the constant inputs, float [channels].
    """

    value: str
    channels: int
    height: int
    width: int
    thresholds: Tensor
    constant: Tensor


@lower.register
def _convolution(layer: nn.Conv2d, writer: Writer, source: Spikes) -> Drive:
    (size, other), (stride, _) = layer.kernel_size, layer.stride
    form = size, layer.stride, layer.padding, layer.dilation, layer.groups, layer.bias
    is_plain = form == (other, (stride,) * 2, (size // 2,) * 2, (1, 1), 1, None)
    if not is_plain or size % 2 == 0 or layer.padding_mode != 'zeros':
        raise SettingsError(
            f'{layer} has no rule: use a square kernel of odd size k, padding k // 2 with zeros, '
            'one stride, no dilation, groups or bias.'
        )
    return Drive(layer, source, *exact_kernel(layer, writer.precision), stride)


@lower.register
def _upsampled_convolution(layer: UpsampledConv2d, writer: Writer, source: Spikes) -> Drive:
    if layer.scale != 2:
        raise SettingsError(
            f'a spiking layer upsamples by {layer.scale}: use 2, several times if need be.'
        )
    if not all(image.is_aligned for image in source.images):
        raise SettingsError('an upsampling layer reads columns outside a map: pad its output.')
    return Drive(layer, source, *exact_kernel(layer, writer.precision), 1)


@lower.register
def _cooperation(layer: Cooperation, writer: Writer, source: Spikes) -> Drive:
    weight, thresholds = exact_kernel(layer, writer.precision)
    return Drive(layer, source, layer.band(weight), thresholds, layer.stride[0])


@lower.register
def _normalised(layer: Normalised, writer: Writer, source: Spikes) -> Drive:
    """Return the potentials of folded synapses."""
    exact = exact_synapses(layer, writer.precision)
    return lower(layer.convolution, writer, source)._replace(
        kernel=exact.kernel,
        thresholds=exact.threshold - exact.bias,
        exact=exact,
        pools=layer.pools,
    )


@lower.register
def _stream(
    layer: MembraneStream, writer: Writer, written: Drive, stream: Potentials | None = None
) -> Potentials:
    """Write the potentials that synapses add to a stream, whole numbers in float32."""
    if written.exact is None or written.pools or len(written.source.images) > 1:
        raise SettingsError(
            'a membrane stream takes normalised synapses of one image, without pooling.'
        )
    synapses, height, width = _plain_synapses(writer, written)
    source = writer.plain(written.source.images[0].map)
    value = writer.arithmetic.drive(source.value, synapses)
    if stream is None:
        size = len(synapses.kernel), height, width
        return Potentials(value, *size, written.thresholds, written.exact.bias)
    return stream._replace(
        value=writer.graph.node('Add', stream.value, value),
        thresholds=stream.thresholds - written.exact.bias,
        constant=stream.constant + written.exact.bias,
    )


@lower.register
def _neurons(neurons: IFNode, writer: Writer, drive: Drive | Potentials) -> Spikes:
    settings = neurons.v_threshold, neurons.v_reset, neurons.step_mode
    if settings != (1, 0, 's'):
        raise SettingsError(
            'neurons have v_threshold, v_reset and step_mode {}, {} and {!r}: use 1.0, 0.0 and '
            "'s', as spiking_neurons() does.".format(*settings)
        )

    carries = neurons in writer.repeated
    if isinstance(drive, Potentials):
        numbers = drive.thresholds.numpy(), drive.constant.numpy()
        value = (
            writer.carried.fire((neurons, 0), drive.value, *numbers)
            if carries
            else writer.arithmetic.fire_at(drive.value, numbers[0])
        )
        return spikes(writer.population(value, Map(value, *drive[1:4], 1)))

    if carries:
        return _carrying(neurons, writer, drive)

    def fire(source: str, synapses: Synapses) -> str:
        return writer.arithmetic.fire(source, synapses)

    return _driven(writer, drive, 1, fire)


def _carrying(neurons: IFNode, writer: Writer, drive: Drive) -> Spikes:
    """Return the spikes of a time step of neurons whose potentials go on."""
    channels = len(drive.kernel)
    bias = torch.zeros(channels) if drive.exact is None else drive.exact.bias
    numbers = [values.expand(channels).numpy() for values in (drive.thresholds, bias)]
    fired = []
    for number, image in enumerate(drive.source.images):
        map = _potentials(writer, drive, image, writer.arithmetic.drive)
        whole = [np.tile(values, 4 if map.in_phases else 1) for values in numbers]
        value = writer.carried.fire((neurons, number), map.value, *whole)
        fired.append(_fired(writer, drive, image, map._replace(value=value)))
    return Spikes(tuple(fired))


@lower.register
def _bursts(neurons: Bursts, writer: Writer, drive: Drive) -> Spikes:
    if drive.exact is not None:
        raise SettingsError(
            'bursts have no rule for normalised synapses, whose channels have thresholds of their '
            'own: use neurons that fire once, or synapses without normalisation.'
        )
    step = burst_step(drive.synapses, writer.precision)

    def fire(source: str, synapses: Synapses) -> str:
        return writer.arithmetic.burst(source, synapses, step, neurons.largest)

    return _driven(writer, drive, neurons.largest, fire)


@lower.register
def _analog(layer: AnalogLayer, writer: Writer, source: Spikes) -> Spikes:
    """Write a layer with its normalisation folded into the convolution."""
    if writer.precision != 'float32':
        raise SettingsError(
            f'analog layers do not compute in {writer.precision}: export with --precision float32.'
        )
    norm = layer.norm
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    drive = lower(layer.synapses, writer, source)._replace(
        kernel=layer.synapses.weight * factor[:, None, None, None],
        thresholds=norm.running_mean * factor - norm.bias,
    )

    def activate(source: str, synapses: Synapses) -> str:
        return activation(writer.graph, layer.neurons, potentials(writer.graph, source, synapses))

    return _driven(writer, drive, 1, activate)


def _driven(
    writer: Writer, drive: Drive, largest: int, fire: Callable[[str, Synapses], str]
) -> Spikes:
    """Return the spikes of neurons.

    Args:
        writer: writer of the graph.
        drive: synapses and their input.
        largest: largest number of spikes of a neuron.
        fire: writes the neurons that a map drives through synapses.
    """
    found = []
    for image in drive.source.images:
        map = _potentials(writer, drive, image, fire)
        if drive.pools:
            map = map._replace(value=writer.arithmetic.bounded(map.value))
        found.append(_fired(writer, drive, image, map, largest))
    return Spikes(tuple(found))


def _fired(writer: Writer, drive: Drive, image: Image, map: Map, largest: int = 1) -> Image:
    """Return the spikes of neurons that read an image.

    Args:
        writer: writer of the graph.
        drive: synapses and their input.
        image: image that they read.
        map: spikes of the neurons.
        largest: largest number of spikes of a neuron.
    """
    map = writer.population(map.value, map, largest)
    return Image(map, tuple(range(map.channels)), missing=_missing(image, drive.stride))


def _potentials(
    writer: Writer, drive: Drive, image: Image, fire: Callable[[str, Synapses], str]
) -> Map:
    """Return the values that synapses of an image give, the largest of the pixels if they pool.

    Its map is read whole, with zeros for the channels of other images: multiplying by zeros is
    faster than splitting a map.

    Raises SettingsError for a map that the stride does not divide. Args: see `_driven`.
    """
    source, upsamples = image.map, isinstance(drive.synapses, UpsampledConv2d)
    if source.height % drive.stride or source.width % drive.stride:
        raise SettingsError(
            f'a layer of stride {drive.stride} reads a map of {source.width} x {source.height}: '
            f'all strides together divide {GRID}.'
        )
    if upsamples or drive.stride > 2:
        source = writer.plain(source)
    shifts = shifted(drive.kernel, image.shift)
    kernel = among(shifts, image.channels, image.map.channels)
    low, strides = _rewritten(drive, kernel, source)
    synapses = Synapses(
        low.numpy(),
        drive.thresholds.repeat(len(low) // len(drive.thresholds)).numpy(),
        strides,
    )
    scale = 2 if upsamples else 1
    map = Map(
        fire(source.value, synapses),
        len(kernel),
        scale * source.height // drive.stride,
        scale * source.width // drive.stride,
        1,
        in_phases=upsamples or (drive.stride == 1 and (source.in_phases or source.in_pairs)),
    )
    return writer.pooled(map) if drive.pools else map


def _rewritten(drive: Drive, kernel: Tensor, source: Map) -> tuple[Tensor, tuple[int, int]]:
    """Return the kernel for the layout of a map, and the strides."""
    if source.in_pairs:
        return over_pairs(kernel, drive.stride), (2, 1)
    low = low_resolution(drive.synapses, kernel, source.in_phases)
    is_plain = not (source.in_phases or isinstance(drive.synapses, UpsampledConv2d))
    return low, (drive.stride if is_plain else 1,) * 2


def _plain_synapses(writer: Writer, drive: Drive) -> tuple[Synapses, int, int]:
    """Return synapses that read one image of a plain map, and the size of the result."""
    (image,), stride = drive.source.images, drive.stride
    kernel = among(shifted(drive.kernel, image.shift), image.channels, image.map.channels)
    synapses = Synapses(kernel.numpy(), drive.thresholds.numpy(), (stride, stride))
    return synapses, image.map.height // stride, image.map.width // stride


def _missing(image: Image, stride: int) -> int:
    """Return the number of PyTorch's columns after the computed ones."""
    if image.missing:
        raise SettingsError('a convolution reads columns outside a map: drop them by a slice.')
    width = image.map.width
    return -(-(width + image.shift + image.beyond) // stride) - width // stride
