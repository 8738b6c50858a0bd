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

"""Declaration and change of a node's parameters by its table."""

import os
from collections.abc import Callable, Mapping
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from spike_depth_ros.ros.parameter_names import is_known, near, rclpy_row, shared_names
from spike_depth_ros.ros.parameter_row import ParameterRow, Table
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, EVENT_CAMERAS, REPLAY

# Parameters of all nodes of this package.
PACKAGE = (*BINNER, *DEPTH, *REPLAY, *EVENT_CAMERAS)


class ParameterError(ValueError):
    """A wrong parameter name or value; the message is one sentence with the allowed values."""


def declare(node: Node, table: Table, others: Table = ()) -> dict[str, Any]:
    """Declare the parameters of a table and return their values by name.

    Unknown names in a section of a parameter file for all nodes of a robot are ignored, with a
    warning. Raises ParameterError for an unknown name that was given to this node, and for a value
    of a wrong type or out of range.

    Args:
        node: a node made with automatically_declare_parameters_from_overrides=True, which shows
            it unknown names too.
        table: parameters of the node.
        others: parameters of the other nodes in this process, which see the same command line.
    """
    overrides: dict[str, Any] = dict(node.get_parameters_by_prefix(''))
    given = {name: parameter.value for name, parameter in overrides.items()}
    _leave_out(node, given, (*table, *others))
    _check_given(given, (*table, *others))
    values: dict[str, Any] = {}
    for row in table:
        default = values.get(row.follows, row.default)
        values[row.name] = _expanded(row, given.get(row.name, default))
    for row in (*table, *others):
        if row.name in given:
            node.undeclare_parameter(row.name)
    for row in table:
        node.declare_parameter(row.name, values[row.name], _descriptor(row), ignore_override=True)
    node.get_logger().info(', '.join(f'{name}={_as_given(v)}' for name, v in values.items()))
    return values


def on_change(
    node: Node,
    table: Table,
    apply: Callable[[Mapping[str, Any]], None],
    refuse: Callable[[str, Any], str] = lambda name, value: '',
) -> None:
    """Call apply with all values of the table after one has changed.

    rclpy refuses wrong types, values out of range and read-only parameters itself.

    Args:
        node: the node.
        table: parameters of the node.
        apply: called with the values by name.
        refuse: returns why a value within its range is refused, or ''.
    """
    names = [row.name for row in table]

    def check(parameters: list[Parameter]) -> SetParametersResult:
        reasons = (refuse(p.name, p.value) for p in parameters if p.name in names)
        reason = next(filter(None, reasons), '')
        return SetParametersResult(successful=not reason, reason=reason)

    def changed(parameters: list[Parameter]) -> None:
        if any(parameter.name in names for parameter in parameters):
            apply({name: node.get_parameter(name).value for name in names})

    node.add_on_set_parameters_callback(check)
    node.add_post_set_parameters_callback(changed)


def checked(row: ParameterRow, value: Any) -> Any:
    """Return a value in the type of its row; raise ParameterError if it is not allowed."""
    if row.is_list and isinstance(value, list | tuple) and value:
        return [checked(row, text) for text in value]
    wanted = type(row.default)
    if wanted is float and type(value) is int:
        value = float(value)
    fits = type(value) is wanted and (not row.choices or value in row.choices)
    if fits and row.minimum is not None and row.maximum is not None:
        fits = row.minimum <= value <= row.maximum
    if not fits or (row.required and not value):
        hint = ' without quotes' if wanted is bool and str(value) in ('true', 'false') else ''
        unit = f' {row.unit}' if row.unit and row.minimum is not None else ''
        raise ParameterError(
            f"parameter '{row.name}' is {value!r}, but must be {row.allowed()}{unit}{hint} "
            f'({row.description[0].lower()}{row.description[1:].rstrip(".")})'
        )
    return value


def _expanded(row: ParameterRow, value: Any) -> Any:
    """Return the checked value; of a path without ~ and file://."""
    value = checked(row, value)
    if not row.is_path:
        return value
    if isinstance(value, list):
        return [_expanded_path(path) for path in value]
    return _expanded_path(value)


def _expanded_path(path: str) -> str:
    return os.path.expanduser(path.removeprefix('file://'))


def _as_given(value: Any) -> str:
    """Return a value as it is written on a command line."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _leave_out(node: Node, given: dict[str, Any], known: Table) -> None:
    """Undeclare unknown names that were given to all nodes of a robot, with a warning."""
    names = shared_names(node.get_fully_qualified_name(), given, known)
    for name in names:
        node.undeclare_parameter(name)
        del given[name]
    strange = [f"'{name}'{near(name, known)}" for name in names if not is_known(name, PACKAGE)]
    if strange:
        node.get_logger().warning(
            f'no node of this package has the parameter {", ".join(strange)} of a section for '
            'all nodes: ignored'
        )


def _check_given(given: dict[str, Any], table: Table) -> None:
    """Raise ParameterError for an unknown name, and for a wrong value of an rclpy parameter."""
    known = [row.name for row in table]
    for name, value in given.items():
        row = rclpy_row(name)
        if row:
            checked(row, value)
        elif name not in known:
            raise ParameterError(
                f"there is no parameter '{name}'{near(name, table)}: use one of "
                f'{", ".join(known)}, use_sim_time, or '
                'qos_overrides.<topic>.<publisher or subscription>.'
                '<depth, history, reliability or durability>'
            )


def _descriptor(row: ParameterRow) -> ParameterDescriptor:
    unit = f' [{row.unit}]' if row.unit else ''
    descriptor = ParameterDescriptor(
        description=row.description + unit,
        read_only=row.read_only,
        dynamic_typing=row.is_list,
    )
    if row.choices:
        descriptor.additional_constraints = row.allowed()
    if row.minimum is not None and row.maximum is not None:
        if isinstance(row.default, int):
            bounds = IntegerRange(from_value=int(row.minimum), to_value=int(row.maximum))
            descriptor.integer_range = [bounds]
        else:
            bounds = FloatingPointRange(from_value=float(row.minimum), to_value=float(row.maximum))
            descriptor.floating_point_range = [bounds]
    return descriptor
