"""Telling whether a recording means the EventPacket that is read here."""

from typing import Any

from rosbags.interfaces import Connection, MessageDefinitionFormat
from rosbags.typesys import get_types_from_idl, get_types_from_msg
from rosbags.typesys.store import Typestore

from spike_depth_ros.events.messages import EVENT_PACKET

Fields = list[tuple[str, Any]]


def other_definition(connection: Connection, types: Typestore) -> str:
    """Say how a topic's EventPacket differs from that in `types`; '' if it does not.

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
