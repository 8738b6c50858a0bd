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

"""Order of one driver's packets, by `seq` and header stamp."""

from enum import Enum, auto

from spike_depth_ros.units import SECOND_NS

# Age limit of a packet that later ones overtook; an older packet is from another replay.
REORDER_NS = SECOND_NS
# More late packets in rising order were not overtaken: a short recording loops.
MAX_LATE = 5


class Order(Enum):
    """Order of a packet after the packet before."""

    NEXT = auto()  # possibly after lost ones
    LATE = auto()  # overtaken by later packets, or a duplicate
    RESTART = auto()  # a driver restarted, or a recording looped


class Sequence:
    """Follow the packets of one camera.

    Packets without seq (None) are ordered by their header stamps alone, and losses of such packets
    are not known.

    Attributes:
        lost: packets missing before the last packet.
    """

    def __init__(self) -> None:
        self._seq: int | None = None
        self._stamp_ns: int | None = None
        self._late: list[int] = []  # header stamps of the late packets since the last in order
        self.lost = 0

    def follow(self, seq: int | None, stamp_ns: int) -> Order:
        """Follow the next packet; return its order."""
        order = self._order(seq, stamp_ns)
        if order is Order.LATE and self._loops(stamp_ns):
            order = Order.RESTART
        if order is not Order.LATE:
            self.lost = max(0, seq - self._seq - 1) if self._seq is not None and seq else 0
            self._seq, self._stamp_ns = seq, stamp_ns
            self._late.clear()
        return order

    def _order(self, seq: int | None, stamp_ns: int) -> Order:
        if self._stamp_ns is None:
            return Order.NEXT
        if seq is None or self._seq is None or seq == self._seq:
            # Without seq, or with a constant seq, the stamps alone give the order.
            is_next = stamp_ns > self._stamp_ns or (seq is None and stamp_ns == self._stamp_ns)
        else:
            is_next = seq > self._seq
        if is_next:
            return Order.NEXT
        back_ns = self._stamp_ns - stamp_ns
        is_same = seq == self._seq and back_ns == 0
        return Order.LATE if is_same or 0 < back_ns < REORDER_NS else Order.RESTART

    def _loops(self, stamp_ns: int) -> bool:
        """Return whether late packets come in rising order, unlike overtaken packets."""
        if self._late and stamp_ns <= self._late[-1]:
            self._late.clear()
        self._late.append(stamp_ns)
        return len(self._late) > MAX_LATE
