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

"""Event cameras of a recording: choice of the left and the right topic."""

from collections.abc import Mapping

from spike_depth_ros.events.messages import EVENT_PACKET
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.other_events import without_packets
from spike_depth_ros.recordings.rosbag2 import Topic, missing_topic
from spike_depth_ros.recordings.sides import left_and_right


def find_cameras(topics: Mapping[str, Topic], left: str = '', right: str = '') -> tuple[str, ...]:
    """Return the event topics of a recording: (left, right), or (camera,) where there is one.

    With neither topic given, the topics with EventPackets are taken; the names of two decide which
    is the left one.

    Args:
        topics: topics of the recording, by name.
        left: the user's left topic, or ''; without a right one it means one camera.
        right: the user's right topic, or ''.

    Raises:
        RecordingError: a topic is missing, empty or of another type, or the choice is ambiguous.
    """
    if right and not left:
        raise RecordingError(f"Only the right topic is given ('{right}'): give the left one too.")
    if left and left == right:
        raise RecordingError(f"Left and right are both '{left}': give two different topics.")
    cameras = [name for name in (left, right) if name] or _found(topics)
    return tuple(_checked(topics, name) for name in cameras)


def in_words(cameras: tuple[str, ...]) -> str:
    """Return the choice as text: 'left: /a, right: /b' or 'camera: /a'."""
    sides = CAMERAS if len(cameras) > 1 else ('camera',)
    return ', '.join(f'{side}: {name}' for side, name in zip(sides, cameras, strict=True))


def _found(topics: Mapping[str, Topic]) -> tuple[str, ...]:
    names = [t.name for t in topics.values() if t.type == EVENT_PACKET and t.count]
    if not names:
        raise RecordingError(without_packets(topics.values()))
    if len(names) > 2:
        raise RecordingError(
            f'The recording has {len(names)} event topics ({", ".join(sorted(names))}): name the '
            f'left and the right one.'
        )
    if len(names) == 1:
        return (names[0],)
    return left_and_right(names[0], names[1])


def _checked(topics: Mapping[str, Topic], name: str) -> str:
    if name not in topics:
        raise RecordingError(missing_topic(name, topics.values()))
    topic = topics[name]
    if topic.type != EVENT_PACKET:
        raise RecordingError(
            f"The topic '{name}' carries {topic.type}, but events are read from {EVENT_PACKET}: "
            f'give another topic.'
        )
    if not topic.count:
        raise RecordingError(f"The topic '{name}' holds no message: give another topic.")
    if topic.other_definition:
        raise RecordingError(
            f"The topic '{name}' carries {EVENT_PACKET} in another definition "
            f'({topic.other_definition}): record it again with event_camera_msgs of ROS 2 Humble '
            f'or later, or convert it.'
        )
    return name
