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

"""Networks as ONNX models."""

import copy
import operator
from typing import Any

import onnx
import torch
from spikingjelly.activation_based.neuron import IFNode
from torch import fx

from spike_depth_ros.training.export.convolution import Drive
from spike_depth_ros.training.export.maps import Spikes, spikes
from spike_depth_ros.training.export.operands import check_operands
from spike_depth_ros.training.export.rules import FUNCTIONS, lower, lower_function
from spike_depth_ros.training.export.trace import trace
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.analog import is_analog
from spike_depth_ros.training.networks.membrane import membranes
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.normalised import fold, has_normalised
from spike_depth_ros.training.networks.spiking import reset
from spike_depth_ros.training.settings import SettingsError


def depth_model(
    network: DepthNetwork, precision: Precision, height: int, width: int
) -> onnx.ModelProto:
    """Return a network as an ONNX model, without the metadata of its contract.

    Input `spikes`, uint8 [1, height, width, channels]: a spike frame as it is. Outputs, float32:
    `depth` [1, 1, height, width], `firing_rates` and `mean_spikes` [layers], and from networks
    with confidence `confidence` [1, 1, height, width]. States of leaky membranes are further
    inputs and outputs, see inference/memory.py. Raises SettingsError for a network with an
    operation that has no rule.

    Args:
        network: network in float32, or trained in eight bits.
        precision: precision of the spiking layers.
        height, width: size of the spike frame, pixels.
    """
    if network.no_file:
        raise SettingsError(network.no_file)
    if has_normalised(network):
        reset(network)  # potentials with a gradient cannot be copied
        network = copy.deepcopy(network)
        fold(network)
    traced = trace(network)
    names = {membrane: name for name, membrane in membranes(network)}
    repeated = traced.repeated if traced.steps > 1 else set()
    writer = Writer(precision, height, width, names, repeated)
    all_send = is_analog(network)
    with torch.no_grad():
        try:
            layers = {} if all_send else traced.layers
            _Lowering(traced.module, layers, writer, network.channels).run(None)
        except SettingsError as error:
            raise SettingsError(f'{type(network).__name__} cannot be exported: {error}') from error
        counts = writer.counts
        counted = (
            counts.write_all(len(traced.layers)) if all_send else counts.write(traced.layers),
        )
    outputs = writer.outputs | {'firing_rates': counted, 'mean_spikes': counted}
    frame = (1, height, width, network.channels)
    return writer.graph.model(frame, outputs, writer.states)


class _Lowering(fx.Interpreter):
    """Interpreter of a trace that applies the rule of each operation."""

    def __init__(
        self, module: fx.GraphModule, layers: dict[str, fx.Node], writer: Writer, channels: int
    ) -> None:
        """Begin.

        Args:
            module: operations of the network.
            layers: nodes of the layers whose spikes are counted, by name.
            writer: writer of the graph.
            channels: channels of the spike frame.
        """
        super().__init__(module)
        self.extra_traceback = False
        self._writer, self._channels = writer, channels
        self._layers: dict[fx.Node, list[str]] = {}
        for name, node in layers.items():
            self._layers.setdefault(node, []).append(name)

    def run_node(self, n: fx.Node) -> Any:
        """Return the value of a node; count the spikes of a layer."""
        if self._is_left_out(n):
            return None
        value = super().run_node(n)
        for name in self._layers.get(n, ()):
            if not isinstance(value, Spikes):
                raise SettingsError(
                    f"Output.spikes['{name}'] holds no spikes: report outputs of neurons."
                )
            self._writer.counts.layer(name, value.covered() or [self._writer.whole(value)])
        return value

    def placeholder(self, target: Any, args: Any, kwargs: Any) -> Spikes:
        """Return the spike frame."""
        return spikes(self._writer.frame(self._channels))

    def call_module(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Write a layer."""
        layer = self.fetch_attr(target)
        rule = lower.dispatch(type(layer))
        check_operands(f"the layer '{target}'", rule, layer, self._writer, *args, **kwargs)
        return lower(layer, self._writer, *args, **kwargs)

    def call_function(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Write a function."""
        if target is Output:
            return Output(*args, **kwargs)
        return self._lower_function(target, *args, **kwargs)

    def call_method(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Write a method of a tensor."""
        return self._lower_function(target, *args, **kwargs)

    def _lower_function(self, function: Any, *args: Any, **kwargs: Any) -> Any:
        if function in FUNCTIONS:
            name = getattr(function, '__name__', function)
            check_operands(name, FUNCTIONS[function], self._writer, *args, **kwargs)
        return lower_function(function, self._writer, *args, **kwargs)

    def _is_left_out(self, node: fx.Node) -> bool:
        """Return whether a node's neurons never fire and only sums read them.

        Training silences some layers.
        """
        source = node.args[0] if node.op == 'call_module' and node.args else None
        drive = self.env[source] if isinstance(source, fx.Node) else None
        return (
            isinstance(drive, Drive)
            and isinstance(neurons := self.fetch_attr(str(node.target)), IFNode)
            and neurons not in self._writer.repeated  # its potentials may reach the threshold
            and all(self._has_other(user, node) for user in node.users)
            and not drive.can_fire()
        )

    def _has_other(self, user: fx.Node, node: fx.Node) -> bool:
        """Return whether a user adds to a node another one that is not left out."""
        others = [each for each in user.all_input_nodes if each is not node]
        return (
            user.target is operator.add
            and bool(others)
            and all(self.env.get(other, other) is not None for other in others)
        )
