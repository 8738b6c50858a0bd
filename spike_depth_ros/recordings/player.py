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

"""Player: sends a recording's events and true depth when they are due, at any speed."""

import heapq
import struct
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.spike_frame import FRAME_IDS
from spike_depth_ros.recordings.beginning import first_event_ns, stamp_error_ns
from spike_depth_ros.recordings.cdr import MessageCodec, message_types
from spike_depth_ros.recordings.closing import closing_packet, stream_end
from spike_depth_ros.recordings.encoded import as_packets
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.read_ahead import ReadAhead
from spike_depth_ros.recordings.recording import (
    DepthFrame,
    DepthStream,
    EventCamera,
    EventChunk,
    EventRecording,
    ImuSample,
    ImuStream,
)
from spike_depth_ros.recordings.schedule import Schedule
from spike_depth_ros.recordings.timeline import Stamps, present_shift_ns

# Enough packets to contain a TIME_HIGH word.
LAST_PACKETS = 16
# Time that the closing packets add after the last event: it closes one window of 50 ms and leaves
# the next one open.
CLOSING_NS = 49_999_000
# Header stamps give the end of a stream to within a packet's length. A camera that ended earlier
# than that is advanced to the end of the other.
SCATTER_NS = 10_000_000
IMU_BYTES = 300  # of a measurement in memory, about
# Time to read ahead before the start.
READ_AHEAD_S = 0.5


@dataclass(frozen=True, slots=True)
class Part:
    """Part of a recording that is played.

    Attributes:
        cameras: the left camera, then the right one; or one camera.
        depths: streams of true depth.
        offset_ns: start of the part after the first event, nanoseconds.
        duration_ns: length of the part, nanoseconds; None: to the end.
        imu: inertial measurements; None: none.
    """

    cameras: tuple[EventCamera, ...]
    depths: tuple[DepthStream, ...] = ()
    offset_ns: int = 0
    duration_ns: int | None = None
    imu: ImuStream | None = None


class Outputs(NamedTuple):
    """Functions that a player calls.

    Attributes:
        events: takes a camera (0 left, 1 right) and the CDR bytes of its EventPacket.
        depth: takes a stream, and an image at its header stamp.
        imu: takes an inertial measurement at its header stamp.
        warn: takes one sentence for each message that cannot be sent.
    """

    events: Callable[[int, bytes], None]
    depth: Callable[[DepthStream, DepthFrame], None]
    imu: Callable[[ImuSample], None]
    warn: Callable[[str], None]


class _Item(NamedTuple):
    """Item to send: a packet of a camera, an image of a stream, an inertial measurement, or None.

    None is the end of the events.
    """

    t_ns: int
    source: int
    content: Packet | DepthFrame | ImuSample | None


class Player:
    """Player of one part of a recording.

    Args:
        recording: open recording.
        part: cameras, streams and range of time.
        schedule: waits until messages are due.
        rate: speed; 2 is twice as fast as recorded.
        restamp: True moves header stamps to the present, False leaves them.
        out: functions to call with each message.

    Attributes:
        start_ns: time of the recording at which the part starts, nanoseconds.
        packets, depths, imu_samples: numbers of packets, images and measurements sent.

    Raises:
        RecordingError: the part has no events.
    """

    def __init__(
        self,
        recording: EventRecording,
        part: Part,
        schedule: Schedule,
        rate: float,
        restamp: bool,
        out: Outputs,
    ) -> None:
        self._recording = recording
        self._part = part
        self._schedule = schedule
        self._rate = rate
        self._restamp = restamp
        self._out = out
        self._codec = MessageCodec(message_types())
        self._stamps = Stamps()
        self._recent: list[deque[Packet]] = []
        self.packets = self.depths = self.imu_samples = 0
        self.start_ns = first_event_ns(recording, part.cameras) + part.offset_ns
        if next(self._chunks(), None) is None:
            raise RecordingError(
                f"The recording '{recording.path}' has no events "
                f'{part.offset_ns / 1e9:g} s after its first one: give an earlier start, or a '
                f'longer duration.'
            )

    @property
    def end_ns(self) -> int:
        """Return the time of the recording at which the part ends, nanoseconds."""
        end_ns, duration_ns = self._recording.end_ns, self._part.duration_ns
        return end_ns if duration_ns is None else min(end_ns, self.start_ns + duration_ns)

    @property
    def shift_ns(self) -> int:
        """Return a header stamp less its time of the recording, nanoseconds."""
        return self._stamps.at(0) + self._paused_ns

    def play(self) -> None:
        """Send the part, then one closing packet per camera; return early if stopped.

        Raises:
            RecordingError: the storage is damaged.
        """
        self._recent = [deque(maxlen=LAST_PACKETS) for _ in self._part.cameras]
        error_ns = stamp_error_ns(self._chunks())
        self._recording.losses.clear()  # of the first packets, which are read again
        with ReadAhead(self._items(), _size) as items:
            items.wait_until_full(READ_AHEAD_S)
            for number, item in enumerate(items):
                if not number:  # reading, which takes a moment to begin, has begun
                    self._begin(error_ns)
                if not self._schedule.wait_until(item.t_ns):
                    return
                self._send(item)

    def _begin(self, error_ns: int) -> None:
        """Let the start of the part be now; error_ns: see Stamps."""
        shift_ns = None
        if self._restamp:
            duration_ns = self.end_ns - self.start_ns + CLOSING_NS
            shift_ns = present_shift_ns(self.start_ns, time.time_ns(), duration_ns, self._rate)
        self._stamps = Stamps(error_ns, shift_ns)
        self._schedule.start(self.start_ns)

    def _chunks(self) -> Iterator[EventChunk]:
        part, start_ns = self._part, self.start_ns
        end_ns = None if part.duration_ns is None else start_ns + part.duration_ns
        return self._recording.events(part.cameras, start_ns, end_ns)

    def _items(self) -> Iterator[_Item]:
        """Yield packets and images in order of time, and the end of the events at last."""
        streams = [self._events()]
        for number, stream in enumerate(self._part.depths):
            streams.append(self._images(number, stream))
        if self._part.imu is not None:
            streams.append(self._measurements(self._part.imu))
        for item in heapq.merge(*streams, key=lambda item: item.t_ns):
            yield item
            if item.content is None:
                return

    def _events(self) -> Iterator[_Item]:
        t_ns = self.start_ns
        cameras, losses = self._part.cameras, self._recording.losses
        for camera, t_ns, packet in as_packets(self._chunks(), cameras, losses):
            assert isinstance(packet, Packet)
            yield _Item(t_ns, camera, packet)
        yield _Item(t_ns + CLOSING_NS, 0, None)

    def _images(self, number: int, stream: DepthStream) -> Iterator[_Item]:
        for frame in self._recording.depth(stream, self.start_ns):
            yield _Item(frame.t_ns, number, frame)

    def _measurements(self, stream: ImuStream) -> Iterator[_Item]:
        for sample in self._recording.imu(stream, self.start_ns):
            yield _Item(sample.t_ns, 0, sample)

    def _send(self, item: _Item) -> None:
        content = item.content
        if isinstance(content, DepthFrame):
            frame = content._replace(t_ns=content.t_ns + self.shift_ns)
            self._out.depth(self._part.depths[item.source], frame)
            self.depths += 1
        elif isinstance(content, ImuSample):
            self._out.imu(content._replace(t_ns=content.t_ns + self.shift_ns))
            self.imu_samples += 1
        elif content is None:
            self._close_windows(item.t_ns)
        else:
            self._recent[item.source].append(content)
            self._send_packet(item.source, content, item.t_ns)

    @property
    def _paused_ns(self) -> int:
        return self._schedule.paused_ns if self._restamp else 0

    def _send_packet(self, camera: int, packet: Packet, log_time_ns: int) -> None:
        stamp_ns = self._stamps.of_packet(packet.stamp_ns, log_time_ns) + self._paused_ns
        frame_id = packet.frame_id or FRAME_IDS[camera]
        try:
            packet = replace(packet, stamp_ns=stamp_ns, seq=packet.seq or 0)
            cdr = self._codec.packet_to_cdr(packet, frame_id)
        except (ValueError, struct.error) as error:  # a stamp beyond the message's range
            name = self._part.cameras[camera].name
            self._out.warn(f'left out a packet of {name}, stamped {stamp_ns} ns: {error}')
            return
        self._out.events(camera, cdr)
        self.packets += 1

    def _close_windows(self, log_time_ns: int) -> None:
        ends = [stream_end(list(recent)) for recent in self._recent]
        last_ns = max((end.stamp_ns for end in ends if end), default=0)
        for camera, end in enumerate(ends):
            if end:
                behind_ns = last_ns - end.stamp_ns
                lag_ns = behind_ns if behind_ns > SCATTER_NS else 0
                packet = closing_packet(end, end.stamp_ns + lag_ns + CLOSING_NS)
                self._send_packet(camera, packet, log_time_ns)


def _size(item: _Item) -> int:
    content = item.content
    if content is None:
        return 0
    if isinstance(content, ImuSample):
        return IMU_BYTES
    return content.depth.nbytes if isinstance(content, DepthFrame) else content.data.nbytes
