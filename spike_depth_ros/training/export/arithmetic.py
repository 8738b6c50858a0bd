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

"""Arithmetic of spikes in an ONNX graph: in float32, and in eight-bit integers.

Both give the same spikes where kernels and thresholds are whole numbers. Maps are
[n, channels, h, w].
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from onnx import TensorProto
from torch import Tensor

from spike_depth_ros.training.export.graph import Graph
from spike_depth_ros.training.quantisation import LARGEST, integer_readout

SATURATION = 255  # largest sum in uint8
# Largest number of spikes that is summed over four pixels at once: a part holds few larger ones.
MOST_OF_FOUR = 15
LANES = 16  # lanes of a vector, see _in_parts


@dataclass(frozen=True)
class Synapses:
    """A convolution, and the thresholds of the neurons that it drives.

    The convolution leaves out rows and columns of zeros at the kernel's ends.

    Args:
        kernel: float [out, in, rows, columns].
        thresholds: float [out]; a neuron fires where its potential reaches its threshold.
        stride: strides down and across of the convolution, which is padded by (k - 1) // 2.
    """

    kernel: npt.NDArray[np.float32]
    thresholds: npt.NDArray[np.float32]
    stride: tuple[int, int] = (1, 1)

    def inner(self) -> npt.NDArray[np.float32]:
        """Return the kernel between the first and the last row and column that are used."""
        (top, bottom), (left, right) = self._used()
        return self.kernel[:, :, top:bottom, left:right]

    def attributes(self) -> dict[str, Any]:
        """Return the attributes of the ONNX node Conv with the inner kernel."""
        sizes, ends = self.kernel.shape[2:], self._used()
        pads = [
            ((size - 1) // 2 - start, (size - 1) // 2 - (size - end))
            for size, (start, end) in zip(sizes, ends, strict=True)
        ]
        before, after = zip(*pads, strict=True)
        return {
            'kernel_shape': [end - start for start, end in ends],
            'pads': [*before, *after],
            'strides': self.stride,
        }

    def _used(self) -> list[tuple[int, int]]:
        """Return the ranges of rows and of columns in use, and of those in the middle."""
        used, ends = np.any(self.kernel, (0, 1)), []
        for line in (np.any(used, 1), np.any(used, 0)):
            middle = (len(line) - 1) // 2, len(line) // 2
            places = np.append(np.flatnonzero(line), middle)
            ends.append((int(places.min()), int(places.max()) + 1))
        return ends


class Arithmetic(Protocol):
    """Operations on maps of spikes in a graph."""

    def spikes(self, counts: str) -> str:
        """Return uint8 counts, channels last, as a map of spikes."""

    def fire(self, spikes: str, synapses: Synapses) -> str:
        """Return the spikes, zeros and ones, of neurons that spikes drive."""

    def drive(self, spikes: str, synapses: Synapses) -> str:
        """Return the potentials, float32, that spikes add to neurons through synapses."""

    def fire_at(self, potentials: str, thresholds: npt.NDArray[np.float32]) -> str:
        """Return the spikes of neurons of potentials, float32, at thresholds, [channels]."""

    def burst(self, spikes: str, synapses: Synapses, step: float, largest: int) -> str:
        """Return the spikes of each neuron: potential / step, rounded, at most `largest`."""

    def masked(self, spikes: str, mask: str) -> str:
        """Return zeros and ones where a mask of zeros and ones, [n, channels, 1, 1], is one."""

    def add(self, one: str, other: str) -> str:
        """Return the sum of two maps of spikes."""

    def nonzero(self, spikes: str) -> str:
        """Return ones where there are spikes."""

    def count(self, spikes: str, channels: int, largest: int = 1) -> str:
        """Return the sum of a map of numbers up to `largest`, float32 [1]."""

    def count_last(self, spikes: str, channels: int, largest: int = 1) -> str:
        """Return the sum of numbers up to `largest`, [n, places, channels], float32 [1]."""

    def products(self, left: str, right: str) -> str:
        """Return the number of ones that rows of two matrices have in common.

        left is [n, i, j], right [n, k, j], the result [n, i, k].
        """

    def bounded(self, spikes: str) -> str:
        """Return reshaped or transposed spikes in a form that convolutions read in eight bits."""

    def potentials(self, spikes: str) -> str:
        """Return spikes as float32."""

    def weigh(self, spikes: str, kernel: Tensor, unit: float | None = None) -> str:
        """Return potentials, float32, of neurons that do not fire.

        Args:
            spikes: name of a map of spikes.
            kernel: float [out, in, 1, 1].
            unit: unit of the potentials, which are then whole numbers in int8; None: 1, and any
                numbers.
        """


def eight_bits(kernel: npt.NDArray[np.float32]) -> npt.NDArray[np.int8]:
    """Return a kernel of whole numbers as int8. Raises ValueError if they do not fit."""
    largest = np.abs(kernel).max()
    if largest > LARGEST or np.any(kernel != np.rint(kernel)):
        raise ValueError(
            f'a kernel of up to {largest:g} does not fit into int8: give whole numbers from '
            f'-{LARGEST} to {LARGEST}.'
        )
    return kernel.astype(np.int8)


def _in_parts(channels: int, largest: int) -> npt.NDArray[np.int8]:
    """Return ones [parts, channels]: each part sums as many channels as eight bits hold.

    More than 16 parts are padded with empty ones to a multiple of 16: onnxruntime's kernels for
    AMX, up to 1.24, give wrong sums for 17 to 31 outputs (its issue 27670). largest: largest
    number in a channel.
    """
    part = np.arange(channels) // (SATURATION // largest)
    parts = part[-1] + 1
    if parts > LANES:
        parts += -parts % LANES
    return (part == np.arange(parts)[:, None]).astype(np.int8)


class FloatArithmetic:
    """Spikes are float32; exact while potentials are multiples of a step within 24 bits."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def spikes(self, counts: str) -> str:
        """Return uint8 counts, channels last, as a map of spikes."""
        return self._graph.node(
            'Cast', self._graph.transpose(counts, 0, 3, 1, 2), to=TensorProto.FLOAT
        )

    def fire(self, spikes: str, synapses: Synapses) -> str:
        """Return the spikes, zeros and ones, of neurons that spikes drive."""
        return self.fire_at(self.drive(spikes, synapses), synapses.thresholds)

    def drive(self, spikes: str, synapses: Synapses) -> str:
        """Return the potentials, float32, that spikes add to neurons through synapses."""
        kernel = self._graph.constant(synapses.inner())
        return self._graph.node('Conv', spikes, kernel, **synapses.attributes())

    def fire_at(self, potentials: str, thresholds: npt.NDArray[np.float32]) -> str:
        """Return the spikes of neurons of potentials, float32, at thresholds, [channels]."""
        graph = self._graph
        constant = graph.constant(thresholds[None, :, None, None])
        fires = graph.node('GreaterOrEqual', potentials, constant)
        return graph.node('Cast', fires, to=TensorProto.FLOAT)

    def masked(self, spikes: str, mask: str) -> str:
        """Return zeros and ones where a mask of zeros and ones, [n, channels, 1, 1], is one."""
        return self._graph.node('Mul', spikes, mask)

    def burst(self, spikes: str, synapses: Synapses, step: float, largest: int) -> str:
        """Return the spikes of each neuron: potential / step, rounded, at most `largest`."""
        graph = self._graph
        kernel = graph.constant(synapses.inner() / np.float32(step))
        potentials = graph.node('Conv', spikes, kernel, **synapses.attributes())
        bounds = (graph.constant(np.float32(n)) for n in (0, largest))
        return graph.node('Clip', graph.node('Round', potentials), *bounds)

    def add(self, one: str, other: str) -> str:
        """Return the sum of two maps of spikes."""
        return self._graph.node('Add', one, other)

    def nonzero(self, spikes: str) -> str:
        """Return ones where there are spikes."""
        zero, one = (self._graph.constant(np.float32(n)) for n in (0, 1))
        return self._graph.node('Clip', spikes, zero, one)

    def count(self, spikes: str, channels: int, largest: int = 1) -> str:
        """Return the sum of a map of numbers up to `largest`, float32 [1]."""
        return self._graph.total(spikes, 1, 2, 3)

    def count_last(self, spikes: str, channels: int, largest: int = 1) -> str:
        """Return the sum of numbers up to `largest`, [n, places, channels], float32 [1]."""
        return self._graph.total(self._graph.reshape(spikes, 1, -1), 1)

    def products(self, left: str, right: str) -> str:
        """Return the number of ones that rows of two matrices have in common."""
        return self._graph.node('MatMul', left, self._graph.transpose(right, 0, 2, 1))

    def bounded(self, spikes: str) -> str:
        """Return reshaped or transposed spikes in a form that convolutions read in eight bits."""
        return spikes

    def potentials(self, spikes: str) -> str:
        """Return spikes as float32."""
        return spikes

    def weigh(self, spikes: str, kernel: Tensor, unit: float | None = None) -> str:
        """Return potentials, float32, of neurons that do not fire."""
        weights = (kernel / (unit or 1.0)).numpy()
        return self._graph.node('Conv', spikes, self._graph.constant(weights))


class IntegerArithmetic:
    """Spikes are uint8 of scale 1, weights int8 of scale 1 and potentials int32.

    Each convolution stands between the ONNX operators DequantizeLinear and QuantizeLinear;
    onnxruntime's CPU provider and OpenVINO turn these into an integer convolution. A neuron fires
    where its potential K * x reaches n: with the bias 1 - n the result is at least 1 there, and
    saturates at 0 elsewhere.
    """

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._scale = graph.constant(np.float32(1))
        self._zero, self._one = (graph.constant(np.uint8(n)) for n in (0, 1))

    def spikes(self, counts: str) -> str:
        """Return uint8 counts, channels last, as a map of spikes.

        Between the operators that stand for a scale, OpenVINO transposes for free; without them it
        moves each byte twice, or computes the convolutions behind in floating point.
        """
        return self._integer(self._graph.transpose(self._real(counts), 0, 3, 1, 2))

    def fire(self, spikes: str, synapses: Synapses) -> str:
        """Return the spikes, zeros and ones, of neurons that spikes drive."""
        # OpenVINO does not fuse a bias that several convolutions share.
        bias = self._constant((1 - synapses.thresholds).astype(np.int32), is_shared=False)
        return self.nonzero(self._convolve(spikes, synapses, bias))

    def drive(self, spikes: str, synapses: Synapses) -> str:
        """Return the potentials, float32, that spikes add to neurons through synapses."""
        kernel = self._constant(eight_bits(synapses.inner()))
        return self._graph.node('Conv', self._real(spikes), kernel, **synapses.attributes())

    def fire_at(self, potentials: str, thresholds: npt.NDArray[np.float32]) -> str:
        """Return the spikes of neurons of potentials, float32, at thresholds, [channels].

        A comparison would take OpenVINO several times as long.
        """
        least = self._graph.constant((1 - thresholds)[None, :, None, None])
        return self.nonzero(self._integer(self._graph.node('Add', potentials, least)))

    def masked(self, spikes: str, mask: str) -> str:
        """Return zeros and ones where a mask of zeros and ones, [n, channels, 1, 1], is one."""
        product = self._graph.node('Mul', self._real(spikes), self._real(mask))
        return self.nonzero(self._integer(product))

    def burst(self, spikes: str, synapses: Synapses, step: float, largest: int) -> str:
        """Return the spikes of each neuron: potential / step, rounded, at most `largest`."""
        constant = self._graph.constant
        bursts = self._convolve(spikes, synapses, step=constant(np.float32(step)))
        return self._graph.node('Clip', bursts, self._zero, constant(np.uint8(largest)))

    def add(self, one: str, other: str) -> str:
        """Return the sum of two maps of spikes."""
        return self._integer(self._graph.node('Add', self._real(one), self._real(other)))

    def nonzero(self, spikes: str) -> str:
        """Return ones where there are spikes."""
        return self._graph.node('Clip', spikes, self._zero, self._one)

    def count(self, spikes: str, channels: int, largest: int = 1) -> str:
        """Return the sum of a map of numbers up to `largest`, float32 [1].

        A convolution with ones first sums the channels of a pixel, or of four pixels, in parts
        that fit eight bits: it computes in integers, in the layout of the other convolutions.
        """
        side = 2 if largest <= MOST_OF_FOUR else 1
        ones = _in_parts(channels, largest * side**2)[:, :, None, None]
        kernel = self._constant(np.tile(ones, (side, side)))
        form: dict[str, Any] = {
            'kernel_shape': [side] * 2,
            'strides': [side] * 2,
            'pads': [0, 0, *[side - 1] * 2],
        }
        sums = self._integer(self._graph.node('Conv', self._real(spikes), kernel, **form))
        return self._graph.total(self.potentials(sums), 1, 2, 3)

    def count_last(self, spikes: str, channels: int, largest: int = 1) -> str:
        """Return the sum of numbers up to `largest`, [n, places, channels], float32 [1]."""
        graph = self._graph
        kernel = self._constant(_in_parts(channels, largest))
        product = graph.node('MatMul', self._real(spikes), graph.transpose(kernel, 1, 0))
        sums = self.potentials(self._integer(product))
        return graph.total(graph.reshape(sums, 1, -1), 1)

    def products(self, left: str, right: str) -> str:
        """Return the number of ones that rows of two matrices have in common.

        OpenVINO's integer product takes numbers without sign and numbers with sign, and
        transposes the latter as it reads.
        """
        graph = self._graph
        signed, zero = graph.node('Cast', right, to=TensorProto.INT8), graph.constant(np.int8(0))
        signed = graph.node('DequantizeLinear', signed, self._scale, zero)
        signed = graph.transpose(signed, 0, 2, 1)
        return self._integer(graph.node('MatMul', self._real(self.bounded(left)), signed))

    def bounded(self, spikes: str) -> str:
        """Return reshaped or transposed spikes in a form that convolutions read in eight bits.

        OpenVINO moves a Transpose or Reshape behind the DequantizeLinear that follows, and would
        then compute in float32. It does not move them past a Clip.
        """
        largest = self._graph.constant(np.uint8(LARGEST))
        return self._graph.node('Clip', spikes, self._zero, largest)

    def potentials(self, spikes: str) -> str:
        """Return spikes as float32."""
        return self._graph.node('Cast', spikes, to=TensorProto.FLOAT)

    def weigh(self, spikes: str, kernel: Tensor, unit: float | None = None) -> str:
        """Return potentials, float32, of neurons that do not fire.

        OpenVINO sums whole numbers and then multiplies by their steps. onnxruntime has no integer
        operator with a float32 result here, and multiplies first.
        """
        numbers, steps = (each.numpy() for each in integer_readout(kernel, unit))
        if unit is not None:
            steps = steps / np.float32(unit)
        weights = self._constant(eight_bits(numbers), steps)
        return self._graph.node('Conv', self._real(spikes), weights)

    def _convolve(
        self, spikes: str, synapses: Synapses, *bias: str, step: str | None = None
    ) -> str:
        kernel = self._constant(eight_bits(synapses.inner()))
        inputs = self._real(spikes), kernel, *bias
        sums = self._graph.node('Conv', *inputs, **synapses.attributes())
        return self._integer(sums, step)

    def _real(self, spikes: str) -> str:
        return self._graph.node('DequantizeLinear', spikes, self._scale, self._zero)

    def _integer(self, values: str, step: str | None = None) -> str:
        return self._graph.node('QuantizeLinear', values, step or self._scale, self._zero)

    def _constant(
        self,
        integers: npt.NDArray[np.int8] | npt.NDArray[np.int32],
        steps: npt.NDArray[np.float32] | None = None,
        is_shared: bool = True,
    ) -> str:
        """Return integers as a constant with a scale for each output channel, 1 by default."""
        channels = len(integers)
        scales = self._graph.constant(np.ones(channels, np.float32) if steps is None else steps)
        zeros = self._graph.constant(np.zeros(channels, integers.dtype))
        graph = self._graph
        constant = (graph.constant if is_shared else graph.unshared)(integers)
        return self._graph.node('DequantizeLinear', constant, scales, zeros, axis=0)
