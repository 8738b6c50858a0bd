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

"""Record of a soak, and its stretches in which no fault moves or stops time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.units import SECOND_US
from stress.soak.faults import GUARD_S, Fault
from stress.soak.ledger import CameraLedger
from stress.soak.node import Frame, Snapshot
from stress.soak.stream import TICK_US, Scene

RIG_COUNTERS = tuple(field.name for field in fields(BinnerCounters) if field.name != 'cameras')
CAMERA_COUNTERS = tuple(field.name for field in fields(CameraCounters))
START_US = 3 * SECOND_US
# Shorter regions may have fewer than two reports of the node.
SHORTEST_REGION_US = 2_500_000
REPORT_US = 1_200_000  # longest time between reports


@dataclass(frozen=True, slots=True)
class Record:
    """Data of sender and listener; stop_us: length of the soak, microseconds."""

    scene: Scene
    faults: Sequence[Fault]
    ledgers: tuple[CameraLedger, CameraLedger]
    jumps: Sequence[tuple[int, int]]
    frames: Sequence[Frame]
    snapshots: Sequence[Snapshot]
    stop_us: int

    def jump_us(self, time_us: int) -> int:
        """Return the offset of header stamps and sensor time at a stream time."""
        return [offset for tick, offset in self.jumps if tick * TICK_US <= time_us][-1]


@dataclass(frozen=True, slots=True)
class Region:
    """Stretch of stream time, microseconds, without heavy faults.

    jump_us: offset of header stamps and sensor time in it.
    """

    start_us: int
    stop_us: int
    jump_us: int

    def __str__(self) -> str:
        return f'{self.start_us / SECOND_US:.1f} to {self.stop_us / SECOND_US:.1f} s'


@dataclass(frozen=True, slots=True)
class Stretch:
    """Region, and the first and last report of the node within it."""

    region: Region
    first: Snapshot
    last: Snapshot


def count(snapshot: Snapshot, counter: str, camera: str = '') -> int:
    """Return a counter of a report; camera: left, right, or '' for one of the rig."""
    return snapshot.counters[f'{camera} {counter}'.strip().replace('_', ' ')]


def grown(first: Snapshot, last: Snapshot, counter: str, camera: str = '') -> int:
    """Return the increase of a counter between two reports."""
    return count(last, counter, camera) - count(first, counter, camera)


def published(snapshot: Snapshot) -> int:
    """Return the frames that the node had published by a report."""
    return count(snapshot, 'windows_closed') - count(snapshot, 'windows_empty')


def stretches(record: Record) -> list[Stretch]:
    """Return the regions that have reports."""
    found = []
    for region in _regions(record):
        inside = [s for s in record.snapshots if _is_about(record, s, region)]
        if inside:
            found.append(Stretch(region, inside[0], inside[-1]))
    return found


def _regions(record: Record) -> Iterator[Region]:
    """Yield the time between heavy faults, from GUARD_S after the end of a fault.

    A region begins later if garbage made the node report unsynchronised cameras.
    """
    start_us = START_US
    heavy = [fault for fault in record.faults if fault.is_heavy]
    ends = [(fault.start * TICK_US, fault.stop * TICK_US) for fault in heavy]
    for stop_us, next_us in [*ends, (record.stop_us, record.stop_us)]:
        start_us = max(start_us, _last_host_us(record, start_us, stop_us) + REPORT_US)
        if stop_us - start_us >= SHORTEST_REGION_US:
            yield Region(start_us, stop_us, record.jump_us(start_us))
        start_us = max(start_us, next_us + round(GUARD_S * SECOND_US))


def _last_host_us(record: Record, start_us: int, stop_us: int) -> int:
    """Return the time of the last report of unsynchronised cameras, 0 for none."""
    arrived_us = (s.arrived_us for s in record.snapshots if s.sync == 'host')
    return max((came for came in arrived_us if start_us <= came < stop_us), default=0)


def _is_about(record: Record, snapshot: Snapshot, region: Region) -> bool:
    """Return whether the last packets before a report belong to a region."""
    counts = [count(snapshot, 'packets', name) for name in CAMERAS]
    if not all(counts):
        return False
    ticks = [ledger.tick(n) for ledger, n in zip(record.ledgers, counts, strict=True)]
    return all(region.start_us <= tick * TICK_US < region.stop_us for tick in ticks)
