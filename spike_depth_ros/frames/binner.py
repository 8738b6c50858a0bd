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

"""Turn the packets of one or two cameras into spike frames, as they come.

packet -> Intake        admits it, drops it (Fault) or restarts the time with it (Restart)
       -> TimeBase      waits for all cameras' clocks, then places it in the common time
       -> EventCounter  counts its events into slots
       -> Windows       sums the slots of a window and closes it -> spike frame
A Restart of either of the first two stages, or a runaway time, resets them all: _restart.
"""

from collections import deque

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events import encodings
from spike_depth_ros.events.noise import NO_FILTERS, NoiseSettings
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames import limits
from spike_depth_ros.frames.admission import Admitted, Fault, Restart
from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters, DropReason
from spike_depth_ros.frames.counting import EventCounter
from spike_depth_ros.frames.deadline import Deadline
from spike_depth_ros.frames.fault_log import FaultLog
from spike_depth_ros.frames.intake import Intake
from spike_depth_ros.frames.ring import SlotRing
from spike_depth_ros.frames.sensor import Sensor, TableMaker, fitting
from spike_depth_ros.frames.slots import Slots
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA
from spike_depth_ros.frames.status import BinnerStatus, rig_status
from spike_depth_ros.frames.synchroniser import AUTO
from spike_depth_ros.frames.time_base import TimeBase, Timed, Untimed
from spike_depth_ros.frames.windows import SpikeFrame, Windows


class Binner:
    """Count the packets of one or two cameras into half-open windows of one common clock.

    A window [t - window, t), t a multiple of the hop, closes when all cameras have passed t, or
    max_wait_ns after the first did, or when the ring is full. Frames depend on the events only,
    not on the division of a stream into packets or on the interleaving of the cameras' packets.
    No packet raises; faults are counted.

    Attributes:
        counters: packets, events and windows since the start.
        problems: latest sentences about faults; the caller may clear them.
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
        noise: NoiseSettings = NO_FILTERS,
        make_table: TableMaker | None = None,
        gives_empty: bool = False,
    ) -> None:
        """Wait for packets.

        Args:
            cameras: 1 or 2.
            window_ns, hop_ns: length and distance of windows, nanoseconds; hop_ns is from one
                millisecond to window_ns.
            max_wait_ns: longest wait of a window for a silent camera, nanoseconds.
            width, height: size of the frames, pixels.
            sync: setting of the Synchroniser.
            noise: settings of the noise filters.
            make_table: makes pixel tables; None scales each sensor into the frame.
            gives_empty: see Windows.

        Raises ValueError for a number out of its range.
        """
        limits.check(cameras, window_ns, hop_ns, max_wait_ns, width, height)
        shape = height, width, CHANNELS_PER_CAMERA * cameras
        make_table = make_table or fitting(width, height)
        self.counters = BinnerCounters(tuple(CameraCounters() for _ in range(cameras)))
        self._faults = FaultLog(self.counters.cameras)
        self.problems = self._faults.problems
        self._queue: deque[Admitted] = deque()  # admitted packets that remain to be read
        self._sensors = [Sensor(c, shape[2], make_table, noise) for c in range(cameras)]
        self._deadline = Deadline(max_wait_ns)
        self._intake = Intake(self.counters.cameras, self._sensors)
        self._time = TimeBase(cameras, sync, self._deadline, self._intake.stamps)
        slots = Slots(window_ns, hop_ns)
        ring = SlotRing(limits.ring_slots(slots, window_ns, max_wait_ns), shape)
        self._windows = Windows(ring, slots, self.counters, self._deadline, gives_empty)
        self._counter = EventCounter(self._sensors, self._windows, self.counters, self._time)

    @staticmethod
    def warm_up() -> None:
        """Compile all code that counts packets, or load it from numba's cache."""
        encodings.warm_up()
        SlotRing.warm_up()

    @property
    def mapped(self) -> npt.NDArray[np.bool_] | None:
        """Return the mask of the left camera's pixels, bool [height, width]; None before any."""
        return self._sensors[0].mapped

    @property
    def sync(self) -> str:
        """Return the clock in which windows are cut, 'sensor' or 'host'."""
        return self._time.sync.mode

    def status(self) -> BinnerStatus:
        """Return the state of the rig."""
        return rig_status(self._time, self._sensors)

    def push(
        self, camera: int, packet: Packet, now_ns: int, ros_ns: int | None = None
    ) -> list[SpikeFrame]:
        """Read a packet and return the frames of the windows that closed.

        Args:
            camera: 0 (left) or 1 (right).
            packet: the packet.
            now_ns: time now by any monotonic clock, nanoseconds.
            ros_ns: ROS time now, nanoseconds; replaces header stamps that are zero or stand still.
                None leaves them unchanged.
        """
        self._deadline.tick(now_ns)
        self.counters.cameras[camera].packets += 1
        if ros_ns is not None:
            packet = self._intake.stamped(camera, packet, now_ns, ros_ns)
        verdict = self._intake.judge(camera, packet, self._deadline.waited_ns)
        if isinstance(verdict, Restart):
            self._restart(camera, packet, verdict.reason)
            verdict = self._intake.begin(camera, packet, self._deadline.waited_ns)
        if isinstance(verdict, Fault):
            self._faults.drop(camera, verdict)
        else:
            self._queue.append(verdict)
        return self._read_queue() + self._close_due()

    def drop_malformed(self, camera: int, problem: str) -> None:
        """Count a message that is no packet; problem: the reason, one sentence."""
        self.counters.cameras[camera].packets += 1
        self._faults.drop(camera, Fault(DropReason.MALFORMED, problem))

    def poll(self, now_ns: int) -> list[SpikeFrame]:
        """Advance the clock without a packet, for windows that wait for a silent camera."""
        self._deadline.tick(now_ns)
        self._start()
        return self._read_queue() + self._close_due()

    def set_max_wait(self, max_wait_ns: int) -> None:
        """Set the longest wait for a silent camera, nanoseconds; raises ValueError under 0.

        The ring, made for the constructor's max_wait_ns and one second, limits longer waits.
        """
        limits.check_max_wait(max_wait_ns)
        self._deadline.max_wait_ns = max_wait_ns

    def set_noise(self, noise: NoiseSettings) -> None:
        """Replace the noise-filter settings; takes effect with the next packet."""
        for sensor in self._sensors:
            sensor.configure(noise)

    def remap(self) -> None:
        """Reset the time and drop the pixel tables; the next packets make others."""
        for sensor in self._sensors:
            sensor.remap()
        if self._intake.has_begun:
            self.reset()

    def reset(self) -> None:
        """Clear all stages: forget all times and the counts of open windows."""
        self.counters.resets += 1
        for dropped in self._time.clear():
            self.counters.cameras[dropped.camera].drop(DropReason.STALE)
        cameras = {admitted.camera for admitted in self._queue}
        self._intake.clear(self._deadline.waited_ns, cameras)
        self._counter.clear()
        self._windows.clear()

    def _restart(self, camera: int, packet: Packet, reason: str) -> None:
        """Reset the time because of a packet: the only caller of reset for time jumps."""
        self._faults.note(camera, f'{reason} at seq {packet.seq}: reset')
        self.reset()
        self._intake.stamps.begin(camera, packet.stamp_ns, self._deadline.waited_ns)

    def _read_queue(self) -> list[SpikeFrame]:
        """Pass the admitted packets through the other stages."""
        frames = []
        while self._queue:
            admitted = self._queue.popleft()
            frames += self._read(admitted)
            self._follow(admitted.camera, admitted.arrived_ns)
            self._start()
        return frames

    def _read(self, admitted: Admitted) -> list[SpikeFrame]:
        """Count one packet; after a time jump it is the first packet of the new time."""
        camera, packet = admitted.camera, admitted.packet
        match self._time.take(admitted):
            case Timed() as timed:
                return self._count(admitted, timed)
            case Fault() as fault:
                self._faults.drop(camera, fault)
            case Restart(reason):
                self._queue.appendleft(admitted)
                self._restart(camera, packet, reason)
            case Untimed(decoder, words):
                self._faults.check_end(camera, packet, words)
                self._counter.discard(camera, decoder, words)
        return []

    def _count(self, admitted: Admitted, timed: Timed) -> list[SpikeFrame]:
        """Count a packet that has a place in the common time."""
        camera, stream = admitted.camera, timed.stream
        if timed.join:
            self._windows.begin(*timed.join)
        self._faults.check_end(camera, admitted.packet, timed.packet)
        frames = self._counter.count(camera, stream, timed.packet, timed.end_ns)
        self._time.reach(camera)
        if stream.common_ns >= timed.end_ns:
            self.counters.cameras[camera].drop(DropReason.WRONG_TIME)
            self._restart(camera, admitted.packet, 'one packet spans too long a time')
        return frames

    def _start(self) -> None:
        """Start the common time once it need not wait: queue the packets that waited."""
        if not self._time.is_due:
            return
        packets, joins = self._time.start()
        for join in joins:
            self._windows.begin(*join)
        self._queue.extendleft(reversed(packets))

    def _close_due(self) -> list[SpikeFrame]:
        """Close the windows that all cameras have passed, or that waited long enough."""
        if disagreement := self._time.new_disagreement():
            self.problems.append(disagreement)
        return self._windows.close_due(self._time.common_times())

    def _follow(self, camera: int, since_ns: int) -> None:
        """Note the time that a camera has reached since a waiting time."""
        if stream := self._time.streams.get(camera):
            self._windows.follow(stream.common_ns, since_ns, self._time.ros_offset_ns(camera))
