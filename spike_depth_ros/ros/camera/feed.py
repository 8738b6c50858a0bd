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

"""Feed: thread that reads live cameras, sends their events as packets, and finds them again."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

import numpy as np

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import JUMP_NS, on_sensor
from spike_depth_ros.recordings.encoded import as_packets
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, ImuSample
from spike_depth_ros.ros.camera.settings import TuningSettings
from spike_depth_ros.ros.camera.sources import CameraError, Source, close_all

IDLE_S = 0.001
RETRY_S = 1.0
STOP_S = 2.0
DRIFT_NS = 1000  # of clocks from one batch of events to the next, some milliseconds


@dataclass
class FeedCounters:
    """Counters of a feed.

    Attributes:
        packets, events: numbers sent, of each camera.
        imu_samples: number of inertial measurements sent.
        reconnections: times that lost cameras were found again.
        losses: numbers of events left out, by a phrase.
    """

    packets: Counter[int] = field(default_factory=Counter)
    events: Counter[int] = field(default_factory=Counter)
    imu_samples: int = 0
    reconnections: int = 0
    losses: Counter[str] = field(default_factory=Counter)


class CameraFeed:
    """Thread that turns the events of open sources into packets.

    All sources are opened again when one is lost: synchronised cameras share a clock only so.

    Attributes:
        cameras: the cameras that were opened last.
        problem: why no events come, '' while they do.
        counters: counters since the start.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        reopen: Callable[[], Sequence[Source]],
        packet_ns: int,
        now_ns: Callable[[], int],
        send: Callable[[int, Packet, int], None],
        send_imu: Callable[[ImuSample], None],
    ) -> None:
        """Start the thread.

        Args:
            sources: open sources, left first.
            reopen: opens them again; raises CameraError.
            packet_ns: longest time that a packet holds, nanoseconds.
            now_ns: clock of the header stamps.
            send: called in the thread with the camera's index, its packet, and the time of the
                packet's first event on that clock.
            send_imu: called in the thread with each inertial measurement of the first camera, at
                its time on that clock.
        """
        self._sources = tuple(sources)
        self._reopen, self._packet_ns = reopen, packet_ns
        self._now_ns, self._send, self._send_imu = now_ns, send, send_imu
        self._tuning: TuningSettings | None = None
        self._lock = Lock()
        self._stopped = Event()
        self._held: EventChunk | None = None  # first events after a restart of the clock
        self._offsets_ns = [0] * len(sources)  # host time minus the camera's
        self._least_offset_ns: int | None = None  # of the first camera
        self.cameras = tuple(source.camera for source in sources)
        self.problem = ''
        self.counters = FeedCounters()
        self._thread = Thread(target=self._run, name='cameras', daemon=True)
        self._thread.start()

    @property
    def warnings(self) -> list[str]:
        """Return the sources' warnings."""
        return [source.warning for source in self._sources if source.warning]

    def tune(self, settings: TuningSettings) -> None:
        """Apply settings before the next read."""
        with self._lock:
            self._tuning = settings

    def stop(self) -> None:
        """End the thread and give the cameras back.

        A thread that waits for a connection ends with the process: it sends nothing any more.
        """
        self._stopped.set()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                while not self._stopped.is_set():
                    self._stream()
            except (CameraError, RecordingError) as error:
                self.problem = str(error)
            except Exception as error:  # the thread must go on whatever a driver raises
                self.problem = f'the cameras failed ({" ".join(str(error).split())})'
            finally:
                close_all(self._sources)
            self._find_again()

    def _find_again(self) -> None:
        """Open the sources until it succeeds or the feed is stopped."""
        while not self._stopped.wait(RETRY_S):
            try:
                self._sources = tuple(self._reopen())
            except (CameraError, RuntimeError) as error:
                self.problem = ' '.join(str(error).split())
                continue
            self.cameras = tuple(source.camera for source in self._sources)
            self._held = None
            self.problem = ''
            self.counters.reconnections += 1
            return

    def _stream(self) -> None:
        """Send packets until the clock starts again or the feed is stopped."""
        self._least_offset_ns = None
        for chunk in as_packets(self._chunks(), self.cameras, self.counters.losses):
            packet = chunk.events
            assert isinstance(packet, Packet)
            self._send(chunk.camera, packet, packet.stamp_ns + self._offsets_ns[chunk.camera])
            self.counters.packets[chunk.camera] += 1

    def _chunks(self) -> Iterator[EventChunk]:
        reached_ns: list[int | None] = [None] * len(self._sources)
        while not self._stopped.is_set():
            self._apply_tuning()
            is_idle = True
            self._forward_imu()
            for camera, source in enumerate(self._sources):
                events = self._next(camera, source)
                if events is None:
                    continue
                is_idle = False
                before_ns, reached_ns[camera] = reached_ns[camera], int(events.t_ns[-1])
                if before_ns is not None and events.t_ns[0] < before_ns - JUMP_NS:
                    self._held = EventChunk(camera, 0, events)
                    return
                self._offsets_ns[camera] = self._now_ns() - int(events.t_ns[-1])
                self._follow(self._offsets_ns[0])
                self.counters.events[camera] += len(events.t_ns)
                yield from pieces(camera, events, self._packet_ns)
            if is_idle:
                self._stopped.wait(IDLE_S)

    def _follow(self, offset_ns: int) -> None:
        """Follow the offset of the batch that came soonest, and the drift of the clocks.

        The offsets of single batches scatter: measurements would overtake each other.
        """
        if self._least_offset_ns is not None:
            offset_ns = min(offset_ns, self._least_offset_ns + DRIFT_NS)
        self._least_offset_ns = offset_ns

    def _forward_imu(self) -> None:
        """Send the inertial measurements of the first camera, once its events tell the clock."""
        for sample in self._sources[0].read_imu():
            if self._least_offset_ns is not None:
                self._send_imu(sample._replace(t_ns=sample.t_ns + self._least_offset_ns))
                self.counters.imu_samples += 1

    def _next(self, camera: int, source: Source) -> EventArrays | None:
        """Return the events of a source on its sensor, in order of time; None without any."""
        held = self._held
        if held is not None and held.camera == camera:
            self._held = None
            assert isinstance(held.events, EventArrays)
            return held.events
        events = source.read()
        return None if events is None else in_order(events, source.camera, self.counters.losses)

    def _apply_tuning(self) -> None:
        with self._lock:
            settings, self._tuning = self._tuning, None
        if settings is not None:
            for source in self._sources:
                source.tune(settings)


def in_order(events: EventArrays, camera: EventCamera, losses: Counter[str]) -> EventArrays | None:
    """Return the events on the sensor, sorted by time; None without any.

    Args:
        events: events of the camera.
        camera: the camera.
        losses: gets the number of events outside of the sensor.
    """
    events = on_sensor(events, camera, losses)
    if np.any(events.t_ns[1:] < events.t_ns[:-1]):
        events = events.select(np.argsort(events.t_ns, kind='stable'))
    return events if len(events.t_ns) else None


def pieces(camera: int, events: EventArrays, packet_ns: int) -> Iterator[EventChunk]:
    """Cut sorted events into chunks of at most packet_ns; there may be a gap between them."""
    first = 0
    while first < len(events.t_ns):
        last = int(np.searchsorted(events.t_ns, events.t_ns[first] + packet_ns))
        yield EventChunk(camera, int(events.t_ns[last - 1]), events.select(slice(first, last)))
        first = last
