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

"""Registry of the rules that write a network's operations into the ONNX graph.

One rule serves one kind of layer (a class, with the subclasses that inherit `forward`) or one
function. A rule takes the
Writer and the operation's arguments, in which tensors are replaced by what the rules of their
operations returned: `Spikes` for spikes, `Drive` for the potentials of a layer's neurons. Rules
for layers with neurons and synapses are in convolution.py, for structure (concatenation, skip
connections) in structure.py, for the matching of two cameras in matching.py and for readouts in
readout.py. The arithmetic of both precisions is in arithmetic.py.

The rules of attention, in attention.py, multiply maps of spikes as whole numbers in float32, whose
sums over the tokens exceed eight bits. `Arithmetic.products` saturates at 255 and serves counts
up to 127, as those of coincidences. Time steps are unrolled: neurons that `predict` calls once a
step carry their potentials inside the graph, see carried.py. Only potentials that last from window
to window are inputs and outputs of the graph, see membrane.py.
"""

from collections.abc import Callable
from functools import singledispatch
from typing import Any

from torch import nn

from spike_depth_ros.training.settings import SettingsError

FUNCTIONS: dict[object, Callable[..., Any]] = {}  # rules of functions, and of methods by name
NO_RULE = (
    'has no rule for export: use layers of training/networks, torch.cat, chunk, split and +, or '
    'register a rule (docs/how-to/add-a-network.md).'
)


@singledispatch
def lower(layer: nn.Module, *arguments: Any) -> Any:
    """Write a layer into the graph; return the value of its output.

    Args:
        layer: layer whose class selects the rule.
        arguments: the Writer, then the arguments of the layer's `forward`.

    Raises SettingsError for a layer without a rule.
    """
    raise SettingsError(f'{type(layer).__name__} {NO_RULE}')


def is_layer(module: nn.Module) -> bool:
    """Return whether a rule exists for a module.

    A subclass that computes something else, with a `forward` of its own, has none.
    """
    kinds = (kind for kind in type(module).__mro__[:-1] if kind in lower.registry)
    kind: Any = next(kinds, None)
    return kind is not None and type(module).forward is kind.forward


def function_rule(*functions: object) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a rule for functions, or for methods of tensors by name."""

    def register(rule: Callable[..., Any]) -> Callable[..., Any]:
        FUNCTIONS.update(dict.fromkeys(functions, rule))
        return rule

    return register


def lower_function(function: object, *arguments: Any, **options: Any) -> Any:
    """Write a function into the graph; see `lower`."""
    if function not in FUNCTIONS:
        name = getattr(function, '__name__', function)
        raise SettingsError(f'{name} {NO_RULE}')
    return FUNCTIONS[function](*arguments, **options)
