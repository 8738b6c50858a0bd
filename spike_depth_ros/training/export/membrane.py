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

"""Leaky membranes in an ONNX graph: inputs and outputs of their states."""

import numpy as np

from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.membrane import LARGEST_STATE, LeakyMembrane


def remembered(
    membrane: LeakyMembrane,
    writer: Writer,
    evidence: str,
    shape: tuple[int, ...],
    unit: float | None,
) -> str:
    """Return a membrane's potentials, [1, channels, places]; add its state to the graph.

    The product of a potential and its leak is rounded to a whole number of the unit before it is
    added: no provider can then fuse the two operations, which would round otherwise.

    Args:
        membrane: the membrane.
        writer: writer of the graph.
        evidence: name of the evidence, [1, channels, places].
        shape: channels, h and w.
        unit: unit of the evidence, which is a whole number; None: it is any number.
    """
    graph = writer.graph
    name = writer.state(membrane, (1, *shape))
    state, leak, gain = (writer.places(f'{name}_{each}') for each in ('in', 'leak', 'gain'))
    kept, added = graph.node('Mul', state, leak), graph.node('Mul', evidence, gain)
    if unit is not None:
        kept, added = graph.node('Round', kept), graph.node('Round', added)
    largest = LARGEST_STATE / (unit or 1.0)
    bounds = (graph.constant(np.float32(sign * largest)) for sign in (-1, 1))
    potentials = graph.node('Clip', graph.node('Add', kept, added), *bounds)
    whole = graph.constant(np.array([1, *shape]))
    graph.node('Reshape', potentials, whole, output=f'{name}_out')
    return potentials
