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

"""Deciding which packets of the cameras are read: the first stage of the binner."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import Order
from spike_depth_ros.frames.admission import Fault, find_fault
from spike_depth_ros.frames.camera import CameraStream
from spike_depth_ros.frames.counters import CameraCounters
from spike_depth_ros.frames.header_stamps import HeaderStamps
from spike_depth_ros.frames.newest import NewestStamps
from spike_depth_ros.units import SECOND_NS

# After a reset, packets that one camera left over from before arrive at most this much later.
LEFTOVER_NS = SECOND_NS
# So many packets of another form that follow each other are no mistake.
MAX_MISFITS = 8


@dataclass(frozen=True, slots=True)
class Restart:
    """Give the reason why all time state ends with a packet, which begins another stream."""

    reason: str


class Intake:
    """Hold packets against those before: their stamps, their order and their form.

    stamps: the newest header stamps of the cameras. counters: packets that are lost or carry no
    stamp are counted there. waited_ns: monotonic nanoseconds.
    """

    def __init__(self, counters: Sequence[CameraCounters]) -> None:
        self.stamps = NewestStamps(len(counters))
        self._counters = counters
        self._header_stamps = [HeaderStamps() for _ in counters]
        self._leftover_until_ns = 0

    def clear(self, waited_ns: int) -> None:
        """Forget all stamps, at a reset; packets from before it may arrive for a while."""
        self.stamps.clear()
        self._leftover_until_ns = waited_ns + LEFTOVER_NS

    def stamped(self, camera: int, packet: Packet, now_ns: int, ros_ns: int) -> Packet:
        """Return the packet, with ROS time in place of a header stamp that tells no time."""
        if not self._header_stamps[camera].are_unusable(packet.stamp_ns, packet.seq, now_ns):
            return packet
        self._counters[camera].packets_unstamped += 1
        return replace(packet, stamp_ns=ros_ns)

    def judge(
        self, camera: int, packet: Packet, stream: CameraStream | None, waited_ns: int
    ) -> Fault | Restart | None:
        """Return None for a packet that is to be read, else why not.

        stream: the camera's, None before it has one.
        """
        fault = find_fault(packet)
        if fault is not None:
            return fault
        if stream is None and self._is_leftover(camera, packet.stamp_ns, waited_ns):
            return Fault('packets_stale', f'seq {packet.seq} is left over from before the reset')
        if self.stamps.jumps(camera, packet.stamp_ns, waited_ns):
            return Restart('header stamps jump ahead')
        self.stamps.follow(camera, packet.stamp_ns, waited_ns)
        return None if stream is None else self._follow(camera, packet, stream)

    def _is_leftover(self, camera: int, stamp_ns: int, waited_ns: int) -> bool:
        """Return whether a packet is from before a reset that another camera brought about."""
        return waited_ns < self._leftover_until_ns and self.stamps.is_before_reset(
            camera, stamp_ns
        )

    def _follow(self, camera: int, packet: Packet, stream: CameraStream) -> Fault | Restart | None:
        """Hold a packet against the camera's sequence and form."""
        order = stream.sequence.follow(packet.seq, packet.stamp_ns)
        if order is Order.LATE:
            return Fault('packets_out_of_order', f'seq {packet.seq} came too late')
        if order is Order.RESTART or not stream.is_of_type_of(packet):
            return Restart('seq, time or type started again')
        self._counters[camera].packets_lost += stream.sequence.lost
        stream.is_after_loss |= stream.sequence.lost > 0
        if stream.has_form_of(packet):
            stream.misfits = 0
            return None
        stream.is_after_loss = True
        stream.misfits += 1
        form = f'{packet.encoding} of {packet.width} x {packet.height}'
        if stream.misfits > MAX_MISFITS:
            return Restart(f'{form} is what the camera sends now')
        return Fault('packets_wrong_form', f'{form} is not what came before')
