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

"""Drivers of two synchronised cameras: nodes, parameters, remappings and order of start.

Sources: README, launch/stereo_driver.launch.py and src/driver_ros2.cpp of metavision_driver
6b7297c; README, section "Clock synchronized camera operation", and src/driver.cpp of
libcaer_driver 1838b76.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from spike_depth_ros.frames.spike_frame import FRAME_IDS

# A driver may send a packet this often, seconds.
PACKET_S = 1e-3


@dataclass(frozen=True)
class Argument:
    """Launch argument that gives a parameter its value; kind: type of the parameter."""

    name: str
    kind: type


@dataclass(frozen=True)
class DriverNode:
    """Node of a driver; a name in a remapping is relative to the namespace of all nodes.

    Args:
        name: name of the node.
        parameters: values, or the launch arguments that give them.
        remappings: pairs of the driver's name and the name in its place.
    """

    name: str
    parameters: Mapping[str, object]
    remappings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Driver:
    """Component of a driver, and its nodes in the order of their start."""

    package: str
    plugin: str
    nodes: tuple[DriverNode, ...]


LEFT, RIGHT = FRAME_IDS  # names of the nodes too


def _prophesee(name: str, side: str, role: str, *remappings: tuple[str, str]) -> DriverNode:
    parameters = {
        'serial': Argument(f'{side}_serial', str),
        'settings': Argument(f'{side}_settings', str),
        'bias_file': Argument(f'{side}_biases', str),
        'sync_mode': role,
        'frame_id': name,
        'encoding': 'evt3',
        'erc_mode': Argument('erc_mode', str),
        'erc_rate': Argument('erc_rate', int),
        'use_multithreading': False,
        'event_message_time_threshold': PACKET_S,
    }
    return DriverNode(name, parameters, (('~/events', f'{side}/events'), *remappings))


def _inivation(name: str, side: str, is_master: bool) -> DriverNode:
    parameters = {
        'device_type': Argument('device_type', str),
        'serial': Argument(f'{side}_serial', str),
        'master': is_master,
        'time_reset_delay': Argument('time_reset_delay', int),
        'camera_frame_id': name,
        'encoding': 'libcaer_cmp',
        'event_message_time_threshold': PACKET_S,
    }
    remappings = (
        ('~/events', f'{side}/events'),
        # The slave resets its clock when the master says so.
        ('~/reset_timestamps', f'{LEFT}/reset_timestamps'),
    )
    return DriverNode(name, parameters, remappings)


# The secondary camera serves ~/ready; the primary one calls it, and starts the clock of both.
PROPHESEE = Driver(
    'metavision_driver',
    'metavision_driver::DriverROS2',
    (
        _prophesee(RIGHT, 'right', 'secondary'),
        _prophesee(LEFT, 'left', 'primary', ('~/ready', f'{RIGHT}/ready')),
    ),
)
# The slave must listen before the master resets the clocks, after time_reset_delay seconds.
INIVATION = Driver(
    'libcaer_driver',
    'libcaer_driver::Driver',
    (_inivation(RIGHT, 'right', is_master=False), _inivation(LEFT, 'left', is_master=True)),
)
