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

"""Events of one camera in numbers."""

from dataclasses import dataclass

import numpy as np

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import Order, Sequence
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.recording import EventCamera
from spike_depth_ros.units import SECOND_NS

# The peak rate is over bins of this length, nanoseconds.
PEAK_NS = 100_000_000
# A longer time without events is a gap, nanoseconds.
GAP_NS = 500_000_000


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without events: start and length, nanoseconds."""

    start_ns: int
    length_ns: int


@dataclass(frozen=True, slots=True)
class EventInfo:
    """Events of one camera.

    Attributes:
        camera: the camera.
        events: number of events on the sensor.
        on_events: number of ON events.
        start_ns, end_ns: times of the first and the last event; None without events.
        peak_rate: largest rate in a bin of PEAK_NS, events/s.
        gaps: number of times of more than GAP_NS without events.
        longest_gap: the longest of these; None without any.
        packets: number of packets; 0 for a file of arrays.
        lost_packets: packets that their numbers say are missing.
        restarts: times that the numbers of the packets began again.
    """

    camera: EventCamera
    events: int
    on_events: int
    start_ns: int | None
    end_ns: int | None
    peak_rate: float
    gaps: int
    longest_gap: Gap | None
    packets: int
    lost_packets: int
    restarts: int

    @property
    def duration_s(self) -> float:
        """Return the time from the first event to the last, seconds."""
        if self.start_ns is None or self.end_ns is None:
            return 0.0
        return (self.end_ns - self.start_ns) / SECOND_NS

    @property
    def mean_rate(self) -> float:
        """Return the mean rate, events/s."""
        return self.events / self.duration_s if self.duration_s else 0.0


class EventCounter:
    """Count the events of one camera, chunk by chunk in order of time."""

    def __init__(self, camera: EventCamera) -> None:
        self.camera = camera
        self._events = self._on_events = 0
        self._start_ns: int | None = None
        self._end_ns: int | None = None
        self._bin, self._in_bin, self._peak = 0, 0, 0
        self._gaps = 0
        self._longest: Gap | None = None
        self._sequence = Sequence()
        self._packets = self._lost = self._restarts = 0

    def add_packet(self, packet: Packet) -> None:
        """Follow the number of a packet."""
        order = self._sequence.follow(packet.seq, packet.stamp_ns)
        self._packets += 1
        if order is Order.NEXT:
            self._lost += self._sequence.lost
        self._restarts += order is Order.RESTART

    def add(self, events: EventArrays) -> None:
        """Count the events of a chunk of arrays."""
        if not len(events.t_ns):
            return
        first_ns, last_ns = int(events.t_ns[0]), int(events.t_ns[-1])
        if self._end_ns is None:
            self._start_ns, self._bin = first_ns, first_ns // PEAK_NS
        else:
            self._follow_gap(self._end_ns, first_ns)
        if last_ns - first_ns > GAP_NS:
            steps = np.diff(events.t_ns)
            for place in np.flatnonzero(steps > GAP_NS).tolist():
                self._follow_gap(int(events.t_ns[place]), int(events.t_ns[place + 1]))
        self._end_ns = last_ns
        self._events += len(events.t_ns)
        self._on_events += int(np.count_nonzero(events.polarity))
        self._count_bins(events, first_ns, last_ns)

    def result(self) -> EventInfo:
        """Return the numbers so far."""
        peak = max(self._peak, self._in_bin)
        return EventInfo(
            camera=self.camera,
            events=self._events,
            on_events=self._on_events,
            start_ns=self._start_ns,
            end_ns=self._end_ns,
            peak_rate=peak * SECOND_NS / PEAK_NS,
            gaps=self._gaps,
            longest_gap=self._longest,
            packets=self._packets,
            lost_packets=self._lost,
            restarts=self._restarts,
        )

    def _follow_gap(self, before_ns: int, after_ns: int) -> None:
        gap = Gap(before_ns, after_ns - before_ns)
        if gap.length_ns > GAP_NS:
            self._gaps += 1
            if self._longest is None or gap.length_ns > self._longest.length_ns:
                self._longest = gap

    def _count_bins(self, events: EventArrays, first_ns: int, last_ns: int) -> None:
        if first_ns // PEAK_NS == last_ns // PEAK_NS:
            self._count_bin(first_ns // PEAK_NS, len(events.t_ns))
            return
        bins, sizes = np.unique(events.t_ns // PEAK_NS, return_counts=True)
        for number, size in zip(bins.tolist(), sizes.tolist(), strict=True):
            self._count_bin(number, size)

    def _count_bin(self, number: int, size: int) -> None:
        if number != self._bin:
            self._peak = max(self._peak, self._in_bin)
            self._bin, self._in_bin = number, 0
        self._in_bin += size
