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

"""Turn packets of one or two cameras into spike frames, as they come."""

from collections import deque

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import encodings
from spike_depth_ros.events.clock import SensorClock
from spike_depth_ros.events.decoder import PacketWords
from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames import limits
from spike_depth_ros.frames.admission import MAX_TIME_NS, Fault
from spike_depth_ros.frames.agreement import FRESH_NS, Agreement, disagreement
from spike_depth_ros.frames.camera import CameraStream, timed
from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.frames.deadline import Deadline
from spike_depth_ros.frames.intake import Intake, Restart
from spike_depth_ros.frames.rendezvous import Rendezvous, Waiting
from spike_depth_ros.frames.ring import SlotRing
from spike_depth_ros.frames.sensor import Sensor, TableMaker, fitting
from spike_depth_ros.frames.spike_frame import CAMERAS, CHANNELS_PER_CAMERA, DTYPE
from spike_depth_ros.frames.stamps import Stamps
from spike_depth_ros.frames.status import BinnerStatus, rig_status
from spike_depth_ros.frames.synchroniser import AUTO, Synchroniser
from spike_depth_ros.frames.windows import SpikeFrame, Windows
from spike_depth_ros.units import SECOND_NS

# The longest packet of a driver takes a fraction of this.
MAX_PACKET_NS = 2 * SECOND_NS
MAX_PROBLEMS = 8
NO_NOISE_FILTER = NoiseSettings()


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
        *,
        sync: str = AUTO,
        noise: NoiseSettings = NO_NOISE_FILTER,
        make_table: TableMaker | None = None,
    ) -> None:
        """Take one or two cameras and the frames' width and height, pixels.

        sync: see Synchroniser. make_table: None fits each sensor into the frame as it is. Raises
        ValueError for numbers that make no binner.
        """
        limits.check(cameras, window_ns, hop_ns, max_wait_ns, width, height)
        self.counters = BinnerCounters(tuple(CameraCounters() for _ in range(cameras)))
        self.problems: deque[str] = deque(maxlen=MAX_PROBLEMS)
        self._hop_ns = hop_ns
        shape = (height, width, CHANNELS_PER_CAMERA * cameras)
        self._sensors = [
            Sensor(camera, shape[2], make_table or fitting(width, height), noise)
            for camera in range(cameras)
        ]
        self._streams: list[CameraStream | None] = [None] * cameras
        self._sync = Synchroniser(sync)
        ring = SlotRing(limits.ring_slots(window_ns, hop_ns, max_wait_ns), shape)
        self._stamps = Stamps()
        hops = window_ns // hop_ns
        self._windows = Windows(ring, hop_ns, hops, self.counters, self._stamps)
        self._nowhere = np.zeros(int(np.prod(shape)), DTYPE)
        self._deadline = Deadline(max_wait_ns)
        self._intake = Intake(self.counters.cameras)
        self._agreement = Agreement()
        self._is_apart = False
        self._rendezvous: Rendezvous | None = Rendezvous(cameras)

    @staticmethod
    def warm_up() -> None:
        """Compile all that packets pass through, or load it from numba's cache."""
        encodings.warm_up()
        SlotRing.warm_up()

    @property
    def mapped(self) -> npt.NDArray[np.bool_] | None:
        """Return where the left camera looks, bool [height, width]; None before its size."""
        table = self._sensors[0].table
        return None if table is None else table.mapped

    @property
    def sync(self) -> str:
        """Return the clock in which windows are cut, 'sensor' or 'host'."""
        return self._sync.mode

    def status(self) -> BinnerStatus:
        """Return what is known of the rig now."""
        return rig_status(self._sync.mode, self._disagreement(), self._streams, self._sensors)

    def push(
        self, camera: int, packet: Packet, now_ns: int, ros_ns: int | None = None
    ) -> list[SpikeFrame]:
        """Take a packet of camera 0 (left) or 1; now_ns: any monotonic clock.

        ros_ns: ROS time now, which replaces header stamps that are zero or stand still; None
        leaves them as they are.
        """
        self._deadline.tick(now_ns)
        self.counters.cameras[camera].packets += 1
        if ros_ns is not None:
            packet = self._intake.stamped(camera, packet, now_ns, ros_ns)
        frames = self._take(camera, packet) if self._admits(camera, packet) else []
        return frames + self._close_due()

    def drop_malformed(self, camera: int, problem: str) -> None:
        """Count a message that is no packet; problem: why, in one sentence."""
        self.counters.cameras[camera].packets += 1
        self._drop(camera, Fault('packets_malformed', problem))

    def poll(self, now_ns: int) -> list[SpikeFrame]:
        """Let time pass without a packet, for the windows that wait for a silent camera."""
        self._deadline.tick(now_ns)
        return self._settle_due() + self._close_due()

    def set_max_wait(self, max_wait_ns: int) -> None:
        """Wait so long for a silent camera from now on; raises ValueError under 0.

        The ring was made for the constructor's max_wait_ns and one second; it ends longer waits.
        """
        limits.check_max_wait(max_wait_ns)
        self._deadline.max_wait_ns = max_wait_ns

    def set_noise(self, noise: NoiseSettings) -> None:
        """Filter noise so from now on."""
        for sensor in self._sensors:
            sensor.configure(noise)

    def remap(self) -> None:
        """Make new pixel tables with the next packets, and reset time."""
        for sensor in self._sensors:
            sensor.remap()
        if any(self._streams):
            self.reset()

    def reset(self) -> None:
        """Forget all time and everything that was counted for open windows."""
        self.counters.resets += 1
        self._windows.discard()
        for waiting in self._rendezvous.packets if self._rendezvous else ():
            self.counters.cameras[waiting.camera].packets_stale += 1
        self._streams = [None] * len(self._streams)
        self._rendezvous = Rendezvous(len(self._streams))
        for sensor in self._sensors:
            sensor.noise.forget_time()
        self._deadline.clear()
        self._stamps.clear()
        self._agreement.clear()
        self._intake.clear(self._deadline.waited_ns)

    def _admits(self, camera: int, packet: Packet) -> bool:
        """Return whether a packet is to be read; count why not. A jump of its stamp resets."""
        stream = self._streams[camera]
        verdict = self._intake.judge(camera, packet, stream, self._deadline.waited_ns)
        if isinstance(verdict, Fault):
            self._drop(camera, verdict)
            return False
        if isinstance(verdict, Restart):
            self._reset(camera, packet, verdict.reason)
        return self._streams[camera] is not None or self._join(camera, packet)

    def _join(self, camera: int, packet: Packet) -> bool:
        """Start a camera's stream with its first packet; say whether it is to be read."""
        sensor = self._sensors[camera]
        try:
            sensor.fit(packet.width, packet.height)
        except ValueError as error:
            self._drop(camera, Fault('packets_uncalibrated', str(error)))
            return False
        stream = CameraStream(packet, sensor)
        stream.sequence.follow(packet.seq, packet.stamp_ns)
        self._streams[camera] = stream
        return True

    def _rejoin(
        self, camera: int, packet: Packet, before: CameraStream | None
    ) -> CameraStream | None:
        """Start a stream with a packet whose place in the sequence is known already."""
        if before is None or not self._join(camera, packet):
            return None
        stream = self._streams[camera]
        assert stream is not None
        stream.sequence = before.sequence
        return stream

    def _take(self, camera: int, packet: Packet) -> list[SpikeFrame]:
        """Read a packet, or let it wait for the cameras' clocks."""
        stream = self._streams[camera]
        assert stream is not None
        is_after_loss, stream.is_after_loss = stream.is_after_loss, False
        if self._rendezvous is None:
            if is_after_loss:
                stream.decoder.on_packet_loss()
            return self._read(camera, stream, packet)
        first_ns = stream.decoder.parse(packet).first_ns
        waiting = Waiting(camera, packet, is_after_loss, self._deadline.waited_ns)
        self._rendezvous.add(waiting, first_ns)
        return self._settle_due()

    def _settle_due(self) -> list[SpikeFrame]:
        """Start the clocks together once the rendezvous is over, and read what waited."""
        rendezvous = self._rendezvous
        deadline = self._deadline
        if not rendezvous or not rendezvous.is_over(deadline.waited_ns, deadline.max_wait_ns):
            return []
        self._rendezvous = None
        started = []
        for stream, first in zip(self._streams, rendezvous.firsts, strict=True):
            if stream and first:
                stream.start(*first)
                started.append(stream)
        self._sync.decide([stream.clock for stream in started])
        for number, stream in enumerate(started):
            self._align(self._streams.index(stream), started[:number])
        frames = []
        admitted = list(self._streams)
        for camera, packet, is_after_loss, came_ns in rendezvous.packets:
            # One of them may reset: the next begins a stream, at its place in the old sequence.
            stream = self._streams[camera] or self._rejoin(camera, packet, admitted[camera])
            if stream:
                stream.is_after_loss |= is_after_loss
                frames += self._take(camera, packet)
            self._lead(camera, came_ns)
        return frames

    def _align(self, camera: int, others: list[CameraStream]) -> None:
        """Bring a stream whose clock has just started to the common time of the others."""
        stream = self._streams[camera]
        assert stream is not None
        clocks = [other.clock for other in others]
        stamps_apart_ns = self._intake.stamps.apart_ns * (1 if camera else -1)
        wraps = self._sync.wraps_behind(stream.clock, clocks, stamps_apart_ns)
        stream.align(wraps, self._sync.offset_ns(stream.clock))
        leader_ns = max(one.common_ns for one in (stream, *others))
        self._windows.begin(camera, stream.common_ns, leader_ns // self._hop_ns)

    def _read(self, camera: int, stream: CameraStream, packet: Packet) -> list[SpikeFrame]:
        """Count a packet's events; a time jump resets first."""
        words = stream.decoder.parse(packet)
        first_ns = words.first_ns
        if first_ns is not None and abs(first_ns) >= MAX_TIME_NS:
            fault = Fault('packets_wrong_time', f'sensor time {first_ns} ns is no time')
            self._drop(camera, fault)
            return []
        if first_ns is not None:
            jump = self._keep_time(camera, stream, packet.stamp_ns, first_ns)
            if jump:
                self._reset(camera, packet, jump)
                return self._take(camera, packet) if self._rejoin(camera, packet, stream) else []
        if words.is_truncated:
            self.counters.cameras[camera].packets_truncated += 1
            self._problem(camera, f'packet of {len(packet.data)} bytes ends within a word')
        end_ns = stream.common_ns + MAX_PACKET_NS
        frames = self._count(camera, stream, words, end_ns)
        self._agreement.follow(camera, stream.common_ns, self._deadline.now_ns)
        if stream.common_ns >= end_ns:
            self.counters.cameras[camera].packets_wrong_time += 1
            self._reset(camera, packet, 'time runs away within a packet')
        return frames

    def _keep_time(self, camera: int, stream: CameraStream, stamp_ns: int, first_ns: int) -> str:
        """Follow the camera's clock; return why all time has to be reset, '' if it has not."""
        joins = stream.sensor_ns is None
        if joins:
            others = timed(self._streams)
            stream.start(stamp_ns, first_ns)
            self._align(camera, others)
        elif not stream.follow(stamp_ns, first_ns):
            return 'sensor time and header stamps jump'
        stream.map_to(self._sync.offset_ns(stream.clock))
        stream.heard_ns = self._deadline.now_ns
        if self._sync.finds_otherwise(self._fresh_clocks(), joins):
            return f'the clocks of the cameras tell otherwise, sync is {self._sync.mode} now'
        return ''

    def _count(
        self, camera: int, stream: CameraStream, words: PacketWords, end_ns: int
    ) -> list[SpikeFrame]:
        """Count words slot by slot up to a common time, closing windows where the ring is full."""
        frames: list[SpikeFrame] = []
        counters = self.counters.cameras[camera]
        position = 0
        while position < len(words.words) and stream.common_ns < end_ns:
            slot = stream.counting_slot(self._hop_ns)
            is_late = slot is None or slot < self._windows.open
            if slot is None:
                histogram, until_ns = self._nowhere, MAX_TIME_NS
            elif is_late:
                histogram, until_ns = self._nowhere, self._windows.open * self._hop_ns
            else:
                frames += self._windows.make_room(slot, self._passed())
                histogram, until_ns = self._windows.histogram(slot), (slot + 1) * self._hop_ns
            if slot is not None:
                self._sensors[camera].noise.advance(slot * self._hop_ns)
            position = stream.consume(words, position, until_ns, histogram)
            placed = stream.move_tally(counters, is_late)
            if slot is not None and not is_late:
                self._windows.add_events(slot, placed)
        return frames

    def _close_due(self) -> list[SpikeFrame]:
        """Close what all cameras have passed, and what has waited long enough for the last."""
        for camera in range(len(self._streams)):
            self._lead(camera, self._deadline.waited_ns)
        self._check_agreement()
        passed = self._passed()
        before = max(min(passed), self._deadline.overdue(self._windows.open))
        return self._windows.close(before, passed)

    def _lead(self, camera: int, since_ns: int) -> None:
        """Take note of how far a camera is, since a waiting time."""
        stream = self._streams[camera]
        if not stream or stream.sensor_ns is None:
            return
        slot = stream.common_ns // self._hop_ns
        self._deadline.lead(slot, since_ns)
        clocks = self._clocks()
        if stream.clock is clocks[0]:
            self._stamps.follow(slot, self._sync.ros_offset_ns(clocks))

    def _check_agreement(self) -> None:
        """Report once when the cameras' common times begin to disagree with the arrivals."""
        sentence = self._disagreement()
        if sentence and not self._is_apart:
            self.problems.append(sentence)
        self._is_apart = bool(sentence)

    def _disagreement(self) -> str:
        """Return the sentence about common times that disagree with the arrivals, or ''."""
        apart_ns = self._agreement.apart_ns(self._deadline.now_ns)
        if not apart_ns:
            return ''
        streams = timed(self._streams)
        clocks = [stream.clock for stream in streams]
        # Where header stamps give the sensor time, both may be wrong in the same way.
        late = self._sync.is_confirmed(clocks) and not any(s.is_stamped_by_host for s in streams)
        return disagreement(apart_ns, self._sync.mode, late, self._deadline.max_wait_ns)

    def _passed(self) -> list[int]:
        """Return the first slot that each camera has not passed."""
        return [
            stream.common_ns // self._hop_ns
            if stream and stream.sensor_ns is not None
            else self._windows.open
            for stream in self._streams
        ]

    def _clocks(self) -> list[SensorClock]:
        return [stream.clock for stream in timed(self._streams)]

    def _fresh_clocks(self) -> list[SensorClock]:
        """Return the clocks of the cameras that advanced within the last half second."""
        oldest_ns = self._deadline.now_ns - FRESH_NS
        return [stream.clock for stream in timed(self._streams) if stream.heard_ns > oldest_ns]

    def _reset(self, camera: int, packet: Packet, why: str) -> None:
        """Reset time with a packet; what another camera sent before it is left over."""
        self._problem(camera, f'{why} at seq {packet.seq}: reset')
        self.reset()
        self._intake.stamps.begin(camera, packet.stamp_ns, self._deadline.waited_ns)

    def _drop(self, camera: int, fault: Fault) -> None:
        counters = self.counters.cameras[camera]
        setattr(counters, fault.counter, getattr(counters, fault.counter) + 1)
        self._problem(camera, fault.sentence)

    def _problem(self, camera: int, sentence: str) -> None:
        self.problems.append(f'{CAMERAS[camera]} camera: {sentence}')
