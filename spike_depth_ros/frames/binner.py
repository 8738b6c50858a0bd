"""Turn packets of one or two cameras into spike frames, as they come."""

from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import encodings
from spike_depth_ros.events.clock import JUMP_NS
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.events.sequence import Order
from spike_depth_ros.frames.admission import MAX_TIME_NS, Fault, find_fault
from spike_depth_ros.frames.camera import CameraStream
from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.frames.deadline import Deadline
from spike_depth_ros.frames.pixel_table import PixelTable, resize_table
from spike_depth_ros.frames.rig import MAX_SIZE
from spike_depth_ros.frames.ring import SlotRing
from spike_depth_ros.frames.windows import SpikeFrame, Windows

# A camera may run ahead of a window by this much beyond max_wait before the ring is full.
RING_SPARE_NS = 1_000_000_000
# After a reset, packets that one camera left over from before arrive at most this much later.
LEFTOVER_NS = 1_000_000_000
MAX_PROBLEMS = 8
MIN_HOP_NS = 1_000_000
MAX_RING_BYTES = 1 << 30
NS_PER_MS = 1_000_000


class Binner:
    """Count the packets of one or two cameras into half-open windows of one common clock.

    A window [t - window, t), t a multiple of the hop, closes when all cameras have passed t, or
    max_wait_ns after the first did, or when the ring is full. Frames depend on the events only,
    not on how they are split into packets or how the cameras' packets interleave. Nothing that
    comes in raises: it is counted in `counters`, and `problems` holds the latest sentences, which
    the caller may clear.
    """

    def __init__(
        self,
        cameras: int,
        window_ns: int,
        hop_ns: int,
        max_wait_ns: int,
        width: int,
        height: int,
    ) -> None:
        """Take one or two cameras and the frames' width and height, pixels.

        Raises ValueError for numbers that make no binner.
        """
        _check(cameras, window_ns, hop_ns, max_wait_ns, width, height)
        self.counters = BinnerCounters(tuple(CameraCounters() for _ in range(cameras)))
        self.problems: deque[str] = deque(maxlen=MAX_PROBLEMS)
        self._hop_ns = hop_ns
        self._shape = (height, width, 2 * cameras)
        self._streams: list[CameraStream | None] = [None] * cameras
        self._tables: list[PixelTable | None] = [None] * cameras
        ring = SlotRing(_ring_slots(window_ns, hop_ns, max_wait_ns), self._shape)
        self._windows = Windows(ring, hop_ns, window_ns // hop_ns, self.counters)
        self._nowhere = np.zeros(int(np.prod(self._shape)), np.uint8)
        self._deadline = Deadline(max_wait_ns)
        self._leftover_until_ns = 0

    @property
    def mapped(self) -> npt.NDArray[np.bool_] | None:
        """Return where the left camera looks, bool [height, width]; None before its size."""
        table = self._tables[0]
        return None if table is None else table.mapped

    @staticmethod
    def warm_up() -> None:
        """Compile all that packets pass through, or load it from numba's cache."""
        encodings.warm_up()
        SlotRing.warm_up()

    def push(self, camera: int, packet: Packet, now_ns: int) -> list[SpikeFrame]:
        """Take a packet of camera 0 (left) or 1; now_ns: any monotonic clock."""
        self._deadline.tick(now_ns)
        self.counters.cameras[camera].packets += 1
        frames = self._read(camera, packet) if self._admits(camera, packet) else []
        return frames + self._close_due()

    def poll(self, now_ns: int) -> list[SpikeFrame]:
        """Let time pass without a packet, for the windows that wait for a silent camera."""
        self._deadline.tick(now_ns)
        return self._close_due()

    def set_max_wait(self, max_wait_ns: int) -> None:
        """Wait so long for a silent camera from now on; raises ValueError under 0.

        The ring was made for the constructor's max_wait_ns and one second; it ends longer waits.
        """
        _check_max_wait(max_wait_ns)
        self._deadline.max_wait_ns = max_wait_ns

    def reset(self) -> None:
        """Forget all time and everything that was counted for open windows."""
        self.counters.resets += 1
        self._windows.discard()
        self._streams = [None] * len(self._streams)
        self._deadline.clear()
        self._leftover_until_ns = self._deadline.waited_ns + LEFTOVER_NS

    def _admits(self, camera: int, packet: Packet) -> bool:
        """Say whether a packet is to be read; count why not."""
        fault = find_fault(packet)
        if fault is None and self._is_leftover(camera, packet.stamp_ns):
            fault = Fault('packets_stale', f'seq {packet.seq} is left over from before the reset')
        if fault is None:
            return self._follows(camera, packet)
        self._drop(camera, fault)
        return False

    def _is_leftover(self, camera: int, stamp_ns: int) -> bool:
        """Say whether a packet is from before a reset that another camera brought about."""
        if self._streams[camera] or self._deadline.waited_ns >= self._leftover_until_ns:
            return False
        return any(abs(stamp_ns - stream.clock.stamp_ns) > JUMP_NS for stream in self._timed())

    def _follows(self, camera: int, packet: Packet) -> bool:
        """Check the packet's place in its driver's sequence; say whether it is to be read."""
        stream = self._streams[camera]
        if stream is None:
            return True
        order = stream.sequence.follow(packet.seq, packet.stamp_ns)
        if order is Order.LATE:
            self._drop(camera, Fault('packets_out_of_order', f'seq {packet.seq} came too late'))
            return False
        if order is Order.RESTART:
            self._problem(camera, f'seq or time began anew at seq {packet.seq}: reset')
            self.reset()
            return True
        if stream.sequence.lost:
            self.counters.cameras[camera].packets_lost += stream.sequence.lost
            stream.decoder.lose()
        if not stream.has_form_of(packet):
            stream.decoder.lose()
            form = f'{packet.encoding} of {packet.width} x {packet.height}'
            self._drop(camera, Fault('packets_wrong_form', f'{form} is not what came before'))
            return False
        return True

    def _read(self, camera: int, packet: Packet) -> list[SpikeFrame]:
        """Count a packet's events; a time jump resets first."""
        stream = self._streams[camera] or self._join(camera, packet)
        words = stream.decoder.open(packet)
        first_ns = stream.decoder.first_time_ns(words)
        if first_ns is not None and abs(first_ns) >= MAX_TIME_NS:
            self._drop(
                camera, Fault('packets_wrong_time', f'sensor time {first_ns} ns is no time')
            )
            return []
        if first_ns is not None and not self._keep_time(camera, stream, packet, first_ns):
            self._problem(camera, f'sensor time and header stamps jump at seq {packet.seq}: reset')
            self.reset()
            return self._read(camera, packet)
        if len(packet.data) % stream.decoder.word_bytes:
            self.counters.cameras[camera].packets_truncated += 1
            self._problem(camera, f'packet of {len(packet.data)} bytes ends within a word')
        return self._count(camera, stream, words)

    def _join(self, camera: int, packet: Packet) -> CameraStream:
        """Start a camera's stream with its first packet."""
        table = self._tables[camera]
        if table is None or table.index.shape != (packet.height, packet.width):
            height, width, _ = self._shape
            table = resize_table(packet.width, packet.height, width, height)
            self._tables[camera] = table
        stream = CameraStream(packet, table, camera, self._shape[2])
        stream.sequence.follow(packet.seq, packet.stamp_ns)
        self._streams[camera] = stream
        return stream

    def _keep_time(self, camera: int, stream: CameraStream, packet: Packet, first_ns: int) -> bool:
        """Follow the camera's clock; let its stream begin where it starts."""
        is_new = stream.reached_ns is None
        shared_ns = self._offset_ns() if self._timed() else None
        if not stream.keep_time(packet.stamp_ns, first_ns, shared_ns):
            return False
        if is_new:
            apart_ns = 0 if shared_ns is None else stream.clock.offset_ns - shared_ns
            if abs(apart_ns) > JUMP_NS:
                self._problem(camera, f'clock is {apart_ns / 1e9:.1f} s off the other camera')
            slots = [timed.slot(self._hop_ns) for timed in self._timed()]
            self._windows.begin(stream.slot(self._hop_ns), max(slots))
        return True

    def _count(
        self, camera: int, stream: CameraStream, words: npt.NDArray[Any]
    ) -> list[SpikeFrame]:
        """Count words slot by slot, closing windows only where the ring is full."""
        frames: list[SpikeFrame] = []
        counters = self.counters.cameras[camera]
        position = 0
        while position < len(words):
            slot = stream.counting_slot(self._hop_ns)
            is_late = slot is None or slot < self._windows.open
            if slot is None:
                histogram, until_ns = self._nowhere, MAX_TIME_NS
            elif is_late:
                histogram, until_ns = self._nowhere, self._windows.open * self._hop_ns
            else:
                frames += self._windows.make_room(slot, self._passed(), self._offset_ns())
                histogram, until_ns = self._windows.histogram(slot), (slot + 1) * self._hop_ns
            position = stream.decoder.consume(words, position, until_ns, stream.lookup, histogram)
            counted, saturated = stream.move_tally(counters, is_late)
            if slot is not None and not is_late:
                self._windows.add_events(slot, counted, saturated)
        if stream.decoder.time_ns is not None:
            stream.reach(stream.decoder.time_ns)
        return frames

    def _close_due(self) -> list[SpikeFrame]:
        """Close what all cameras have passed, and what has waited long enough for the last."""
        timed = self._timed()
        if not timed:
            return []
        self._deadline.lead(max(stream.slot(self._hop_ns) for stream in timed))
        passed = self._passed()
        before = max(min(passed), self._deadline.overdue(self._windows.open))
        return self._windows.close(before, passed, self._offset_ns())

    def _passed(self) -> list[int]:
        """Return the first slot that each camera has not passed."""
        return [
            stream.slot(self._hop_ns)
            if stream and stream.reached_ns is not None
            else self._windows.open
            for stream in self._streams
        ]

    def _timed(self) -> list[CameraStream]:
        """Return the streams whose time is known."""
        return [stream for stream in self._streams if stream and stream.reached_ns is not None]

    def _offset_ns(self) -> int:
        """Return ROS time minus common time, by the left camera where there is one."""
        timed = self._timed()
        return timed[0].clock.offset_ns if timed else 0

    def _drop(self, camera: int, fault: Fault) -> None:
        counters = self.counters.cameras[camera]
        setattr(counters, fault.counter, getattr(counters, fault.counter) + 1)
        self._problem(camera, fault.sentence)

    def _problem(self, camera: int, sentence: str) -> None:
        self.problems.append(f'camera {camera}: {sentence}')


def _check(
    cameras: int, window_ns: int, hop_ns: int, max_wait_ns: int, width: int, height: int
) -> None:
    if cameras not in (1, 2):
        raise ValueError(f'cameras={cameras} must be 1 or 2')
    if hop_ns < MIN_HOP_NS:
        raise ValueError(f'hop_ns={hop_ns} must be at least {MIN_HOP_NS}, one millisecond')
    if window_ns < 1 or window_ns % hop_ns:
        raise ValueError(
            f'hop_ms={hop_ns / NS_PER_MS:g} must divide window_ms={window_ns / NS_PER_MS:g}; '
            'choose a hop that goes into the window a whole number of times'
        )
    _check_max_wait(max_wait_ns)
    if not (1 <= width <= MAX_SIZE and 1 <= height <= MAX_SIZE):
        raise ValueError(f'width={width} and height={height} must be from 1 to {MAX_SIZE}')
    slots = _ring_slots(window_ns, hop_ns, max_wait_ns)
    ring_bytes = slots * height * width * 2 * cameras
    if ring_bytes > MAX_RING_BYTES:
        raise ValueError(
            f'{slots} slots of {height} x {width} x {2 * cameras} counts take '
            f'{ring_bytes / 2**20:.0f} MiB, over {MAX_RING_BYTES >> 20}; lower width, height or '
            'max_wait_ms, or raise hop_ms'
        )


def _ring_slots(window_ns: int, hop_ns: int, max_wait_ns: int) -> int:
    return -(-(RING_SPARE_NS + max_wait_ns + window_ns) // hop_ns)


def _check_max_wait(max_wait_ns: int) -> None:
    if max_wait_ns < 0:
        raise ValueError(f'max_wait_ns={max_wait_ns} must be at least 0')
