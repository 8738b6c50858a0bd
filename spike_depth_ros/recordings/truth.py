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

"""Finding the true depth of a recording."""

from contextlib import suppress
from dataclasses import dataclass

from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.cdr import COMPRESSED_IMAGE, MessageCodec, message_types
from spike_depth_ros.recordings.rosbag2 import RawMessage, Recording


@dataclass(frozen=True, slots=True)
class Truth:
    """Name the topic of the true depth, '' if there is none; then reason says why, or is ''."""

    topic: str
    reason: str = ''


def find_truth(recording: Recording) -> tuple[str, ...]:
    """Return the topics whose first message is compressed depth, and not a camera's picture."""
    return tuple(_first_messages(recording))


def choose_truth(recording: Recording, frame_id: str, width: int, height: int) -> Truth:
    """Return the topic whose depth is of the left camera: of its frame and the windows' size.

    frame_id: of the left camera's packets; a frame that starts with it, such as its rectified
    one, is the same camera's, and an empty one tells nothing. width, height: of a window, pixels.
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
    """Return why depth is not that of the windows, as the end of a sentence; '' if it is."""
    codec = MessageCodec(message_types())
    frame = codec.frame_id(message.cdr, message.type)
    if frame and frame_id and not frame.startswith(frame_id):
        return f"is of the frame '{frame}', but the left camera's is '{frame_id}'"
    try:
        _, depth = codec.depth(message.cdr)
    except ValueError:
        return ''  # one damaged image does not tell of the others
    if depth.shape != shape:
        (height, width), (rows, columns) = depth.shape, shape
        return f'has {width} x {height} pixels, but windows have {columns} x {rows}'
    return ''
