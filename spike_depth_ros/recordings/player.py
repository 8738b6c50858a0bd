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

"""Player: sends a recording's messages when they are due, at any speed."""

import struct
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import takewhile
from pathlib import Path

from spike_depth_ros.events.messages import read_packet
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.cdr import MessageCodec, message_types, stamp_ns, with_stamp
from spike_depth_ros.recordings.closing import closing_packet, stream_end
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.rosbag2 import RawMessage, Recording
from spike_depth_ros.recordings.timeline import (
    Stamps,
    Timeline,
    clock_error_ns,
    present_shift_ns,
)

# Enough packets to contain a TIME_HIGH word.
LAST_PACKETS = 16
# Time that the closing packets add after the last event: it closes one window of 50 ms and leaves
# the next one open.
CLOSING_NS = 49_999_000
# Header stamps give the end of a stream to within a packet's length. A camera that ended earlier
# than that is advanced to the end of the other.
SCATTER_NS = 10_000_000
# The first packets of a recording may be logged late, all at once; later ones within this time are
# not.
BEGINNING_NS = 3_000_000_000


class Player:
    """Player of one recording.

    Args:
        path: the recording.
        cameras: event topics.
        others: further topics to send.
        rate: speed; 2 is twice as fast as recorded.
        restamp: True moves header stamps to the present, False leaves them.
        wait: sleeps for the given seconds; returns True if the player should stop.
        send: called with the topic and the CDR bytes of each message.
        warn: called with one sentence for each damaged message, which is not sent.

    Attributes:
        damaged: number of damaged messages.
    """

    def __init__(
        self,
        path: Path | str,
        cameras: tuple[str, ...],
        others: tuple[str, ...],
        rate: float,
        restamp: bool,
        wait: Callable[[float], bool],
        send: Callable[[str, bytes], None],
        warn: Callable[[str], None],
    ) -> None:
        self._path = path
        self._cameras = cameras
        self._others = others
        self._rate = rate
        self._restamp = restamp
        self._wait = wait
        self._send_out = send
        self._warn = warn
        self.damaged = 0
        self._codec = MessageCodec(message_types())
        self._timeline: Timeline | None = None
        self._stamps = Stamps()
        self._recent: dict[str, deque[bytes]] = {
            topic: deque(maxlen=LAST_PACKETS) for topic in cameras
        }

    def log_time_ns(self) -> int | None:
        """Return the current time of the recording, nanoseconds; None before it starts."""
        timeline = self._timeline
        return None if timeline is None else timeline.log_time_ns(time.monotonic_ns())

    def play(self) -> None:
        """Send all messages, then one closing packet per camera.

        Raises:
            RecordingError: the storage is damaged, or every message of a camera is.
        """
        with Recording(self._path) as recording:
            if self._restamp:
                self._stamps = self._find_stamps(recording)
            self._timeline = Timeline(recording.start_ns, time.monotonic_ns(), self._rate)
            for message in recording.messages([*self._cameras, *self._others]):
                if self._stops_before(message.log_time_ns):
                    return
                self._send(message)
            end_ns = recording.start_ns + recording.duration_ns
        for topic, recent in self._recent.items():
            if not recent:
                raise RecordingError(f"All messages of '{topic}' are damaged: record it again.")
        if not self._stops_before(end_ns + CLOSING_NS):
            self._close_windows(end_ns + CLOSING_NS)

    def _stops_before(self, log_time_ns: int) -> bool:
        """Wait until a time of the recording; return True if the player should stop."""
        assert self._timeline is not None
        return self._wait(self._timeline.delay_s(log_time_ns, time.monotonic_ns()))

    def _send(self, message: RawMessage) -> None:
        try:
            self._codec.check(message.cdr, message.type)
            cdr = with_stamp(message.cdr, self._new_stamp_ns(message))
        except ValueError as error:
            self.damaged += 1
            self._warn(f'left out a message of {message.topic}: {error}')
            return
        if message.topic in self._recent:
            self._recent[message.topic].append(message.cdr)
        self._send_out(message.topic, cdr)

    def _new_stamp_ns(self, message: RawMessage) -> int:
        stamp = stamp_ns(message.cdr)
        if message.topic in self._recent:
            return self._stamps.of_packet(stamp, message.log_time_ns)
        return self._stamps.of_other(stamp)

    def _find_stamps(self, recording: Recording) -> Stamps:
        """Return the shift of header stamps to the present, from the first event packets."""
        delays_ns: list[int] = []
        end_ns = recording.start_ns + BEGINNING_NS
        messages = recording.messages(self._cameras)
        for message in takewhile(lambda m: not delays_ns or m.log_time_ns < end_ns, messages):
            with suppress(ValueError):  # a damaged message
                delays_ns.append(message.log_time_ns - read_packet(message.cdr).stamp_ns)
        duration_ns = recording.duration_ns + CLOSING_NS
        present_ns = time.time_ns()
        return Stamps(
            clock_error_ns(delays_ns),
            present_shift_ns(recording.start_ns, present_ns, duration_ns, self._rate),
        )

    def _close_windows(self, log_time_ns: int) -> None:
        ends = {
            topic: stream_end([read_packet(cdr) for cdr in recent])
            for topic, recent in self._recent.items()
        }
        last_ns = max((end.stamp_ns for end in ends.values() if end), default=0)
        for topic, end in ends.items():
            if end:
                behind_ns = last_ns - end.stamp_ns
                lag_ns = behind_ns if behind_ns > SCATTER_NS else 0
                packet = closing_packet(end, end.stamp_ns + lag_ns + CLOSING_NS)
                self._close(topic, packet, log_time_ns)

    def _close(self, topic: str, packet: Packet, log_time_ns: int) -> None:
        """Send a camera's closing packet; warn if its stamp exceeds the message's range."""
        try:
            cdr = self._codec.packet_to_cdr(packet, packet.frame_id)
            moved = with_stamp(cdr, self._stamps.of_packet(packet.stamp_ns, log_time_ns))
        except (ValueError, struct.error) as error:
            self._warn(f'the last window of {topic} stays open: {error}')
            return
        self._send_out(topic, moved)
