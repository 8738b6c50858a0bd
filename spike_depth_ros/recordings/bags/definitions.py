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

"""Message definitions of bags: contents of a topic by its fields, not by its name."""

from collections.abc import Mapping
from typing import Any, Literal

from rosbags.interfaces import (
    MessageDefinition,
    MessageDefinitionFormat,
    Nodetype,
)
from rosbags.typesys import Stores, get_types_from_idl, get_types_from_msg, get_typestore

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.recordings.cdr import (
    CAMERA_INFO,
    COMPRESSED_IMAGE,
    EVENT_PACKET_DEFINITION,
    IMAGE,
    IMU,
)

# Contents of a topic that the package reads; '': any other.
Content = Literal['', 'packets', 'arrays', 'image', 'compressed image', 'camera info', 'imu']

_Layout = tuple[tuple[str, Any], ...]

_ARRAY = """
std_msgs/Header header
uint32 height
uint32 width
Event[] events
================================================================================
MSG: dvs_msgs/Event
uint16 x
uint16 y
time ts
bool polarity
"""
# Types of messages with events, and their fields. The first two are one message under its new
# name and its old one; the others are alike in several packages.
_EVENT_TYPES: Mapping[str, tuple[Content, str]] = {
    EVENT_PACKET: ('packets', EVENT_PACKET_DEFINITION),
    'event_array_msgs/msg/EventArray': ('packets', EVENT_PACKET_DEFINITION),
    'dvs_msgs/msg/EventArray': ('arrays', _ARRAY),
    'prophesee_event_msgs/msg/EventArray': ('arrays', _ARRAY),
    'dv_ros_msgs/msg/EventArray': ('arrays', _ARRAY),
}
# The md5 of these fields in ROS 1, whatever the package.
_MD5: Mapping[str, Content] = {
    '8a6101b351a64529ac77bd8b71074e52': 'packets',
    '5e8beee5a6c107e504c2e78903c224b8': 'arrays',
}
_COMMON_TYPES: Mapping[str, Content] = {
    IMAGE: 'image',
    COMPRESSED_IMAGE: 'compressed image',
    CAMERA_INFO: 'camera info',
    IMU: 'imu',
}
_STANDARD = ('std_msgs/', 'builtin_interfaces/')
# Lines between the parts of a definition in IDL that rosbags' parser does not know.
_IDL_SEPARATORS = ('====', 'IDL:', '#include')
_MAX_DEPTH = 4


def content_of(message_type: str, definition: MessageDefinition, digest: str) -> Content:
    """Return the content of a topic.

    Messages with events are known by their fields in the definition; without a definition by the
    type's hash; without both, as in older bags, by the type's name.

    Args:
        message_type: name of the type, such as 'dvs_msgs/msg/EventArray'.
        definition: definition in the bag.
        digest: md5 (ROS 1) or RIHS hash (ROS 2) of the type, '' if unknown.
    """
    if message_type in _COMMON_TYPES:
        return _COMMON_TYPES[message_type]
    types = _parsed(message_type, definition)
    if message_type in types:
        return _LAYOUTS.get(_layout(types, message_type), '')
    if digest in _MD5:
        return _MD5[digest]
    known = _EVENT_TYPES.get(message_type)
    if known is None or (digest and digest != _rihs(message_type, known[1])):
        return ''
    return known[0]


def _parsed(message_type: str, definition: MessageDefinition) -> Mapping[str, Any]:
    """Return rosbags' types by name from a definition, none if it cannot be parsed."""
    try:
        if definition.format == MessageDefinitionFormat.MSG:
            return get_types_from_msg(definition.data, message_type)
        if definition.format == MessageDefinitionFormat.IDL:
            lines = definition.data.splitlines()
            parts = (line for line in lines if not line.startswith(_IDL_SEPARATORS))
            return get_types_from_idl('\n'.join(parts))
    except Exception:  # rosbags' parsers raise anything; hash and name decide then
        return {}
    return {}


def _layout(types: Mapping[str, Any], name: str, depth: int = 0) -> _Layout:
    """Return the fields of a type, with those of its parts in place of their names."""

    def _resolved(node: Any) -> Any:
        kind, value = node
        if kind == Nodetype.NAME:
            is_own = value in types and not value.startswith(_STANDARD) and depth < _MAX_DEPTH
            return _layout(types, value, depth + 1) if is_own else value
        if kind == Nodetype.BASE:
            return value
        return int(kind), _resolved(value[0]), value[1]

    return tuple((field, _resolved(node)) for field, node in types[name][1])


def _rihs(message_type: str, text: str) -> str:
    types = get_typestore(Stores.ROS2_JAZZY)
    package = message_type.partition('/')[0]
    types.register(get_types_from_msg(text.replace('dvs_msgs/', f'{package}/'), message_type))
    return types.hash_rihs01(message_type)


def _layout_of(text: str) -> _Layout:
    name = 'dvs_msgs/msg/Message'
    return _layout(get_types_from_msg(text, name), name)


_LAYOUTS: Mapping[_Layout, Content] = {
    _layout_of(EVENT_PACKET_DEFINITION): 'packets',
    _layout_of(_ARRAY): 'arrays',
}
