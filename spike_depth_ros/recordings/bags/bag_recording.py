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

"""rosbag2 recordings: EventPackets and compressed true depth."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from spike_depth_ros.events.messages import EVENT_PACKET, read_packet
from spike_depth_ros.recordings.bags import metadata
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.first_packets import first_packets
from spike_depth_ros.recordings.recording import (
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
)
from spike_depth_ros.recordings.rosbag2 import Recording
from spike_depth_ros.recordings.truth import find_truth

DAMAGED = 'damaged messages'


def open_file(path: Path) -> EventRecording:
    """Open a storage file of a rosbag2 recording."""
    return BagRecording(path)


def is_recording(folder: Path) -> bool:
    """Return whether a folder is a rosbag2 recording."""
    return (folder / metadata.NAME).exists()


def open_folder(folder: Path) -> EventRecording:
    """Open the folder of a rosbag2 recording."""
    return BagRecording(folder)


class BagRecording(EventRecording):
    """Recording of ROS messages; see EventRecording."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'rosbag2 recording')
        self._bag = Recording(path)
        self._stack.callback(self._bag.close)
        self._codec = MessageCodec(message_types())
        self.about = self._bag.about
        topics = tuple(
            topic.name
            for topic in self._bag.topics.values()
            if topic.type == EVENT_PACKET and topic.count
        )
        packets = first_packets(self._bag, topics)
        self.cameras = tuple(
            EventCamera(name, packet.width, packet.height, packet.encoding, packet.frame_id)
            for name, packet in zip(topics, packets, strict=True)
        )
        self.depth_streams = tuple(self._depth_stream(topic) for topic in find_truth(self._bag))

    @property
    def start_ns(self) -> int:
        """Return the log time of the first message, nanoseconds."""
        return self._bag.start_ns

    @property
    def end_ns(self) -> int:
        """Return the log time of the last message, nanoseconds."""
        return self._bag.start_ns + self._bag.duration_ns

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the packets of some cameras in the order of log time; see EventRecording."""
        numbers = {camera.name: number for number, camera in enumerate(cameras)}
        for message in self._bag.messages(tuple(numbers)):
            if end_ns is not None and message.log_time_ns >= end_ns:
                return
            if start_ns is not None and message.log_time_ns < start_ns:
                continue
            try:
                packet = read_packet(message.cdr)
            except ValueError:
                self.losses[DAMAGED] += 1
                continue
            yield EventChunk(numbers[message.topic], message.log_time_ns, packet)

    def depth(
        self, stream: DepthStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[DepthFrame]:
        """Yield the true depth of a topic by its header stamps; see EventRecording."""
        for message in self._bag.messages([stream.name]):
            try:
                frame = DepthFrame(*self._codec.depth(message.cdr))
            except ValueError:
                self.losses[DAMAGED] += 1
                continue
            if end_ns is not None and frame.t_ns >= end_ns:
                return
            if start_ns is None or frame.t_ns >= start_ns:
                yield frame

    def _depth_stream(self, topic: str) -> DepthStream:
        for message in self._bag.messages([topic]):
            with suppress(ValueError):
                _, depth = self._codec.depth(message.cdr)
                height, width = depth.shape
                frame_id = self._codec.frame_id(message.cdr, message.type)
                return DepthStream(topic, 'left', 'rectified', width, height, frame_id=frame_id)
        return DepthStream(topic, 'left', 'rectified', 0, 0)
