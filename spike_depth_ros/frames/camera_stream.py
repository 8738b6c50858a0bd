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

"""One camera's stream since its clock started: its decoder and its place in the common time."""

from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.events.decoder import JITTER_NS, Decoder, PacketWords
from spike_depth_ros.events.histogram import EventSink


class CameraStream:
    """Decode one camera's packets and map their sensor time to the common time.

    All times are nanoseconds. Sensor time and common time never run back.

    Attributes:
        decoder: decoder of the packets.
        clock: sensor clock of the camera.
        sensor_ns: sensor time reached.
        offset_ns: common time minus sensor time.
        common_ns: common time reached.
        timed_ns: monotonic time of the last packet with a time.
    """

    def __init__(self, decoder: Decoder, stamp_ns: int, first_ns: int) -> None:
        """Start the clock; align must follow.

        Args:
            decoder: decoder of the packets.
            stamp_ns: header stamp of the first packet that has a time.
            first_ns: sensor time at which that packet starts.
        """
        self.decoder = decoder
        self.clock = SensorClock(decoder.wrap_ns)
        self.clock.start(stamp_ns, first_ns)
        self.sensor_ns = first_ns
        self.offset_ns = 0
        self.common_ns = first_ns
        self.timed_ns = 0
        self._before_ns = first_ns  # common time reached before the present packet

    def align(self, wraps: int, offset_ns: int) -> None:
        """Place the stream, whose clock has just started, in the common time.

        Args:
            wraps: whole wraps by which to advance the sensor time.
            offset_ns: common time minus sensor time.
        """
        self.decoder.advance_wraps(wraps)
        self.clock.advance_wraps(wraps)
        self.sensor_ns += wraps * self.clock.wrap_ns
        self.offset_ns = offset_ns
        self.common_ns = self._before_ns = self.sensor_ns + offset_ns

    def follow(self, stamp_ns: int, first_ns: int) -> bool:
        """Follow the clock to a later packet; map_to must follow.

        Args:
            stamp_ns: header stamp of the packet.
            first_ns: sensor time at which it starts.

        Returns:
            False for a time jump, which ends the stream.
        """
        if first_ns < self.sensor_ns - JITTER_NS:
            return False
        wraps = self.clock.follow(stamp_ns, first_ns)
        if wraps is None:
            return False
        self.decoder.advance_wraps(wraps)
        self.sensor_ns = max(self.sensor_ns, first_ns + wraps * self.clock.wrap_ns)
        return True

    def map_to(self, offset_ns: int) -> None:
        """Set common time minus sensor time, limited: the common time does not run back."""
        self._before_ns = self.common_ns
        self.offset_ns = max(offset_ns, self.common_ns - self.sensor_ns)
        self._reach(self.sensor_ns)

    @property
    def next_ns(self) -> int:
        """Return the common time of the next event: not before that reached before its packet."""
        time_ns = self.decoder.time_ns
        if time_ns is None:
            time_ns = self.sensor_ns
        return max(time_ns + self.offset_ns, self._before_ns)

    def consume(self, packet: PacketWords, position: int, until_ns: int, sink: EventSink) -> int:
        """Count events up to the first at or after a common time; see Decoder.consume."""
        position = self.decoder.consume(packet, position, until_ns - self.offset_ns, sink)
        if self.decoder.time_ns is not None:
            self._reach(self.decoder.time_ns)
        return position

    def _reach(self, sensor_ns: int) -> None:
        """Advance the stream to a sensor time, never back."""
        self.sensor_ns = max(self.sensor_ns, sensor_ns)
        self.common_ns = max(self.common_ns, self.sensor_ns + self.offset_ns)
