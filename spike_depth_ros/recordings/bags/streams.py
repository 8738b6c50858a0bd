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

"""Cameras, true depth and images in a bag, from the first messages of its topics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from spike_depth_ros.events.messages import packet_of
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import find_fault
from spike_depth_ros.geometry.camera import MAX_SENSOR_SIZE
from spike_depth_ros.geometry.files.camera_info import CameraInfoRecord
from spike_depth_ros.recordings.bags import topic_names
from spike_depth_ros.recordings.bags.bag import Bag, BagMessage, BagTopic
from spike_depth_ros.recordings.bags.camera_infos import rectified_view
from spike_depth_ros.recordings.bags.event_arrays import read_head
from spike_depth_ros.recordings.bags.images import (
    MILLIMETRES,
    ImageMessage,
    is_depth,
    is_picture,
    read_compressed,
    read_image,
    to_depth,
    to_picture,
)
from spike_depth_ros.recordings.recording import DepthStream, EventCamera, ImageStream

# The first messages of a topic may be damaged.
MAX_MESSAGES = 1000
_PADDING = 3  # bytes that may follow the last field: DDS sends multiples of 4
_IMAGES = {'image': read_image, 'compressed image': read_compressed}


@dataclass(frozen=True, slots=True)
class Streams:
    """Streams of a bag.

    Attributes:
        packets: cameras with EventPackets.
        arrays: cameras with EventArrays.
        depths: true depth.
        images: intensity images.
        faults: sentences about topics with events that cannot be read.
    """

    packets: tuple[EventCamera, ...]
    arrays: tuple[EventCamera, ...]
    depths: tuple[DepthStream, ...]
    images: tuple[ImageStream, ...]
    faults: tuple[str, ...]


def find_streams(bag: Bag, infos: Mapping[str, CameraInfoRecord]) -> Streams:
    """Return the streams of a bag; infos: CameraInfo by topic."""
    packets, arrays, depths, images, faults = [], [], [], [], []
    for topic in bag.topics.values():
        try:
            if topic.content == 'packets' and topic.count:
                packets.append(_packet_camera(bag, topic))
            elif topic.content == 'arrays' and topic.count:
                arrays.append(_array_camera(bag, topic, infos))
        except ValueError as error:
            faults.append(f"The topic '{topic.name}' holds no events that can be read: {error}.")
        if topic.content in _IMAGES and topic.count:
            depth, image = _image_streams(bag, topic, infos)
            depths.extend(depth)
            images.extend(image)
    return Streams(tuple(packets), tuple(arrays), tuple(depths), tuple(images), tuple(faults))


def read_image_message(message: BagMessage, content: str) -> ImageMessage:
    """Read an image, compressed or not; raises ValueError if the message is damaged."""
    return _IMAGES[content](message.fields())


def read_packet_message(message: BagMessage) -> Packet:
    """Read an EventPacket; raises ValueError if the message is damaged, or of other fields."""
    fields = message.fields()
    packet = packet_of(fields)
    if fields.remaining > _PADDING:
        raise ValueError(f'a message has {fields.remaining} bytes after its last field')
    return packet


def _packet_camera(bag: Bag, topic: BagTopic) -> EventCamera:
    """Return the camera of the first packet that can be read; raise ValueError without one."""
    problem = ''
    for message in first_messages(bag, topic):
        try:
            packet = read_packet_message(message)
            fault = find_fault(packet)
        except ValueError:
            problem = problem or (
                f'its bytes are no {topic.type}, or one of another definition: record it again '
                f'with event_camera_msgs of ROS 2 Humble or later, or convert it'
            )
            continue
        if fault is None:
            size = packet.width, packet.height
            return EventCamera(topic.name, *size, packet.encoding, packet.frame_id)
        problem = problem or fault.sentence
    raise ValueError(problem or 'all of its first messages are damaged')


def _array_camera(bag: Bag, topic: BagTopic, infos: Mapping[str, CameraInfoRecord]) -> EventCamera:
    """Return the camera of the first EventArray; raise ValueError without one."""
    for message in first_messages(bag, topic):
        try:
            head = read_head(message)
        except ValueError:
            continue
        width, height = head.width, head.height
        info = infos.get(topic_names.info_topic(topic.name, infos))
        if info and not (width and height):
            width, height = info.width, info.height
        if not all(1 <= size <= MAX_SENSOR_SIZE for size in (width, height)):
            raise ValueError(
                f'its messages state a sensor of {width} x {height} pixels, but each side is 1 to '
                f'{MAX_SENSOR_SIZE}'
            )
        return EventCamera(topic.name, width, height, frame_id=head.frame_id)
    raise ValueError(f'its first messages are no {topic.type}, or damaged: copy it again')


def _image_streams(
    bag: Bag, topic: BagTopic, infos: Mapping[str, CameraInfoRecord]
) -> tuple[list[DepthStream], list[ImageStream]]:
    """Return the stream of a topic of images, as depth or as pictures, if it is read."""
    for message in first_messages(bag, topic):
        try:
            image = read_image_message(message, topic.content)
            if _is_depth(topic.name, image):
                return [_depth_stream(topic, image, infos)], []
            if not is_picture(image):
                break
            height, width = to_picture(image).shape[:2]
        except ValueError:
            continue
        return [], [ImageStream(topic.name, width, height)]
    return [], []


def _is_depth(topic: str, image: ImageMessage) -> bool:
    """Return whether an image is depth; cameras for other purposes send uint16 too."""
    if not is_depth(image):
        return False
    is_named = topic_names.names_depth(topic)
    return is_named if image.encoding == MILLIMETRES else topic_names.may_be_depth(topic)


def _depth_stream(
    topic: BagTopic, image: ImageMessage, infos: Mapping[str, CameraInfoRecord]
) -> DepthStream:
    height, width = to_depth(image).shape
    view = topic_names.view_of(topic.name)
    info = infos.get(topic_names.info_topic(topic.name, infos))
    return DepthStream(
        topic.name,
        topic_names.side_of(topic.name),
        view,
        width,
        height,
        camera=rectified_view(info, width, height) if info and view == 'rectified' else None,
        frame_id=image.frame_id,
        frames=topic.count,
    )


def first_messages(bag: Bag, topic: BagTopic) -> Iterator[BagMessage]:
    """Yield the undamaged ones of a topic's first messages."""
    for message in islice(bag.messages([topic.name]), MAX_MESSAGES):
        if message is not None:
            yield message
