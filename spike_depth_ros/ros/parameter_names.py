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

"""Names of parameters: those that a node knows, and the nodes that the command line names."""

import re
import sys
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from spike_depth_ros.ros.parameter_files import given_to
from spike_depth_ros.ros.parameter_row import ParameterRow, Table

# rclpy declares these itself or reads them with a topic, and does not check their values.
_RCLPY_ROWS = (
    ParameterRow('use_sim_time', False, '', 'true: take the time from /clock.'),
    ParameterRow(
        'start_type_description_service',
        True,
        '',
        'true: offer a service that describes message types.',
    ),
)
_QOS_NAME = re.compile(
    r'qos_overrides\.(?P<topic>[^.]+)\.(publisher|subscription)\.(?P<policy>\w+)'
)
# End of the topics whose durability can be overridden, see qos.OVERRIDABLE_DURABILITY.
_LATCHABLE = 'camera_info'
_QOS_ROWS = (
    ParameterRow('depth', 10, 'messages', 'Depth of the queue.', 1, 1_000_000),
    ParameterRow(
        'history',
        'keep_last',
        '',
        'keep_last: store the latest `depth` messages; keep_all: store all.',
        choices=('keep_last', 'keep_all'),
    ),
    ParameterRow(
        'reliability',
        'reliable',
        '',
        'reliable: lost messages are sent again.',
        choices=('reliable', 'best_effort'),
    ),
    ParameterRow(
        'durability',
        'volatile',
        '',
        'transient_local: late subscribers get the last messages.',
        choices=('volatile', 'transient_local'),
    ),
)


def is_known(name: str, table: Table) -> bool:
    """Return whether a table or rclpy has a parameter of this name."""
    return any(row.name == name for row in table) or rclpy_row(name) is not None


def near(name: str, table: Table) -> str:
    """Return a hint at a similar name in the table, or ''."""
    names = get_close_matches(name, [row.name for row in table], 1)
    return f" (did you mean '{names[0]}'?)" if names else ''


def shared_names(node_name: str, given: Iterable[str], known: Table) -> list[str]:
    """Return the given names that are unknown and were given to several nodes."""
    unknown = [name for name in given if not is_known(name, known)]
    own = given_to(node_name, sys.argv) if unknown else set()
    return [name for name in unknown if name not in own]


def rclpy_row(name: str) -> ParameterRow | None:
    """Return the row of one of rclpy's parameters, such as a QoS override, else None."""
    own = next((row for row in _RCLPY_ROWS if row.name == name), None)
    if own:
        return own
    match = _QOS_NAME.fullmatch(name)
    if not match or (match['policy'] == 'durability' and not match['topic'].endswith(_LATCHABLE)):
        return None
    rows = (row for row in _QOS_ROWS if row.name == match['policy'])
    return next((replace(row, name=name) for row in rows), None)
