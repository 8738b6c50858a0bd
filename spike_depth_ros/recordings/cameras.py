"""Finding the event cameras of a recording."""

from collections.abc import Mapping

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.recordings.rosbag2 import RecordingError, Topic, missing_topic


def find_cameras(topics: Mapping[str, Topic], left: str = '', right: str = '') -> tuple[str, ...]:
    """Return the event topics of a recording: (left, right), or (camera,) where there is one.

    left, right: topics that the user names; left alone means one camera. With neither, the
    topics with EventPackets are found: of two, the one with 'right' in its name is the right
    one, else the later one in alphabetic order.

    Raises RecordingError, one sentence, when a topic is missing, carries something else or
    nothing, or when the choice is not clear.
    """
    if right and not left:
        raise RecordingError(f"Only the right topic is given ('{right}'): give the left one too.")
    if left and left == right:
        raise RecordingError(f"Left and right are both '{left}': give two different topics.")
    if left:
        return tuple(_checked(topics, name) for name in (left, right) if name)
    return _found([t.name for t in topics.values() if t.type == EVENT_PACKET and t.count])


def _found(names: list[str]) -> tuple[str, ...]:
    if not names:
        raise RecordingError(
            f'The recording has no messages of type {EVENT_PACKET}: give one of an event camera.'
        )
    if len(names) > 2:
        raise RecordingError(
            f'The recording has {len(names)} event topics ({", ".join(sorted(names))}): name the '
            f'left and the right one.'
        )
    return tuple(sorted(names, key=lambda name: ('right' in name, name)))


def _checked(topics: Mapping[str, Topic], name: str) -> str:
    if name not in topics:
        raise RecordingError(missing_topic(name, topics.values()))
    if topics[name].type != EVENT_PACKET:
        raise RecordingError(
            f"The topic '{name}' carries {topics[name].type}, but events are read from "
            f'{EVENT_PACKET}: give another topic.'
        )
    if not topics[name].count:
        raise RecordingError(f"The topic '{name}' holds no message: give another topic.")
    return name
