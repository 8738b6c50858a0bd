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

"""Writer of an ONNX graph, node by node."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
IR_VERSION = 9


class Graph:
    """An ONNX graph that grows node by node; values are numbered in order of creation."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, value: npt.ArrayLike) -> str:
        """Return the name of a constant; equal constants share one."""
        array = np.asarray(value, order='C')
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._known:
            self._known[key] = self.unshared(array)
        return self._known[key]

    def unshared(self, value: npt.NDArray[Any]) -> str:
        """Return the name of a constant of its own."""
        name = f'constant_{len(self._constants)}'
        self._constants.append(numpy_helper.from_array(value, name))
        return name

    def node(self, kind: str, *inputs: str, output: str | None = None, **attributes: Any) -> str:
        """Add a node with one output; return the output's name."""
        name = output or f'{kind}_{len(self._nodes)}'
        self._nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def transpose(self, x: str, *order: int) -> str:
        """Return x with its axes in the given order."""
        return self.node('Transpose', x, perm=order)

    def reshape(self, x: str, *shape: int) -> str:
        """Return x in the given shape."""
        return self.node('Reshape', x, self.constant(np.array(shape)))

    def total(self, x: str, *axes: int) -> str:
        """Return the sums of x over axes, which are removed."""
        return self.node('ReduceSum', x, self.constant(np.array(axes)), keepdims=0)

    def part(self, x: str, axis: int, start: int, end: int) -> str:
        """Return x from start to end (not included) along an axis."""
        ends = (self.constant(np.array([n])) for n in (start, end, axis))
        return self.node('Slice', x, *ends)

    def model(
        self,
        spikes: tuple[int, ...],
        outputs: dict[str, tuple[int, ...]],
        states: Mapping[str, tuple[int, ...]] = MappingProxyType({}),
    ) -> onnx.ModelProto:
        """Return the finished model, checked by onnx.

        Args:
            spikes: shape of the input `spikes`, uint8.
            outputs: shapes of the float32 outputs by name.
            states: shapes of further inputs, float32, by name.
        """
        graph = helper.make_graph(
            self._nodes,
            'spike_depth',
            [helper.make_tensor_value_info('spikes', TensorProto.UINT8, spikes), *_floats(states)],
            _floats(outputs),
            self._constants,
        )
        opset = helper.make_opsetid('', OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        onnx.checker.check_model(model, full_check=True)
        return model


def _floats(shapes: Mapping[str, tuple[int, ...]]) -> list[onnx.ValueInfoProto]:
    """Return the descriptions of float32 tensors, by their names and shapes."""
    return [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in shapes.items()
    ]
