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

"""Recordings of ROS messages: rosbag2 and ROS 1 bags of event cameras and true depth."""

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings import file_kinds, mvsec
from spike_depth_ros.recordings.bags import calibrations, event_arrays, imu
from spike_depth_ros.recordings.bags.bag import Bag, BagMessage
from spike_depth_ros.recordings.bags.clocks import TopicSpan, find_span
from spike_depth_ros.recordings.bags.images import IMAGES, ImageMessage, to_depth, to_picture
from spike_depth_ros.recordings.bags.other_events import without_events
from spike_depth_ros.recordings.bags.ros1_bag import Ros1Bag
from spike_depth_ros.recordings.bags.rosbag2_bag import Rosbag2Bag
from spike_depth_ros.recordings.bags.stamped_topic import StampedTopic, stamped_span
from spike_depth_ros.recordings.bags.storage_files import is_rosbag2
from spike_depth_ros.recordings.bags.streams import (
    find_streams,
    read_image_message,
    read_packet_message,
)
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import (
    SIDES,
    Dataset,
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
    FoundCalibration,
    ImageFrame,
    ImageStream,
    ImuSample,
    ImuStream,
)
from spike_depth_ros.recordings.timeline import PLAUSIBLE_NS, beginning_delays_ns, clock_error_ns
from spike_depth_ros.units import SECOND_NS

_Number = TypeVar('_Number', bound=np.number[Any])
_Content = TypeVar('_Content')

_MVSEC_TOPICS = {
    f'/davis/{side}/{name}'
    for side in SIDES
    for name in ('events', 'depth_image_raw', 'depth_image_rect')
}


def open_file(path: Path) -> EventRecording:
    """Open a ROS 1 bag or a storage file of a rosbag2 recording."""
    return _opened(Ros1Bag(path) if file_kinds.kind(path) == file_kinds.ROS1 else Rosbag2Bag(path))


def is_recording(folder: Path) -> bool:
    """Return whether a folder is a rosbag2 recording."""
    return is_rosbag2(folder)


def open_folder(folder: Path) -> EventRecording:
    """Open the folder of a rosbag2 recording."""
    return _opened(Rosbag2Bag(folder))


class BagRecording(EventRecording):
    """Recording of ROS messages; see EventRecording.

    EventPackets go out as they are, at their log times. EventArrays go out as arrays, at the times
    of their events, which are up to a message's length before its log time. Images have the times
    of their headers, on the clock of the log times where the packets show that it is another.
    """

    def __init__(self, bag: Bag) -> None:
        super().__init__(bag.path, bag.kind, _dataset(bag))
        self._bag = bag
        self._infos = calibrations.find_infos(bag)
        streams = find_streams(bag, self._infos)
        self._packets, self._arrays = streams.packets, streams.arrays
        self.cameras = (*streams.packets, *streams.arrays)
        self.depth_streams, self.image_streams = streams.depths, streams.images
        if not (self.cameras or self.depth_streams):
            raise RecordingError(
                streams.faults[0] if streams.faults else without_events(bag.topics.values())
            )
        self.imu_streams = tuple(imu.find_imus(bag))
        self.about, self.notes = bag.about, [*bag.notes, *streams.faults]
        if self.dataset == 'MVSEC':
            self._take_mvsec_views()
        self._spans = {
            camera.name: find_span(bag, camera.name, event_arrays.times) for camera in self._arrays
        }
        self.notes.extend(_other_clocks(self._spans))
        self._set_times()
        self._stack.callback(bag.close)

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of some cameras; see EventRecording."""
        numbers = {camera.name: number for number, camera in enumerate(cameras)}
        packets = {camera.name for camera in self._packets} & numbers.keys()
        parts = [self._packet_chunks({name: numbers[name] for name in packets}, start_ns, end_ns)]
        arrays = [camera for camera in cameras if camera.name not in packets]
        blocks = [self._blocks(camera, start_ns, end_ns) for camera in arrays]
        order = [numbers[camera.name] for camera in arrays]
        parts.append(chunk._replace(camera=order[chunk.camera]) for chunk in merged(blocks))
        return heapq.merge(*parts, key=lambda chunk: chunk.t_ns)

    def depth(
        self, stream: DepthStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[DepthFrame]:
        """Yield the true depth of a topic; see EventRecording."""
        for t_ns, depth in self._frames(stream, to_depth, start_ns, end_ns):
            yield DepthFrame(t_ns, depth)

    def images(
        self, stream: ImageStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImageFrame]:
        """Yield the images of a topic; see EventRecording."""
        for t_ns, image in self._frames(stream, to_picture, start_ns, end_ns):
            yield ImageFrame(t_ns, image)

    def imu(
        self, stream: ImuStream, start_ns: int | None = None, end_ns: int | None = None
    ) -> Iterator[ImuSample]:
        """Yield the inertial measurements of a topic; see EventRecording."""
        samples = self._stamped(stream.name, imu.IMU_SAMPLES, imu.read_imu, start_ns, end_ns)
        for t_ns, sample in samples:
            yield sample._replace(t_ns=t_ns)

    def calibration(self, cameras: Sequence[EventCamera]) -> FoundCalibration | None:
        """Return the calibration from MVSEC's camchain beside the bag, or from its topics."""
        notes: list[str] = []
        names = [camera.name for camera in cameras]
        found = None
        if self.dataset == 'MVSEC':
            found = mvsec.calibration(self.path, calibrations.sides(names), notes)
        found = found or calibrations.from_topics(names, self._infos, notes)
        self.notes.extend(note for note in notes if note not in self.notes)
        return found

    def _packet_chunks(
        self, numbers: dict[str, int], start_ns: int | None, end_ns: int | None
    ) -> Iterator[EventChunk]:
        """Yield packets in the order of log time; numbers: cameras by topic."""
        for message in self._bag.messages(numbers, start_ns) if numbers else ():
            if message is None:
                self.losses[event_arrays.DAMAGED] += 1
                continue
            if end_ns is not None and message.log_time_ns >= end_ns:
                return
            try:
                packet = read_packet_message(message)
            except ValueError:
                self.losses[event_arrays.DAMAGED] += 1
                continue
            yield EventChunk(numbers[message.topic], message.log_time_ns, packet)

    def _blocks(
        self, camera: EventCamera, start_ns: int | None, end_ns: int | None
    ) -> Iterator[EventArrays]:
        span = self._spans[camera.name]
        from_ns = span.log_time_ns(start_ns) if span else None
        messages = self._bag.messages([camera.name], from_ns)
        blocks = event_arrays.blocks(messages, self.losses)
        return within(checked(blocks, camera, self.losses), start_ns, end_ns)

    def _frames(
        self,
        stream: DepthStream | ImageStream,
        decode: Callable[[ImageMessage], NDArray[_Number]],
        start_ns: int | None,
        end_ns: int | None,
    ) -> Iterator[tuple[int, NDArray[_Number]]]:
        """Yield the images of a stream; see _stamped."""

        def read(message: BagMessage) -> NDArray[_Number]:
            """Return the pixels of a message. Raises ValueError for another size."""
            content = self._bag.topics[stream.name].content
            pixels = decode(read_image_message(message, content))
            if pixels.shape[:2] != (stream.height, stream.width):
                raise ValueError('the image has another size')
            return pixels

        return self._stamped(stream.name, IMAGES, read, start_ns, end_ns)

    def _stamped(
        self,
        topic: str,
        things: str,
        read: Callable[[BagMessage], _Content],
        start_ns: int | None,
        end_ns: int | None,
    ) -> Iterator[tuple[int, _Content]]:
        """Yield messages at the times of their headers, put on the clock of the packets.

        Args:
            topic: name of the topic.
            things: plural of what the messages are.
            read: returns the content of a message; raises ValueError if it is damaged.
            start_ns, end_ns: half-open range of time, nanoseconds; None: all.
        """
        error_ns = self._clock_error_ns
        start_ns, end_ns = (None if t is None else t - error_ns for t in (start_ns, end_ns))
        messages = StampedTopic(self._bag, topic, self.losses, things)
        for t_ns, content in messages.read(read, start_ns, end_ns):
            yield t_ns + error_ns, content

    @cached_property
    def _clock_error_ns(self) -> int:
        """Return the correction from header stamps to the log times of packets, nanoseconds."""
        topics = [camera.name for camera in self._packets]
        if not topics:
            return 0
        return clock_error_ns(beginning_delays_ns(_stamps(self._bag.messages(topics))))

    def _set_times(self) -> None:
        """Set start and end: of the events, or of the true depth where there are none."""
        spans = [span for span in self._spans.values() if span]
        times = [(span.start_ns, span.end_ns) for span in spans]
        if self._packets or (self._arrays and not spans):
            times.append((self._bag.start_ns, self._bag.end_ns))
        if not times:
            found = [stamped_span(self._bag, stream.name) for stream in self.depth_streams]
            times = [(span.start_ns, span.end_ns) for span in found if span]
        self._start_ns = min(start for start, _ in times)
        # a damaged time may be either
        self._end_ns = max(self._start_ns, *(end for _, end in times))

    def _take_mvsec_views(self) -> None:
        """Take the cameras of rectified depth from the camchain, and note known defects."""
        notes = mvsec.defects(self.path)
        views = []
        for stream in self.depth_streams:
            if stream.view == 'rectified':
                camera = mvsec.rectified_view(self.path, stream.side, notes) or stream.camera
                stream = replace(stream, camera=camera)
            views.append(stream)
        self.depth_streams = tuple(views)
        self.notes.extend(dict.fromkeys(notes))


def _opened(bag: Bag) -> EventRecording:
    try:
        return BagRecording(bag)
    except BaseException:
        bag.close()
        raise


def _dataset(bag: Bag) -> Dataset:
    return 'MVSEC' if _MVSEC_TOPICS & bag.topics.keys() else ''


def _stamps(messages: Iterator[BagMessage | None]) -> Iterator[tuple[int, int]]:
    """Yield log time and header stamp of packets."""
    for message in messages:
        with suppress(ValueError):  # a damaged message
            if message is not None:
                yield message.log_time_ns, read_packet_message(message).stamp_ns


def _other_clocks(spans: Mapping[str, TopicSpan | None]) -> Iterator[str]:
    """Yield notes on cameras whose event times are far from the log times of the bag."""
    for topic, span in spans.items():
        if span and abs(span.delay_ns) > PLAUSIBLE_NS:
            yield (
                f'the events of {topic} count a clock that is {span.delay_ns / SECOND_NS:.0f} s '
                f'behind the bag: times of true depth and images do not fit them'
            )
