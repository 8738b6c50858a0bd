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

"""First stage of the binner: admit a packet, drop it, or restart the time with it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from spike_depth_ros.events import sequence
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.admission import Admitted, Fault, Restart, find_fault
from spike_depth_ros.frames.counters import CameraCounters, DropReason
from spike_depth_ros.frames.header_stamps import HeaderStamps
from spike_depth_ros.frames.newest import NewestStamps
from spike_depth_ros.frames.sensor import Sensor
from spike_depth_ros.units import SECOND_NS

# After a reset, packets from before it may arrive for at most this time.
LEFTOVER_NS = SECOND_NS
# After more packets in a row of another form, the camera has changed its form.
MAX_MISFITS = 8


class Intake:
    """Check each packet against the earlier ones: header stamp, order, encoding and size.

    Waiting times are monotonic nanoseconds; see Deadline.

    Attributes:
        stamps: newest header stamps of the cameras.
    """

    def __init__(self, counters: Sequence[CameraCounters], sensors: Sequence[Sensor]) -> None:
        """Start without packets.

        Args:
            counters: counters of each camera, for lost and unstamped packets.
            sensors: sensor of each camera; the first packet has its size.
        """
        self.stamps = NewestStamps(len(counters))
        self._counters = counters
        self._sensors = sensors
        self._header_stamps = [HeaderStamps() for _ in counters]
        self._senders: dict[int, _Sender] = {}
        self._leftover_until_ns = 0

    @property
    def has_begun(self) -> bool:
        """Return whether a packet was admitted since the last reset."""
        return bool(self._senders)

    def clear(self, waited_ns: int, cameras: Collection[int]) -> None:
        """Forget the packets before a reset.

        Args:
            waited_ns: waiting time of the reset.
            cameras: cameras of which admitted packets remain to be read; their order and form
                stay known.
        """
        self.stamps.clear()
        self._senders = {c: sender for c, sender in self._senders.items() if c in cameras}
        self._leftover_until_ns = waited_ns + LEFTOVER_NS

    def stamped(self, camera: int, packet: Packet, now_ns: int, ros_ns: int) -> Packet:
        """Return the packet, with ROS time in place of an unusable header stamp.

        Args:
            camera: 0 (left) or 1 (right).
            packet: the packet.
            now_ns: monotonic time now, nanoseconds.
            ros_ns: ROS time now, nanoseconds.
        """
        if not self._header_stamps[camera].are_unusable(packet.stamp_ns, packet.seq, now_ns):
            return packet
        self._counters[camera].packets_unstamped += 1
        return replace(packet, stamp_ns=ros_ns)

    def judge(self, camera: int, packet: Packet, waited_ns: int) -> Admitted | Fault | Restart:
        """Judge a packet that comes now.

        Args:
            camera: 0 (left) or 1 (right).
            packet: the packet.
            waited_ns: waiting time now.
        """
        fault = find_fault(packet)
        if fault is not None:
            return fault
        sender = self._senders.get(camera)
        if sender is None and self._is_leftover(camera, packet.stamp_ns, waited_ns):
            sentence = f'seq {packet.seq} is from before the reset'
            return Fault(DropReason.STALE, sentence)
        if self.stamps.jumps(camera, packet.stamp_ns, waited_ns):
            return Restart('header stamp jumped ahead')
        self.stamps.follow(camera, packet.stamp_ns, waited_ns)
        if sender is None:
            return self.begin(camera, packet, waited_ns)
        return sender.judge(packet, self._counters[camera], waited_ns)

    def begin(self, camera: int, packet: Packet, waited_ns: int) -> Admitted | Fault:
        """Admit the first packet of a camera, if a pixel table fits its sensor; see judge."""
        try:
            self._sensors[camera].fit(packet.width, packet.height)
        except ValueError as error:
            return Fault(DropReason.UNCALIBRATED, str(error))
        self._senders[camera] = _Sender(camera, packet)
        return Admitted(camera, packet, False, waited_ns)

    def _is_leftover(self, camera: int, stamp_ns: int, waited_ns: int) -> bool:
        """Return whether a packet is from before a reset that another camera caused."""
        return waited_ns < self._leftover_until_ns and self.stamps.is_before_reset(
            camera, stamp_ns
        )


class _Sender:
    """Order and form of one camera's packets since its first one."""

    def __init__(self, camera: int, packet: Packet) -> None:
        self._camera = camera
        self._form = _form(packet)
        self._has_seq = packet.seq is not None
        self._sequence = sequence.Sequence()
        self._sequence.follow(packet.seq, packet.stamp_ns)
        self._is_after_loss = False
        self._misfits = 0  # packets of another form in a row

    def judge(
        self, packet: Packet, counters: CameraCounters, waited_ns: int
    ) -> Admitted | Fault | Restart:
        """Judge a packet after the first one; see Intake.judge."""
        order = self._sequence.follow(packet.seq, packet.stamp_ns)
        if order is sequence.Order.LATE:
            return Fault(DropReason.OUT_OF_ORDER, f'seq {packet.seq} arrived after a later packet')
        if order is sequence.Order.RESTART or self._has_seq != (packet.seq is not None):
            return Restart('seq, header stamp or message type restarted')
        counters.packets_lost += self._sequence.lost
        self._is_after_loss |= self._sequence.lost > 0
        if self._form != _form(packet):
            return self._misfit(packet)
        self._misfits = 0
        is_after_loss, self._is_after_loss = self._is_after_loss, False
        return Admitted(self._camera, packet, is_after_loss, waited_ns)

    def _misfit(self, packet: Packet) -> Fault | Restart:
        """Judge a packet of another form than the first one."""
        self._is_after_loss = True
        self._misfits += 1
        form = f'{packet.encoding} of {packet.width} x {packet.height}'
        if self._misfits > MAX_MISFITS:
            return Restart(f'the camera now sends {form}')
        return Fault(DropReason.WRONG_FORM, f'{form} differs from the packets before')


def _form(packet: Packet) -> tuple[str, int, int]:
    """Return the fields that stay the same in a stream."""
    return packet.encoding, packet.width, packet.height
