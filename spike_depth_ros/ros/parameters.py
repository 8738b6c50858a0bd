"""Declaring a node's parameters from its table."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from spike_depth_ros.ros.parameter_tables import ParameterRow, Table

# rclpy declares these itself, or reads them where a topic is made, and takes them as they are.
_RCLPY_ROWS = (
    ParameterRow('use_sim_time', False, '', 'Take the time from /clock.'),
    ParameterRow('start_type_description_service', True, '', 'Describe message types.'),
)
_QOS_NAME = re.compile(
    r'qos_overrides\.(?P<topic>[^.]+)\.(publisher|subscription)\.(?P<policy>\w+)'
)
# The topics whose durability can be overridden; see qos.OVERRIDABLE_DURABILITY.
_LATCHABLE = 'camera_info'
_QOS_ROWS = (
    ParameterRow('depth', 10, 'messages', 'Depth of the queue.', 1, 1_000_000),
    ParameterRow('history', 'keep_last', '', 'What is kept.', choices=('keep_last', 'keep_all')),
    ParameterRow(
        'reliability', 'reliable', '', 'What is sent again.', choices=('reliable', 'best_effort')
    ),
    ParameterRow(
        'durability',
        'volatile',
        '',
        'What those who join later get.',
        choices=('volatile', 'transient_local'),
    ),
)


class ParameterError(ValueError):
    """A parameter with a wrong name or value; says which, and what is allowed."""


def declare(node: Node, table: Table, beside: Table = ()) -> dict[str, Any]:
    """Declare the parameters of `table` and return their values by name.

    beside: those of the other nodes in this process, which get whatever is given without naming a
    node; they are left to those nodes.

    The node must have been made with automatically_declare_parameters_from_overrides=True: that
    is how rclpy lets a node see names that it does not know. Raises ParameterError for an unknown
    name and for a value of a wrong type or out of range.
    """
    given = {name: p.value for name, p in node.get_parameters_by_prefix('').items()}
    _check_given(given, (*table, *beside))
    values = {row.name: checked(row, given.get(row.name, row.default)) for row in table}
    for row in (*table, *beside):
        if row.name in given:
            node.undeclare_parameter(row.name)
    for row in table:
        node.declare_parameter(row.name, values[row.name], _descriptor(row), ignore_override=True)
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
        unit = f' {row.unit}' if row.unit and row.minimum is not None else ''
        raise ParameterError(
            f"parameter '{row.name}' is {value!r}, but must be {row.allowed()}{unit} "
            f'({row.description[0].lower()}{row.description[1:].rstrip(".")})'
        )
    return value


def _check_given(given: dict[str, Any], table: Table) -> None:
    """Check all names, and the values that rclpy takes."""
    known = [row.name for row in table]
    rows = {row.name: row for row in _RCLPY_ROWS}
    for name, value in given.items():
        row = rows.get(name) or _qos_row(name)
        if row:
            checked(row, value)
        elif name not in known:
            raise ParameterError(
                f"there is no parameter '{name}': use one of {', '.join(known)}, use_sim_time, or "
                'qos_overrides.<topic>.<publisher or subscription>.'
                '<depth, history, reliability or durability>'
            )


def _qos_row(name: str) -> ParameterRow | None:
    """Return the row of a QoS override, None if the parameter is none."""
    match = _QOS_NAME.fullmatch(name)
    if not match or (match['policy'] == 'durability' and not match['topic'].endswith(_LATCHABLE)):
        return None
    rows = (row for row in _QOS_ROWS if row.name == match['policy'])
    return next((replace(row, name=name) for row in rows), None)


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
