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

"""True depth of a recording: choice of its topic."""

from contextlib import suppress
from dataclasses import dataclass

from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.cdr import COMPRESSED_IMAGE, MessageCodec, message_types
from spike_depth_ros.recordings.rosbag2 import RawMessage, Recording


@dataclass(frozen=True, slots=True)
class Truth:
    """Topic of the true depth.

    Attributes:
        topic: name of the topic, '' if none fits.
        reason: why none fits, '' if the recording has no depth.
    """

    topic: str
    reason: str = ''


def find_truth(recording: Recording) -> tuple[str, ...]:
    """Return the topics whose first message is compressed depth, not a camera image."""
    return tuple(_first_messages(recording))


def choose_truth(recording: Recording, frame_id: str, width: int, height: int) -> Truth:
    """Return the topic with depth of the left camera, in its frame and in the windows' size.

    Args:
        recording: an open recording.
        frame_id: frame of the left camera's packets. A frame that starts with it, such as the
            rectified one, belongs to the same camera; an empty one matches any.
        width: columns of a window.
        height: rows of a window.
    """
    reasons = []
    for topic, message in _first_messages(recording).items():
        reason = _misfit(message, frame_id, (height, width))
        if not reason:
            return Truth(topic)
        reasons.append(f"'{topic}' {reason}")
    return Truth('', '; '.join(reasons))


def _first_messages(recording: Recording) -> dict[str, RawMessage]:
    """Return the first message of each topic of compressed depth."""
    codec = MessageCodec(message_types())
    found = {}
    for topic in recording.topics.values():
        if topic.type == COMPRESSED_IMAGE and topic.count:
            first = next(recording.messages([topic.name]))
            with suppress(ValueError):  # a damaged message
                if codec.image_format(first.cdr) in depth_codec.READABLE:
                    found[topic.name] = first
    return found


def _misfit(message: RawMessage, frame_id: str, shape: tuple[int, int]) -> str:
    """Return why depth does not fit the windows, as the end of a sentence, '' if it fits."""
    codec = MessageCodec(message_types())
    frame = codec.frame_id(message.cdr, message.type)
    if frame and frame_id and not frame.startswith(frame_id):
        return f"is of the frame '{frame}', but the left camera's is '{frame_id}'"
    try:
        _, depth = codec.depth(message.cdr)
    except ValueError:
        return ''  # later images may be intact
    if depth.shape != shape:
        (height, width), (rows, columns) = depth.shape, shape
        return f'has {width} x {height} pixels, but windows have {columns} x {rows}'
    return ''
