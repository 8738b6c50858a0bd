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

"""First packets after a reset, held until the cameras' clocks can be compared."""

from spike_depth_ros.frames.admission import Admitted

# Far more than two cameras send within the longest wait.
MAX_BYTES = 1 << 26


class Rendezvous:
    """Hold the first packets until every camera has sent a time, or for a limited time.

    Neither the clock in which windows are cut nor their grid then depend on which camera's packets
    come first.

    Attributes:
        packets: packets held, in the order of their arrival.
    """

    def __init__(self, cameras: int) -> None:
        self.packets: list[Admitted] = []
        self._bytes = 0
        self._firsts: list[tuple[int, int] | None] = [None] * cameras

    def clear(self) -> None:
        """Drop all packets."""
        self.packets = []
        self._bytes = 0
        self._firsts = [None] * len(self._firsts)

    def add(self, admitted: Admitted, first_ns: int | None) -> None:
        """Hold a packet; first_ns: sensor time at which it starts, None if it has no time."""
        self.packets.append(admitted)
        self._bytes += len(admitted.packet.data)
        if self._firsts[admitted.camera] is None and first_ns is not None:
            self._firsts[admitted.camera] = admitted.packet.stamp_ns, first_ns

    def is_over(self, waited_ns: int, max_wait_ns: int) -> bool:
        """Return whether to release the packets; waited_ns: waiting time now, see Deadline."""
        if not self.packets:
            return False
        is_late = waited_ns - self.packets[0].arrived_ns >= max_wait_ns
        return None not in self._firsts or is_late or self._bytes > MAX_BYTES

    @property
    def firsts(self) -> list[tuple[int, int] | None]:
        """Return header stamp and sensor time of each camera's first packet with a time."""
        return list(self._firsts)
