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

"""Upper limit of an execution provider: int8 multiply-accumulates per second of large layers."""

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import onnx
from onnx import numpy_helper

from bench.sessions import session_with
from spike_depth_ros.training.export.arithmetic import IntegerArithmetic, Synapses
from spike_depth_ros.training.export.graph import Graph

CHANNELS, HEIGHT, WIDTH, KERNEL, LAYERS = 512, 68, 88, 3, 6
REPETITIONS = 10


def attainable(provider: str) -> float:
    """Return the int8 multiply-accumulates a second of large convolutions with a provider."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'convolutions.onnx'
        model = _convolutions()
        onnx.save(model, path)
        session = session_with(path, provider)
    spikes = np.random.default_rng(0).integers(0, 2, (1, HEIGHT, WIDTH, CHANNELS)).astype(np.uint8)
    times = []
    for _ in range(REPETITIONS):
        start = perf_counter()
        session.run(None, {'spikes': spikes})
        times.append(perf_counter() - start)
    return multiply_accumulates(model) / median(times[1:])


def multiply_accumulates(model: onnx.ModelProto) -> int:
    """Return the number of multiply-accumulates in a model's integer convolutions.

    Weights of 0 do not count: kernels in phase layout hold many.
    """
    graph = onnx.shape_inference.infer_shapes(model).graph
    sizes = {value.name: value.type.tensor_type.shape.dim for value in graph.value_info}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    made_by = {node.output[0]: node for node in graph.node}
    operations = 0
    for node in graph.node:
        if node.op_type == 'Conv' and node.input[1] in made_by:  # a constant that is dequantised
            kernel = constants[made_by[node.input[1]].input[0]]
            batch, _, height, width = (side.dim_value for side in sizes[node.output[0]])
            weights = np.count_nonzero(numpy_helper.to_array(kernel))
            operations += batch * height * width * weights
    return operations


def _convolutions() -> onnx.ModelProto:
    graph = Graph()
    arithmetic = IntegerArithmetic(graph)
    random = np.random.default_rng(0)
    spikes = arithmetic.nonzero(graph.transpose('spikes', 0, 3, 1, 2))
    for _ in range(LAYERS):
        kernel = random.integers(-127, 128, (CHANNELS, CHANNELS, KERNEL, KERNEL))
        thresholds = np.full(CHANNELS, 500, np.float32)
        spikes = arithmetic.fire(spikes, Synapses(kernel.astype(np.float32), thresholds))
    graph.node('Identity', arithmetic.count(spikes, CHANNELS), output='count')
    return graph.model((1, HEIGHT, WIDTH, CHANNELS), {'count': (1,)})
