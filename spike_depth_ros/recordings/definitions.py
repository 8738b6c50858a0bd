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

"""Telling whether a recording means the EventPacket that is read here."""

from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.typesys import get_types_from_idl, get_types_from_msg
from rosbags.typesys.store import Typestore

from spike_depth_ros.events.messages import EVENT_PACKET

Fields = list[tuple[str, Any]]


def other_definition(connection: Connection, types: Typestore) -> str:
    """Return how a topic's EventPacket differs from that in `types`; '' if it does not.

    Compares the fields where the recording holds the message's definition, else the type hash;
    older recordings have neither.
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
    """Return the fields of a topic's message as the recording defines them; none if unknown."""
    name, definition = connection.msgtype, connection.msgdef
    try:
        if definition.format == MessageDefinitionFormat.MSG:
            return list(get_types_from_msg(definition.data, name)[name][1])
        if definition.format == MessageDefinitionFormat.IDL:
            return list(get_types_from_idl(definition.data)[name][1])
    except Exception:  # rosbags' parsers fail in whatever way the text leads; the hash decides
        return []
    return []
