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

"""Declaring a node's parameters from its table."""

import os
from collections.abc import Callable
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
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, REPLAY, ParameterRow, Table

PACKAGE = (*BINNER, *DEPTH, *REPLAY)


class ParameterError(ValueError):
    """A parameter with a wrong name or value; says which, and what is allowed."""


def declare(node: Node, table: Table, beside: Table = ()) -> dict[str, Any]:
    """Declare the parameters of `table` and return their values by name.

    beside: those of the other nodes in this process, which get whatever is given without naming a
    node; they are left to those nodes. Names in a section of a parameter file that is shared by
    all nodes of a robot are left out where they are unknown, with a warning.

    The node must have been made with automatically_declare_parameters_from_overrides=True: that
    is how rclpy lets a node see names that it does not know. Raises ParameterError for an unknown
    name that was given to this node, and for a value of a wrong type or out of range.
    """
    given = {name: p.value for name, p in node.get_parameters_by_prefix('').items()}
    _leave_out(node, given, (*table, *beside))
    _check_given(given, (*table, *beside))
    values: dict[str, Any] = {}
    for row in table:
        default = values.get(row.follows, row.default)
        values[row.name] = _expanded(row, given.get(row.name, default))
    for row in (*table, *beside):
        if row.name in given:
            node.undeclare_parameter(row.name)
    for row in table:
        node.declare_parameter(row.name, values[row.name], _descriptor(row), ignore_override=True)
    node.get_logger().info(', '.join(f'{name}={_as_given(v)}' for name, v in values.items()))
    return values


def on_change(
    node: Node,
    table: Table,
    apply: Callable[[str, Any], None],
    refuse: Callable[[str, Any], str] | None = None,
) -> None:
    """Call apply(name, value) when a parameter that may change gets a new value.

    rclpy refuses wrong types, values out of range and read-only parameters itself, and says why.
    refuse: says why a value that passed cannot be taken, or ''; None: all are taken.
    """
    names = [row.name for row in table if not row.read_only]

    def check(parameters: list[Parameter]) -> SetParametersResult:
        reasons = (refuse(p.name, p.value) for p in parameters if p.name in names)
        reason = next(filter(None, reasons), '')
        return SetParametersResult(successful=not reason, reason=reason)

    def changed(parameters: list[Parameter]) -> None:
        for parameter in parameters:
            if parameter.name in names:
                apply(parameter.name, parameter.value)

    if refuse:
        node.add_on_set_parameters_callback(check)
    node.add_post_set_parameters_callback(changed)


def checked(row: ParameterRow, value: Any) -> Any:
    """Return the value in the type of the row; raises ParameterError if it is not allowed."""
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
    """Return the checked value, a path as one that can be opened."""
    value = checked(row, value)
    return os.path.expanduser(value.removeprefix('file://')) if row.is_path else value


def _as_given(value: Any) -> str:
    """Return a value as the command line takes it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _leave_out(node: Node, given: dict[str, Any], known: Table) -> None:
    """Undeclare the unknown names that were given to all nodes of a robot, and warn of them."""
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
    """Check all names, and the values that rclpy takes."""
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
    descriptor = ParameterDescriptor(description=row.description + unit, read_only=row.read_only)
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
