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

"""Feed of a camera: packets in order, a clock that starts again, a camera that is lost."""

from collections import Counter
from collections.abc import Sequence
from threading import Event

import numpy as np
import pytest

from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import OUTSIDE
from spike_depth_ros.recordings.recording import EventCamera, ImuSample
from spike_depth_ros.ros.camera.feed import CameraFeed, in_order, pieces
from spike_depth_ros.ros.camera.settings import TuningSettings
from spike_depth_ros.ros.camera.sources import CameraError
from testing.waiting import LIMIT_S, wait_until

CAMERA = EventCamera('A', 8, 6)
PACKET_NS = 4_000_000


def events(*times_us: int, x: int = 1) -> EventArrays:
    size = len(times_us)
    t_ns = np.array(times_us, np.int64) * 1000
    return EventArrays(t_ns, np.full(size, x), np.zeros(size, int), np.ones(size, int))


class BatchSource:
    """Source of batches in memory; it is lost after the last one."""

    def __init__(self, *batches: EventArrays, imu_us: Sequence[int] = ()) -> None:
        self.camera, self.warning = CAMERA, ''
        self.tuned: list[TuningSettings] = []
        self.is_closed = False
        self._batches = list(batches)
        self._imu_us = list(imu_us)  # one more at each read

    def read(self) -> EventArrays | None:
        if not self._batches:
            raise CameraError('A was unplugged')
        return self._batches.pop(0)

    def read_imu(self) -> list[ImuSample]:
        taken, self._imu_us = self._imu_us[:1], self._imu_us[1:]
        return [ImuSample(1000 * t_us, (0.1, 0.2, 0.3), (0.0, 0.0, 9.8)) for t_us in taken]

    def tune(self, settings: TuningSettings) -> None:
        self.tuned.append(settings)

    def close(self) -> None:
        self.is_closed = True


def run(
    source: BatchSource, measured: list[ImuSample] | None = None
) -> tuple[list[tuple[Packet, int]], CameraFeed]:
    """Return the packets of a source with their stamps, and the stopped feed.

    measured: gets the inertial measurements.
    """
    sent: list[tuple[Packet, int]] = []
    measured = [] if measured is None else measured

    def reopen() -> Sequence[BatchSource]:
        raise CameraError('no camera')

    feed = CameraFeed(
        [source],
        reopen,
        PACKET_NS,
        lambda: 10**15,
        lambda camera, packet, stamp_ns: sent.append((packet, stamp_ns)),
        measured.append,
    )
    wait_until(lambda: feed.problem, 'the loss of the source')
    feed.stop()
    return sent, feed


def test_batches_become_packets_of_a_limited_time() -> None:
    times = range(1000, 11_000, 1000)
    sent, feed = run(BatchSource(events(*times)))
    assert [packet.seq for packet, _ in sent] == [0, 1, 2]
    decoder = ArrayDecoder('evt3', CAMERA.width, CAMERA.height)
    blocks = [decoder.decode(packet).t_ns for packet, _ in sent]
    steps = np.diff(np.concatenate(blocks))
    assert steps.tolist() == [1_000_000] * 9
    # The last event of the batch has just arrived: the first is 9 ms older.
    assert [stamp_ns - 10**15 for _, stamp_ns in sent] == [-9_000_000, -5_000_000, -1_000_000]
    assert (feed.counters.packets[0], feed.counters.events[0]) == (3, 10)


def test_a_clock_that_starts_again_starts_new_packets() -> None:
    sent, _ = run(BatchSource(events(5_000_000), events(1000), events(2000)))
    assert [packet.seq for packet, _ in sent] == [0, 0, 1]


def test_measurements_are_on_the_clock_of_the_batch_that_came_soonest() -> None:
    measured: list[ImuSample] = []
    batches = [events(t_us) for t_us in (1000, 5000, 4000, 9000)]  # at one time of the host
    source = BatchSource(*batches, imu_us=[500, 1500, 5500, 6500, 9500])
    _, feed = run(source, measured)
    # The first comes before any event tells the clock. The drift allows 1 us for each batch.
    assert [(sample.t_ns - 10**15) // 1000 for sample in measured] == [500, 500, 1501, 500]
    assert {sample.angular_velocity for sample in measured} == {(0.1, 0.2, 0.3)}
    assert feed.counters.imu_samples == 4


def test_late_events_are_counted() -> None:
    sent, feed = run(BatchSource(events(5000, 9000), events(6000, 10_000)))
    assert len(sent) == 3
    assert list(feed.counters.losses.values()) == [1]


def test_a_lost_source_is_closed_and_named() -> None:
    source = BatchSource(events(1))
    _, feed = run(source)
    assert source.is_closed
    assert feed.problem in ('A was unplugged', 'no camera')


def test_a_lost_source_is_found_again() -> None:
    sent = Event()
    feed = CameraFeed(
        [BatchSource()],
        lambda: [BatchSource(events(7))],
        PACKET_NS,
        lambda: 0,
        lambda camera, packet, stamp_ns: sent.set(),
        lambda sample: None,
    )
    assert sent.wait(LIMIT_S)
    feed.stop()
    assert feed.counters.reconnections >= 1


def test_events_outside_and_out_of_order() -> None:
    losses: Counter[str] = Counter()
    assert in_order(events(3, 1, 2), CAMERA, losses).t_ns.tolist() == [1000, 2000, 3000]
    assert not losses
    assert in_order(events(3, x=8), CAMERA, losses) is None
    assert losses == {OUTSIDE: 1}


def test_a_gap_lies_between_packets() -> None:
    chunks = list(pieces(0, events(0, 1, 50_000), PACKET_NS))
    assert [chunk.events.t_ns.tolist() for chunk in chunks] == [[0, 1000], [50_000_000]]


@pytest.mark.parametrize('value', [0, 5])
def test_tuning_reaches_the_source(value: int) -> None:
    source = BatchSource(*[events(t) for t in range(200_000)])
    feed = CameraFeed([source], list, PACKET_NS, lambda: 0, lambda *_: None, lambda _: None)
    settings = TuningSettings(value, value, 0)
    feed.tune(settings)
    wait_until(lambda: bool(source.tuned), 'the tuning')
    feed.stop()
    assert source.tuned == [settings]
