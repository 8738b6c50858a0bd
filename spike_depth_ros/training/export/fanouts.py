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

"""Fan-outs of a network's layers, from its trace: the synapses that one spike reaches."""

from fractions import Fraction
from math import prod
from typing import Any

from torch import fx

from spike_depth_ros.training.export.trace import INPUT, Trace
from spike_depth_ros.training.networks.network import Output
from spike_depth_ros.training.networks.spiking import fanout


def fanouts(trace: Trace) -> dict[str, float]:
    """Return the number of synapses that a spike of each layer, and of the input, reaches.

    A spike of the input reaches them in each time step.

    Synapses are those of the PyTorch network, away from the border; the exported file needs fewer
    where it computes at a lower resolution. If different layers read different images or channels
    of a layer, the number is the mean over the layer.
    """
    steps = {name: trace.by_step(node) for name, node in trace.layers.items()}
    sources = {INPUT: trace.counts, **{name: nodes[0] for name, nodes in steps.items()}}
    stops = {node for nodes in steps.values() for node in nodes} | set(trace.layers.values())
    return {name: float(_reached(trace.module, node, stops)) for name, node in sources.items()}


def _reached(module: fx.GraphModule, node: fx.Node, stops: set[fx.Node]) -> Fraction:
    """Return the synapses that one value of a node reaches before it enters another layer."""
    total = Fraction(0)
    for user in node.users:
        if user.op == 'call_module':
            total += _synapses(module.get_submodule(str(user.target)), user, node)
        elif user not in stops and user.target is not Output:
            total += _share(node, user) * _reached(module, user, stops)
    return total


def _synapses(layer: Any, user: fx.Node, node: fx.Node) -> Fraction:
    """Return the synapses of a layer that one value of an input reaches."""
    if hasattr(layer, 'reached'):
        reached = layer.reached(*user.args, **user.kwargs)
    elif hasattr(layer, 'weight'):
        reached = [(user.args[0], fanout(layer))]
    else:
        reached = []
    return sum((Fraction(count) for source, count in reached if source is node), Fraction(0))


def _share(node: fx.Node, user: fx.Node) -> Fraction:
    """Return the share of a node's images and channels that an operation passes on."""
    return min(Fraction(1), Fraction(_channels(user.meta), _channels(node.meta)))


def _channels(meta: dict[str, Any]) -> int:
    """Return images times channels of a node, or of all parts of a split one."""
    tensors = meta['tensor_meta']
    parts = [tensors] if hasattr(tensors, 'shape') else tensors
    return sum(prod(part.shape[:2]) for part in parts)
