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

"""Graph of a network's operations, traced from `predict` by torch.fx.

Layers are its nodes: synapses, neurons and readouts that have a rule for export, and PyTorch's
own. Modules without a rule are traced through.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import torch
from spikingjelly.activation_based.base import MemoryModule
from spikingjelly.activation_based.neuron import IFNode
from torch import fx, nn
from torch.fx.passes.shape_prop import ShapeProp

from spike_depth_ros.training.export import (
    attention,  # noqa: F401 (registers rules, as do the next four)
    convolution,  # noqa: F401
    matching,  # noqa: F401
    readout,  # noqa: F401
    structure,  # noqa: F401
)
from spike_depth_ros.training.export.rules import is_layer
from spike_depth_ros.training.networks.network import GRID, DepthNetwork, Output, evaluating
from spike_depth_ros.training.networks.spiking import WindowNeurons, reset
from spike_depth_ros.training.settings import SettingsError

INPUT = 'input'  # name of the spike frame among the layers


@dataclass(frozen=True)
class Trace:
    """Operations of a network.

    Attributes:
        module: operations; each node has the shape of its result in `meta`.
        counts: node of the input.
        layers: node of each reported layer by name, in the order of Output.spikes: the sum of
            those of the time steps.
        steps: number of time steps; from 2, the potentials of neurons go on from step to step.
    """

    module: fx.GraphModule
    counts: fx.Node
    layers: dict[str, fx.Node]
    steps: int = 1

    @property
    def repeated(self) -> set[nn.Module]:
        """Return the layers that are called for each time step."""
        targets = Counter(node.target for node in self.module.graph.nodes)
        found = [node.target for node in self.module.graph.nodes if node.op == 'call_module']
        return {self.module.get_submodule(each) for each in found if targets[each] > 1}

    def by_step(self, layer: fx.Node) -> list[fx.Node]:
        """Return the nodes of a reported layer of each time step."""
        nodes: list[Any] = []
        for _ in range(self.steps - 1):
            layer, latest = layer.args  # type: ignore[assignment]  # operands of a sum
            nodes.append(latest)
        return [layer, *reversed(nodes)]


class _Tracer(fx.Tracer):
    traced_func_name = 'predict'

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether a module is one node of the graph."""
        is_leaf = super().is_leaf_module(m, module_qualified_name)
        return is_layer(m) or is_leaf or isinstance(m, MemoryModule)


def trace(network: DepthNetwork) -> Trace:
    """Trace a network. Raises SettingsError if its `predict` cannot be exported."""
    name = type(network).__name__
    try:
        graph = _Tracer().trace(network)
    except Exception as error:  # predict may do anything with the tracer's placeholders
        reason = str(error).partition('. ')[0]
        raise SettingsError(
            f'{name} cannot be traced ({reason}): use layers of training/networks and torch.cat, '
            'chunk, split and + in predict, and no conditions or loops over tensors.'
        ) from error
    inputs = graph.find_nodes(op='placeholder')
    if len(inputs) != 1:
        raise SettingsError(f'{name} cannot be exported: let predict take counts only.')
    steps = _steps(network, graph)
    module = fx.GraphModule(network, graph)
    _drop_features(module)
    reset(network)
    with torch.no_grad(), evaluating(network):
        ShapeProp(module).propagate(torch.zeros(1, network.channels, 2 * GRID, 2 * GRID))
    reset(network)
    return Trace(module, inputs[0], _reported(name, graph), steps)


def _drop_features(module: fx.GraphModule) -> None:
    """Remove the operations that only Output.features needs, which training alone reads."""
    (result,) = module.graph.output_node().args
    if isinstance(result, fx.Node) and result.target is Output:
        values = dict(zip(Output._fields, result.args, strict=False)) | result.kwargs
        values['features'] = ()
        result.args, result.kwargs = (), values
        module.graph.eliminate_dead_code()
        module.recompile()


def _steps(network: DepthNetwork, graph: fx.Graph) -> int:
    """Return how often neurons whose potentials go on are called; other ones are called once."""
    steps = 1
    calls = Counter(node.target for node in graph.nodes if node.op == 'call_module')
    for layer, times in calls.items():
        module = network.get_submodule(layer)
        if isinstance(module, IFNode) and not isinstance(module, WindowNeurons):
            steps = max(steps, times)
        elif times > 1 and isinstance(module, MemoryModule):
            raise SettingsError(
                f"predict calls the neurons '{layer}' {times} times, and the second call would "
                'start at the potentials of the first: call the layer once, with its inputs '
                'concatenated along the first axis, torch.cat([a, b]), and chunk the result.'
            )
    return steps


def _reported(network: str, graph: fx.Graph) -> dict[str, fx.Node]:
    (result,) = graph.output_node().args
    if not isinstance(result, fx.Node) or result.target is not Output:
        raise SettingsError(f'{network} cannot be exported: let predict return an Output.')
    arguments: dict[str, Any] = (
        dict(zip(Output._fields, result.args, strict=False)) | result.kwargs
    )
    spikes = arguments.get('spikes')
    if not isinstance(spikes, dict) or not spikes or INPUT in spikes:
        raise SettingsError(
            f'{network} cannot be exported: let Output.spikes be a dict from the names of layers '
            f"to their spikes, with one layer or more, none of which is called '{INPUT}'."
        )
    return dict(spikes)
