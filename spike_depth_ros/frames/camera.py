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

"""One camera's stream on its way into the binner."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import event_counts
from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.events.decoder import JITTER_NS, PacketWords
from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import Sequence
from spike_depth_ros.frames.counters import CameraCounters
from spike_depth_ros.frames.sensor import Sensor


class CameraStream:
    """Hold what is known of a camera since the last reset; its first packet settles the form.

    sensor_ns, common_ns: sensor time and common time that the stream has reached; sensor_ns is
    None before its clock has started. offset_ns: common time minus sensor time. is_after_loss:
    packets before the next one are missing. heard_ns: monotonic time when a packet last told its
    time. misfits: packets of another form in a row. The sensor must fit the packet.
    """

    def __init__(self, packet: Packet, sensor: Sensor) -> None:
        self.decoder = new_decoder(packet.encoding)
        self.clock = SensorClock(self.decoder.wrap_ns)
        self.sequence = Sequence()
        self.sensor_ns: int | None = None
        self.common_ns = 0
        self.offset_ns = 0
        self.heard_ns = 0
        self._before_ns = 0  # common time that was reached when the packet came
        assert sensor.lookup is not None
        self._lookup = sensor.lookup
        self._sensor = sensor
        self._counts = event_counts.new_event_counts()
        self._form = form(packet)
        self._has_seq = packet.seq is not None
        self.is_after_loss = False
        self.misfits = 0

    @property
    def is_stamped_by_host(self) -> bool:
        """Return whether the times of events are ROS time, as in a dvs_msgs/EventArray."""
        return not self._has_seq

    def is_of_type_of(self, packet: Packet) -> bool:
        """Return whether the message was of the type of the first one: only one type has seq."""
        return self._has_seq == (packet.seq is not None)

    def has_form_of(self, packet: Packet) -> bool:
        """Return whether encoding and size are those of the first packet."""
        return self._form == form(packet)

    def counting_slot(self, hop_ns: int) -> int | None:
        """Return the slot in which the next event counts, None while no time is known.

        An event of a packet counts no earlier than what was reached before the packet.
        """
        if self.sensor_ns is None:
            return None
        time_ns = self.decoder.time_ns
        if time_ns is None:
            time_ns = self.sensor_ns
        return max(time_ns + self.offset_ns, self._before_ns) // hop_ns

    def start(self, stamp_ns: int, first_ns: int) -> None:
        """Start the clock with the first packet that tells a time."""
        self.clock.start(stamp_ns, first_ns)
        self.sensor_ns = first_ns

    def align(self, wraps: int, offset_ns: int) -> None:
        """Bring the stream, just started, to the common time: whole wraps and an offset."""
        assert self.sensor_ns is not None
        self.decoder.advance_wraps(wraps)
        self.clock.shift(wraps)
        self.sensor_ns += wraps * self.clock.wrap_ns
        self.offset_ns = offset_ns
        self.common_ns = self._before_ns = self.sensor_ns + offset_ns

    def follow(self, stamp_ns: int, first_ns: int) -> bool:
        """Hold the time at which a later packet starts against its header stamp.

        Returns False for a time jump, which ends the stream; else map_to is to follow.
        """
        assert self.sensor_ns is not None
        if first_ns < self.sensor_ns - JITTER_NS:
            return False
        wraps = self.clock.follow(stamp_ns, first_ns)
        if wraps is None:
            return False
        self.decoder.advance_wraps(wraps)
        self.sensor_ns = max(self.sensor_ns, first_ns + wraps * self.clock.wrap_ns)
        return True

    def map_to(self, offset_ns: int) -> None:
        """Change common time minus sensor time, only so far that common time does not run back."""
        assert self.sensor_ns is not None
        self._before_ns = self.common_ns
        self.offset_ns = max(offset_ns, self.common_ns - self.sensor_ns)
        self.reach(self.sensor_ns)

    def reach(self, sensor_ns: int) -> None:
        """Let the stream's time advance, never back."""
        assert self.sensor_ns is not None
        self.sensor_ns = max(self.sensor_ns, sensor_ns)
        self.common_ns = max(self.common_ns, self.sensor_ns + self.offset_ns)

    def consume(
        self,
        words: PacketWords,
        position: int,
        until_ns: int,
        histogram: npt.NDArray[np.uint8],
    ) -> int:
        """Count events up to the first at or after a common time; see Decoder.consume."""
        position = self.decoder.consume(
            words,
            position,
            until_ns - self.offset_ns,
            EventSink(self._lookup, self._sensor.noise.state, histogram, self._counts),
        )
        if self.sensor_ns is not None and self.decoder.time_ns is not None:
            self.reach(self.decoder.time_ns)
        return position

    def move_tally(self, counters: CameraCounters, late: bool) -> int:
        """Move the decoder's tally to the counters; return the events that have a place.

        Those that 255 cut are among them.
        """
        tally = self._counts.tolist()
        self._counts.fill(0)
        events = tally[event_counts.EVENTS]
        placed: int = events - sum(
            tally[event_counts.UNMAPPED_EVENTS : event_counts.BACKGROUND_EVENTS + 1]
        )
        counters.events += (
            events + tally[event_counts.STALE_EVENTS] + tally[event_counts.BACKWARD_EVENTS]
        )
        counters.events_unmapped += tally[event_counts.UNMAPPED_EVENTS]
        counters.events_outside += tally[event_counts.OUTSIDE_EVENTS]
        counters.events_hot += tally[event_counts.HOT_EVENTS]
        counters.events_refractory += tally[event_counts.REFRACTORY_EVENTS]
        counters.events_background += tally[event_counts.BACKGROUND_EVENTS]
        counters.events_stale += tally[event_counts.STALE_EVENTS]
        counters.events_backward += tally[event_counts.BACKWARD_EVENTS]
        counters.events_late += placed if late else 0
        counters.words_unknown += tally[event_counts.UNKNOWN_WORDS]
        counters.triggers_falling += tally[event_counts.TRIGGERS]
        counters.triggers_rising += tally[event_counts.TRIGGERS + 1]
        return placed


def timed(streams: Iterable[CameraStream | None]) -> list[CameraStream]:
    """Return the streams whose clock has started."""
    return [stream for stream in streams if stream and stream.sensor_ns is not None]


def form(packet: Packet) -> tuple[str, int, int]:
    """Return what must not change within a stream."""
    return packet.encoding, packet.width, packet.height
