"""The order of one driver's packets, by `seq` and header stamp."""

from enum import Enum, auto

# A packet that the network overtook is younger than this; one further back is another replay.
REORDER_NS = 1_000_000_000


class Order(Enum):
    """Say how a packet follows the one before."""

    NEXT = auto()  # possibly after lost ones
    LATE = auto()  # overtaken by its successors, or a duplicate
    RESTART = auto()  # a driver restarted or a recording began anew


class Sequence:
    """Follow the packets of one camera; lost counts the ones missing before the last packet.

    Packets without seq, None, are ordered by their header stamps alone; what is missing between
    them cannot be known.
    """

    def __init__(self) -> None:
        self._seq: int | None = None
        self._stamp_ns: int | None = None
        self.lost = 0

    def follow(self, seq: int | None, stamp_ns: int) -> Order:
        """Take the next packet; a late one changes nothing."""
        order = self._order(seq, stamp_ns)
        if order is not Order.LATE:
            self.lost = max(0, seq - self._seq - 1) if self._seq is not None and seq else 0
            self._seq, self._stamp_ns = seq, stamp_ns
        return order

    def _order(self, seq: int | None, stamp_ns: int) -> Order:
        if self._stamp_ns is None:
            return Order.NEXT
        if seq is None or self._seq is None:
            if stamp_ns >= self._stamp_ns:
                return Order.NEXT
        elif seq > self._seq:
            return Order.NEXT
        if (seq, stamp_ns) == (self._seq, self._stamp_ns):
            return Order.LATE
        back_ns = self._stamp_ns - stamp_ns
        return Order.LATE if 0 < back_ns < REORDER_NS else Order.RESTART
