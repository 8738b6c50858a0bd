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

"""Neurons whose potentials go on from time step to time step: whole numbers in float32."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import nn

from spike_depth_ros.training.export.arithmetic import Arithmetic
from spike_depth_ros.training.export.graph import Graph

Numbers = NDArray[np.float32]


class Step(NamedTuple):
    """Time step of a population of neurons.

    Args:
        potentials: name of the potentials that were compared with the thresholds, float32, without
            the constant input of this step.
        fired: name of the spikes.
        constant: constant input of a step, [channels].
    """

    potentials: str
    fired: str
    constant: Numbers


class CarriedPotentials:
    """Potentials of the neurons of a graph after their latest time step."""

    def __init__(self, graph: Graph, arithmetic: Arithmetic) -> None:
        self._graph, self._arithmetic = graph, arithmetic
        self._steps: dict[object, Step] = {}

    def fire(
        self,
        neurons: tuple[nn.Module, int],
        input: str,
        thresholds: Numbers,
        constant: Numbers,
    ) -> str:
        """Return the spikes of the next time step; a spike resets the potential to 0.

        Args:
            neurons: neurons, and number of the image that they see.
            input: name of the potentials that spikes add, float32 [1, channels, h, w].
            thresholds: potentials at which they fire, less the constant input, [channels].
            constant: constant input of a step, [channels].
        """
        if neurons in self._steps:
            input = self._graph.node('Add', input, self._rest(self._steps[neurons]))
        fired = self._arithmetic.fire_at(input, thresholds)
        self._steps[neurons] = Step(input, fired, constant)
        return fired

    def _rest(self, step: Step) -> str:
        """Return the potentials that a step leaves: 0 where a neuron fired."""
        graph = self._graph
        constant = graph.constant(step.constant[None, :, None, None])
        reached = graph.node('Add', step.potentials, constant)
        fired = self._arithmetic.potentials(step.fired)
        silent = graph.node('Sub', graph.constant(np.float32(1)), fired)
        return graph.node('Mul', reached, silent)
