"""Declaring a node's parameters from its table."""

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from spike_depth_ros.ros.parameter_files import given_to
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, REPLAY, ParameterRow, Table

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
    node; they are left to those nodes. Names in a section of a parameter file that is shared by
    all nodes of a robot are left out where they are unknown, with a warning.

    The node must have been made with automatically_declare_parameters_from_overrides=True: that
    is how rclpy lets a node see names that it does not know. Raises ParameterError for an unknown
    name that was given to this node, and for a value of a wrong type or out of range.
    """
    given = {name: p.value for name, p in node.get_parameters_by_prefix('').items()}
    for name in _shared(node, given, (*table, *beside)):
        node.undeclare_parameter(name)
        del given[name]
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
        unit = f' {row.unit}' if row.unit and row.minimum is not None else ''
        raise ParameterError(
            f"parameter '{row.name}' is {value!r}, but must be {row.allowed()}{unit} "
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


def _shared(node: Node, given: dict[str, Any], known: Table) -> list[str]:
    """Return the unknown names that were given to all nodes of a robot; warn of them.

    Those of other nodes of this package are no reason to warn.
    """
    unknown = [name for name in given if not _is_known(name, known)]
    if not unknown:
        return []
    own = given_to(node.get_fully_qualified_name(), sys.argv)
    shared = [name for name in unknown if name not in own]
    package = (*BINNER, *DEPTH, *REPLAY)
    strange = [f"'{name}'{_near(name, known)}" for name in shared if not _is_known(name, package)]
    if strange:
        node.get_logger().warning(
            f'no node of this package has the parameter {", ".join(strange)} of a section for '
            'all nodes: ignored'
        )
    return shared


def _is_known(name: str, table: Table) -> bool:
    known = {row.name for row in (*table, *_RCLPY_ROWS)}
    return name in known or _qos_row(name) is not None


def _near(name: str, table: Table) -> str:
    """Return a question about a name that was meant perhaps, or ''."""
    near = get_close_matches(name, [row.name for row in table], 1)
    return f" (did you mean '{near[0]}'?)" if near else ''


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
                f"there is no parameter '{name}'{_near(name, table)}: use one of "
                f'{", ".join(known)}, use_sim_time, or '
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
