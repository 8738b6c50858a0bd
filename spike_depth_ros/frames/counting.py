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

"""Third stage of the binner: count the events of each packet into the slots of the windows."""

from collections.abc import Sequence

import numpy as np

from spike_depth_ros.events.decoder import Decoder, PacketWords
from spike_depth_ros.events.event_counts import new_event_counts
from spike_depth_ros.events.histogram import EventSink
from spike_depth_ros.frames.admission import MAX_TIME_NS
from spike_depth_ros.frames.camera_stream import CameraStream
from spike_depth_ros.frames.counters import BinnerCounters
from spike_depth_ros.frames.sensor import Sensor
from spike_depth_ros.frames.spike_frame import DTYPE
from spike_depth_ros.frames.time_base import TimeBase
from spike_depth_ros.frames.windows import SpikeFrame, Windows


class EventCounter:
    """Count events slot by slot, through the pixel table and noise filters of their sensor."""

    def __init__(
        self,
        sensors: Sequence[Sensor],
        windows: Windows,
        counters: BinnerCounters,
        time_base: TimeBase,
    ) -> None:
        """Count into the slots of windows.

        Args:
            sensors: sensor of each camera.
            windows: open windows, and their slots.
            counters: counters of each camera, for events by outcome.
            time_base: common time that each camera has reached.
        """
        self._sensors = sensors
        self._windows = windows
        self._counters = counters.cameras
        self._time_base = time_base
        self._counts = new_event_counts()
        self._discarded = np.zeros(windows.places, DTYPE)  # counts of events that no frame shows

    def clear(self) -> None:
        """Forget the times of events at a reset; hot pixels stay hot."""
        for sensor in self._sensors:
            sensor.noise.forget_time()

    def count(
        self, camera: int, stream: CameraStream, packet: PacketWords, end_ns: int
    ) -> list[SpikeFrame]:
        """Count a packet's events into their slots.

        Args:
            camera: 0 (left) or 1 (right).
            stream: the camera's stream; advances with the events.
            packet: words of the packet.
            end_ns: common time at which to stop, nanoseconds.

        Returns:
            Frames of windows that closed because the ring was full.
        """
        frames: list[SpikeFrame] = []
        windows, slots, sensor = self._windows, self._windows.slots, self._sensors[camera]
        position = 0
        while position < len(packet.words) and stream.common_ns < end_ns:
            next_ns = stream.next_ns
            slot = slots.at(next_ns)
            is_late = next_ns < windows.open_ns
            if is_late:
                histogram, until_ns = self._discarded, windows.open_ns
            else:
                frames += windows.make_room(slot, self._time_base.common_times())
                histogram, until_ns = windows.histogram(slot), slots.start_ns(slot + 1)
            sensor.noise.advance(slots.start_ns(slot))
            sink = EventSink(*sensor.filters, histogram, self._counts)
            position = stream.consume(packet, position, until_ns, sink)
            placed = self._counters[camera].take(self._counts, is_late)
            if not is_late:
                windows.add_events(slot, placed)
        return frames

    def discard(self, camera: int, decoder: Decoder, packet: PacketWords) -> None:
        """Decode a packet of a camera that has not sent a time; its events count as late."""
        sink = EventSink(*self._sensors[camera].filters, self._discarded, self._counts)
        position = 0
        while position < len(packet.words):
            position = decoder.consume(packet, position, MAX_TIME_NS, sink)
        self._counters[camera].take(self._counts, is_late=True)
