"""Finding the true depth of a recording."""

from contextlib import suppress

from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.cdr import COMPRESSED_IMAGE, MessageCodec, message_types
from spike_depth_ros.recordings.rosbag2 import Recording


def find_truth(recording: Recording) -> tuple[str, ...]:
    """Return the topics whose first message is compressed depth, and not a camera's picture."""
    codec = MessageCodec(message_types())
    found = []
    for topic in recording.topics.values():
        if topic.type == COMPRESSED_IMAGE and topic.count:
            first = next(recording.messages([topic.name]))
            with suppress(ValueError):  # a damaged message
                if codec.image_format(first.cdr) in depth_codec.READABLE:
                    found.append(topic.name)
    return tuple(found)
