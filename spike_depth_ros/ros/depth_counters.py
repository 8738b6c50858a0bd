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

"""Counters of the depth node, and the reason if no window yields depth."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from spike_depth_ros.units import SECOND_NS

# A reason is given after this time without depth.
IDLE_NS = SECOND_NS
# Number of reports, one second apart, over which windows are counted for the reason.
RECENT = 2
# Counters of windows that yield no depth, and the meaning of each.
REASONS = {
    'windows_dropped': 'inference cannot keep up',
    'windows_skipped': 'fewer events than min_events',
    'windows_incomplete': 'one camera saw nothing',
    'windows_unfit': 'the spike frames do not fit the model',
    'windows_malformed': 'windows are malformed',
    'windows_failed': 'inference fails',
}


@dataclass(slots=True)
class DepthCounters:
    """Numbers of windows since the start.

    Each window is counted in windows_in, and in one other counter unless it still waits.

    Args:
        windows_in: windows received.
        windows_out: windows that gave a depth image.
        windows_held: windows with fewer than min_events events that repeated an earlier depth.
        windows_dropped: windows dropped from the full queue.
        windows_skipped: windows with fewer than min_events events, without depth.
        windows_incomplete: stereo windows without an event of one camera.
        windows_unfit: windows that do not fit the model, or came before spikes/info.
        windows_malformed: images that are no spike frame, or of another shape than described.
        windows_failed: windows for which inference or publication raised an error.
    """

    windows_in: int = 0
    windows_out: int = 0
    windows_held: int = 0
    windows_dropped: int = 0
    windows_skipped: int = 0
    windows_incomplete: int = 0
    windows_unfit: int = 0
    windows_malformed: int = 0
    windows_failed: int = 0

    @property
    def with_depth(self) -> int:
        """Return the number of windows with a depth image."""
        return self.windows_out + self.windows_held


class DepthIdleness:
    """Detector of a time in which windows come but none yields depth.

    Attributes:
        events: number of events of each camera in the latest window that had too few.
    """

    def __init__(self) -> None:
        self.events: Sequence[int] = ()
        self._latest = deque([DepthCounters()], maxlen=RECENT)
        self._since_ns: int | None = None  # start of the time without depth

    def update(self, now: DepthCounters, now_ns: int, min_events: int) -> str:
        """Return the most frequent reason if no window has yielded depth for IDLE_NS.

        Returns '' if one has, or if no window came.

        Args:
            now: copy of the counters.
            now_ns: monotonic time, nanoseconds.
            min_events: least number of events in a window that yields depth.
        """
        before, latest = self._latest[0], self._latest[-1]
        self._latest.append(now)
        ends = {name: getattr(now, name) - getattr(before, name) for name in REASONS}
        if now.with_depth > latest.with_depth or not any(ends.values()):
            self._since_ns = None
            return ''
        if self._since_ns is None:
            self._since_ns = now_ns
        idle_ns = now_ns - self._since_ns
        return self._explain(ends, idle_ns, min_events) if idle_ns >= IDLE_NS else ''

    def _explain(self, ends: dict[str, int], idle_ns: int, min_events: int) -> str:
        name = max(ends, key=lambda key: ends[key])
        has_few = name in ('windows_skipped', 'windows_incomplete') and self.events
        events = ' and '.join(f'{count}' for count in self.events)
        has = f' ({events} in the last window, min_events is {min_events})' if has_few else ''
        return (
            f'no depth for {idle_ns / SECOND_NS:.1f} s: {ends[name]} of the last '
            f'{sum(ends.values())} windows {name.removeprefix("windows_")}, {REASONS[name]}{has}'
        )
