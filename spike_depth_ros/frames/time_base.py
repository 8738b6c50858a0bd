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

"""Second stage of the binner: bring the packets of all cameras to one common time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.events.decoder import Decoder, PacketWords
from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.frames.admission import MAX_TIME_NS, Admitted, Fault, Restart
from spike_depth_ros.frames.agreement import FRESH_NS, Agreement, disagreement
from spike_depth_ros.frames.camera_stream import CameraStream
from spike_depth_ros.frames.counters import DropReason
from spike_depth_ros.frames.deadline import Deadline
from spike_depth_ros.frames.newest import NewestStamps
from spike_depth_ros.frames.rendezvous import Rendezvous
from spike_depth_ros.frames.synchroniser import Synchroniser
from spike_depth_ros.units import SECOND_NS

# Far longer than a driver's longest packet.
MAX_PACKET_NS = 2 * SECOND_NS


class Join(NamedTuple):
    """Camera whose stream begins.

    Attributes:
        camera: 0 (left) or 1 (right).
        start_ns: common time at which the stream begins, nanoseconds.
        leader_ns: common time that the leading camera has reached, nanoseconds.
    """

    camera: int
    start_ns: int
    leader_ns: int


class Start(NamedTuple):
    """Packets to read now that the common time has started, and the cameras that begin."""

    packets: list[Admitted]
    joins: list[Join]


@dataclass(frozen=True, slots=True)
class Waits:
    """Result for a packet that waits for the start of the common time."""


class Untimed(NamedTuple):
    """Result for a packet of a camera that has not sent a time: its events do not count."""

    decoder: Decoder
    packet: PacketWords


class Timed(NamedTuple):
    """Result for a packet that has a place in the common time.

    Attributes:
        stream: stream of the camera.
        packet: words of the packet.
        end_ns: latest common time that a packet can reach, nanoseconds.
        join: the start of the stream, if it begins with this packet.
    """

    stream: CameraStream
    packet: PacketWords
    end_ns: int
    join: Join | None = None


Answer = Waits | Untimed | Timed | Restart | Fault


class TimeBase:
    """Follow the cameras' clocks and map their packets to one common time.

    Two states: waiting, until each camera has sent a time, while packets are held; running,
    until the next reset. While running, a camera may still join with its first time.
    """

    def __init__(self, cameras: int, sync: str, deadline: Deadline, stamps: NewestStamps) -> None:
        """Wait for packets.

        Args:
            cameras: number of cameras.
            sync: setting of the synchroniser.
            deadline: the host's clock, and the longest wait for a camera.
            stamps: newest header stamps, followed by the intake.
        """
        self.sync = Synchroniser(sync)
        self._deadline = deadline
        self._stamps = stamps
        self._cameras = range(cameras)
        self._agreement = Agreement()
        self._has_disagreed = False
        self._rendezvous = Rendezvous(cameras)
        self._is_running = False
        self._decoders: dict[int, Decoder] = {}  # cameras that have sent a packet
        self._streams: dict[int, CameraStream] = {}  # cameras that have sent a time, left first

    def clear(self) -> list[Admitted]:
        """Forget all clocks; drop and return the packets that wait. The sync mode stays."""
        dropped, self._is_running = self._rendezvous.packets, False
        self._rendezvous.clear()
        self._decoders.clear()
        self._streams.clear()
        self._agreement.clear()
        return dropped

    @property
    def streams(self) -> Mapping[int, CameraStream]:
        """Return the streams by camera, of cameras that have sent a time."""
        return self._streams

    def ros_offset_ns(self, camera: int) -> int | None:
        """Return ROS time minus common time, None if another camera is the reference for it."""
        is_reference = camera == next(iter(self._streams))
        return self.sync.ros_offset_ns(self._clocks()) if is_reference else None

    def common_times(self) -> list[int | None]:
        """Return the common time that each camera has reached, None before it sent a time."""
        return [
            self._streams[camera].common_ns if camera in self._streams else None
            for camera in self._cameras
        ]

    @property
    def is_due(self) -> bool:
        """Return whether packets wait and the wait is over."""
        return self._rendezvous.is_over(self._deadline.waited_ns, self._deadline.max_wait_ns)

    def start(self) -> Start:
        """Start the common time with the packets that wait."""
        self._is_running = True
        rendezvous = self._rendezvous
        packets, firsts = rendezvous.packets, rendezvous.firsts
        rendezvous.clear()
        streams = {
            camera: CameraStream(self._decoders[camera], *first)
            for camera, first in enumerate(firsts)
            if first is not None
        }
        self.sync.decide([stream.clock for stream in streams.values()])
        return Start(packets, [self._join(camera, stream) for camera, stream in streams.items()])

    def take(self, admitted: Admitted) -> Answer:
        """Bring a packet to the common time."""
        camera, packet, is_after_loss, _ = admitted
        if camera not in self._decoders:
            self._decoders[camera] = new_decoder(packet.encoding)
        decoder = self._decoders[camera]
        if not self._is_running:
            arrived_ns = self._deadline.waited_ns
            held = admitted._replace(arrived_ns=arrived_ns)
            self._rendezvous.add(held, decoder.parse(packet).first_ns)
            return Waits()
        if is_after_loss:
            decoder.on_packet_loss()
        words = decoder.parse(packet)
        if words.first_ns is None:
            stream = self._streams.get(camera)
            if stream is None:
                return Untimed(decoder, words)
            return Timed(stream, words, stream.common_ns + MAX_PACKET_NS)
        if abs(words.first_ns) >= MAX_TIME_NS:
            sentence = f'sensor time {words.first_ns} ns is out of range'
            return Fault(DropReason.WRONG_TIME, sentence)
        return self._follow(camera, packet.stamp_ns, words, words.first_ns)

    def reach(self, camera: int) -> None:
        """Compare the common time that a camera has reached with the arrival of its packets."""
        common_ns = self._streams[camera].common_ns
        self._agreement.follow(camera, common_ns, self._deadline.now_ns)

    def disagreement(self) -> str:
        """Return a sentence if common times disagree with the arrival of packets, else ''."""
        apart_ns = self._agreement.apart_ns(self._deadline.now_ns)
        if not apart_ns:
            return ''
        # If header stamps confirm the sensor time, both may be wrong in the same way.
        has_host_time = any(stream.decoder.has_host_time for stream in self._streams.values())
        late = self.sync.is_confirmed(self._clocks()) and not has_host_time
        return disagreement(apart_ns, self.sync.mode, late, self._deadline.max_wait_ns)

    def new_disagreement(self) -> str:
        """Return the sentence of disagreement once, when a disagreement begins, else ''."""
        sentence = self.disagreement()
        is_new = not self._has_disagreed
        self._has_disagreed = bool(sentence)
        return sentence if is_new else ''

    def _follow(self, camera: int, stamp_ns: int, words: PacketWords, first_ns: int) -> Answer:
        """Follow a camera's clock to a packet that starts at the sensor time first_ns."""
        stream, join = self._streams.get(camera), None
        if stream is None:
            stream = CameraStream(self._decoders[camera], stamp_ns, first_ns)
            join = self._join(camera, stream)
        elif not stream.follow(stamp_ns, first_ns):
            return Restart('sensor time and header stamp jumped')
        stream.map_to(self.sync.offset_ns(stream.clock))
        stream.timed_ns = self._deadline.now_ns
        if self.sync.finds_otherwise(self._fresh_clocks(), join is not None):
            reason = "the cameras' clocks contradict the sync mode"
            return Restart(f'{reason}, sync is {self.sync.mode} now')
        return Timed(stream, words, stream.common_ns + MAX_PACKET_NS, join)

    def _join(self, camera: int, stream: CameraStream) -> Join:
        """Align a stream whose clock has just started with the other camera's."""
        sign = 1 if camera else -1  # sign of this camera minus the other, from right minus left
        wraps = self.sync.wraps_behind(stream.clock, self._clocks(), sign * self._stamps.apart_ns)
        stream.align(wraps, self.sync.offset_ns(stream.clock))
        self._streams = dict(sorted({**self._streams, camera: stream}.items()))
        leader_ns = max(each.common_ns for each in self._streams.values())
        return Join(camera, stream.common_ns, leader_ns)

    def _clocks(self) -> list[SensorClock]:
        """Return the clocks that have started, left first."""
        return [stream.clock for stream in self._streams.values()]

    def _fresh_clocks(self) -> list[SensorClock]:
        """Return the clocks of the cameras that sent a time within FRESH_NS, left first."""
        oldest_ns = self._deadline.now_ns - FRESH_NS
        return [s.clock for s in self._streams.values() if s.timed_ns > oldest_ns]
