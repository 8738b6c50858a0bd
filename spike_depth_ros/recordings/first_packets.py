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

"""First packets of a recording's cameras, checked before it is played."""

from collections.abc import Iterator
from itertools import islice

from spike_depth_ros.events.messages import EVENT_PACKET, read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import find_fault
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.rosbag2 import Recording

# The first messages of a recording may be damaged.
MAX_MESSAGES = 1000


def first_packets(recording: Recording, cameras: tuple[str, ...]) -> tuple[Packet, ...]:
    """Return the first usable packet of each camera.

    Raises:
        RecordingError: the first MAX_MESSAGES messages of a camera have none: they are no
            EventPackets, or have an unknown encoding or an impossible size.
    """
    return tuple(_first(recording, topic) for topic in cameras)


def _first(recording: Recording, topic: str) -> Packet:
    problem = ''
    for packet in _packets(recording, topic):
        if isinstance(packet, str):
            problem = problem or packet
            continue
        fault = find_fault(packet)
        if fault is None:
            return packet
        problem = problem or fault.sentence
    raise RecordingError(f"The topic '{topic}' holds no packet that can be read: {problem}.")


def _packets(recording: Recording, topic: str) -> Iterator[Packet | str]:
    """Yield the first packets, or the fault of a message, as the end of a sentence."""
    codec = MessageCodec(message_types())
    for message in islice(recording.messages([topic]), MAX_MESSAGES):
        try:
            codec.check(message.cdr, message.type)
            yield read_packet(message.cdr)
        except ValueError:
            yield (
                f'its bytes are no {EVENT_PACKET}, or one of another definition: record it again '
                f'with event_camera_msgs of ROS 2 Humble or later, or convert it'
            )
