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

"""Windows between two regions, where time moved or stopped."""

from itertools import pairwise

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.units import SECOND_US
from stress.soak.faults import LONGEST_SILENCE_S
from stress.soak.node import Frame
from stress.soak.record import CAMERA_COUNTERS, Record, Stretch, count, grown, published
from stress.soak.stream import TICK_US, WINDOW_US

TICKS_A_WINDOW = WINDOW_US // TICK_US
# A window that is open when both cameras fall silent closes when they send again. A frame that
# arrives before the end of its window belongs to another clock.
LAG_US = LONGEST_SILENCE_S * SECOND_US + 500_000
# Stamps are right to within 3 ms.
TOLERANCE = 0.1
NOT_DROPPED = ('packets', 'packets_lost', 'packets_truncated')
DROPPED = tuple(
    name for name in CAMERA_COUNTERS if name.startswith('packets') and name not in NOT_DROPPED
)


class Gap:
    """Time between two regions, counted in windows.

    It lasts from the last frame of one region's last report to the next region's first report.

    Attributes:
        windows: length of the gap.
        missing: part of the gap that no frame covers.
        closed, empty, discarded, resets: counters of the node.
        unread: time in which the node read no packet, of the camera with less of it.
    """

    def __init__(self, record: Record, before: Stretch, after: Stretch) -> None:
        self._faults = [
            fault.kind
            for fault in record.faults
            if before.region.stop_us <= fault.start * TICK_US < after.region.start_us
        ]
        self._start_us = before.region.stop_us
        first, last = before.last, after.first
        self.resets, self.closed, self.empty, self.discarded = (
            grown(first, last, counter)
            for counter in ('resets', 'windows_closed', 'windows_empty', 'windows_discarded')
        )
        self.unread = min(_unread(record, camera, before, after) for camera in (0, 1))
        ends = _ends(record, before, after)
        self.windows = (max(ends) - min(ends)) / WINDOW_US if ends else 0.0
        uncovered = [max(b - a - WINDOW_US, 0) for a, b in pairwise(sorted(ends))]
        self.missing = sum(uncovered) / WINDOW_US

    @property
    def is_explained(self) -> bool:
        """Return whether the node's counters explain the missing windows."""
        if not self.resets:
            return abs(self.windows - self.closed) < TOLERANCE
        return self.missing <= self.discarded + self.unread + TOLERANCE

    def sentence(self) -> str:
        """Return a description of the gap."""
        start_s = self._start_us / SECOND_US
        return (
            f'{", ".join(self._faults)} from {start_s:.1f} s: {self.missing:.1f} of '
            f'{self.windows:.1f} windows are missing; {self.resets} resets, {self.closed} windows '
            f'closed, {self.empty} empty, {self.discarded} discarded, {self.unread:.1f} unread'
        )


def _ends(record: Record, before: Stretch, after: Stretch) -> list[float]:
    """Return the window ends, in stream time, of the frames of a gap and of those around it."""
    span_us = range(before.region.start_us, after.region.start_us)
    jumps_us = {offset for tick, offset in record.jumps if tick * TICK_US in span_us}
    jumps_us.add(before.region.jump_us)
    frames = record.frames[published(before.last) - 1 : published(after.first)]
    lags_us = [_lag_us(frame, jumps_us) for frame in frames]
    arrived_us = [frame.arrived_us for frame in frames]
    return [came - lag for came, lag in zip(arrived_us, lags_us, strict=True) if 0 <= lag < LAG_US]


def _lag_us(frame: Frame, jumps_us: set[int]) -> float:
    """Return the delay of a frame after its window's end, the least over all time jumps."""
    lags_us = [frame.arrived_us - (frame.stamp_us - jump_us) for jump_us in jumps_us]
    return min((lag for lag in lags_us if lag >= 0), default=-1.0)


def _unread(record: Record, camera: int, before: Stretch, after: Stretch) -> float:
    """Return the number of ticks, in windows, without a packet that the node read."""
    ledger, name = record.ledgers[camera], CAMERAS[camera]
    first, last = (count(s, 'packets', name) for s in (before.last, after.first))
    dropped = sum(grown(before.last, after.first, counter, name) for counter in DROPPED)
    ticks = ledger.tick(last) - ledger.tick(first)
    return (ticks - (last - first - dropped)) / TICKS_A_WINDOW
