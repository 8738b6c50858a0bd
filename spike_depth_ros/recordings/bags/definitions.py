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

"""Comparison of a recording's EventPacket definition with the supported one."""

from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.typesys import get_types_from_idl, get_types_from_msg
from rosbags.typesys.store import Typestore

from spike_depth_ros.events.messages import EVENT_PACKET

Fields = list[tuple[str, Any]]


def other_definition(connection: Connection, types: Typestore) -> str:
    """Return the difference of a topic's EventPacket from the one in `types`, '' if equal.

    The fields are compared if the recording holds the message definition, else the type hash.
    Older recordings have neither and count as equal.
    """
    if connection.msgtype != EVENT_PACKET:
        return ''
    fields = _fields(connection)
    if fields:
        ours = types.fielddefs[EVENT_PACKET][1]
        others = ', '.join(name for name, _ in fields)
        return '' if fields == ours else f'its fields are {others}'
    digest = types.hash_rihs01(EVENT_PACKET)
    if connection.digest.startswith('RIHS01_') and connection.digest != digest:
        return f'its type hash is {connection.digest[:20]}..., not {digest[:20]}...'
    return ''


def _fields(connection: Connection) -> Fields:
    """Return the fields of a topic's message from the recording's definition, [] if unknown."""
    name, definition = connection.msgtype, connection.msgdef
    try:
        if definition.format == MessageDefinitionFormat.MSG:
            return list(get_types_from_msg(definition.data, name)[name][1])
        if definition.format == MessageDefinitionFormat.IDL:
            return list(get_types_from_idl(definition.data)[name][1])
    except Exception:  # rosbags' parsers raise anything; the hash decides then
        return []
    return []
