"""One camera's stream on its way into the binner."""

from spike_depth_ros.events import histogram as tallies
from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.events.decoder import JITTER_NS
from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import Sequence
from spike_depth_ros.frames.counters import CameraCounters
from spike_depth_ros.frames.pixel_table import PixelTable


class CameraStream:
    """Hold what is known of a camera since the last reset; its first packet settles the form.

    reached_ns: common time that the stream has reached, None before any.
    """

    def __init__(self, packet: Packet, table: PixelTable, camera: int, channels: int) -> None:
        self.decoder = new_decoder(packet.encoding)
        self.clock = SensorClock(self.decoder.wrap_ns)
        self.sequence = Sequence()
        self.lookup = table.lookup(camera, channels)
        self.reached_ns: int | None = None
        self._form = form(packet)

    def has_form_of(self, packet: Packet) -> bool:
        """Say whether encoding and size are those of the first packet."""
        return self._form == form(packet)

    def slot(self, hop_ns: int) -> int:
        """Return the slot that the stream has reached; its time must be known."""
        return (self.reached_ns or 0) // hop_ns

    def counting_slot(self, hop_ns: int) -> int | None:
        """Return the slot in which the next event counts, None while no time is known."""
        time_ns = self.decoder.time_ns
        if time_ns is None:
            time_ns = self.reached_ns
        return None if time_ns is None else time_ns // hop_ns

    def keep_time(self, stamp_ns: int, first_ns: int, shared_offset_ns: int | None) -> bool:
        """Hold the time at which a packet starts against its header stamp.

        shared_offset_ns: see SensorClock.start. Returns False for a time jump, which ends the
        stream.
        """
        wraps: int | None
        if self.reached_ns is None:
            wraps = self.clock.start(stamp_ns, first_ns, shared_offset_ns)
        elif first_ns < self.reached_ns - JITTER_NS:
            return False
        else:
            wraps = self.clock.follow(stamp_ns, first_ns)
        if wraps is None:
            return False
        self.decoder.shift(wraps)
        self.reach(first_ns + wraps * self.decoder.wrap_ns)
        return True

    def reach(self, time_ns: int) -> None:
        """Let the stream's time advance to time_ns, never back."""
        self.reached_ns = time_ns if self.reached_ns is None else max(self.reached_ns, time_ns)

    def move_tally(self, counters: CameraCounters, late: bool) -> tuple[int, int]:
        """Move the decoder's tally to the counters; return counted and saturated events."""
        tally = [int(count) for count in self.decoder.tally]
        self.decoder.tally.fill(0)
        counted, saturated = tally[tallies.COUNTED], tally[tallies.SATURATED]
        unmapped, outside = tally[tallies.UNMAPPED_EVENTS], tally[tallies.OUTSIDE_EVENTS]
        stale, backward = tally[tallies.STALE_EVENTS], tally[tallies.BACKWARD_EVENTS]
        counters.events += counted + saturated + unmapped + outside + stale + backward
        counters.events_unmapped += unmapped
        counters.events_outside += outside
        counters.events_stale += stale
        counters.events_backward += backward
        counters.events_late += counted + saturated if late else 0
        counters.words_unknown += tally[tallies.UNKNOWN_WORDS]
        counters.triggers_falling += tally[tallies.TRIGGERS]
        counters.triggers_rising += tally[tallies.TRIGGERS + 1]
        return counted, saturated


def form(packet: Packet) -> tuple[str, int, int]:
    """Return what must not change within a stream."""
    return packet.encoding, packet.width, packet.height
