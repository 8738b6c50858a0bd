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

"""Packets that wait, at the start, until the cameras' clocks can be compared."""

from typing import NamedTuple

from spike_depth_ros.events.packet import Packet

# Far more than two cameras send within the longest wait.
MAX_BYTES = 1 << 26


class Waiting(NamedTuple):
    """Hold a packet, whether others were lost before it, and the waiting time when it came."""

    camera: int
    packet: Packet
    is_after_loss: bool
    came_ns: int


class Rendezvous:
    """Hold the first packets back until every camera has told its time, or too much waits.

    So neither the clock in which windows are cut nor their grid depend on which camera's packets
    came first.

    packets: what was held, in its order.
    """

    def __init__(self, cameras: int) -> None:
        self.packets: list[Waiting] = []
        self._bytes = 0
        self._firsts: list[tuple[int, int] | None] = [None] * cameras

    def add(self, waiting: Waiting, first_ns: int | None) -> None:
        """Hold a packet; first_ns: the sensor time at which it starts, None when it tells none."""
        self.packets.append(waiting)
        self._bytes += len(waiting.packet.data)
        if self._firsts[waiting.camera] is None and first_ns is not None:
            self._firsts[waiting.camera] = waiting.packet.stamp_ns, first_ns

    def is_over(self, waited_ns: int, max_wait_ns: int) -> bool:
        """Return whether to wait no longer."""
        if not self.packets:
            return False
        is_late = waited_ns - self.packets[0].came_ns >= max_wait_ns
        return None not in self._firsts or is_late or self._bytes > MAX_BYTES

    @property
    def firsts(self) -> list[tuple[int, int] | None]:
        """Return each camera's first header stamp and sensor time, None before it told any."""
        return list(self._firsts)
