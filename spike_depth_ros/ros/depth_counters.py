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

"""The depth node's counters, and the reason why windows yield no depth."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from spike_depth_ros.units import SECOND_NS

# So long no window may yield depth before the reason is given.
IDLE_NS = 1_000_000_000
# So many reports, a second apart, give the reason.
RECENT = 2
# Ends of a window that is not depth, and what each means.
REASONS = {
    'windows_dropped': 'inference cannot keep up',
    'windows_skipped': 'fewer events than min_events',
    'windows_incomplete': 'one camera saw nothing',
    'windows_unfit': 'the rig does not fit the model',
    'windows_malformed': 'windows are malformed',
    'windows_failed': 'inference fails',
}


@dataclass(slots=True)
class DepthCounters:
    """Count windows since the start.

    Each of the windows that came `in` ends in one of the others: `out` as depth, `dropped` from
    the full queue, `skipped` for too few events, `incomplete` for a silent camera, `unfit`
    because the rig does not fit the model (or is not known yet), `malformed`, or `failed` in the
    inference; or it still waits.
    """

    windows_in: int = 0
    windows_out: int = 0
    windows_dropped: int = 0
    windows_skipped: int = 0
    windows_incomplete: int = 0
    windows_unfit: int = 0
    windows_malformed: int = 0
    windows_failed: int = 0


class DepthIdleness:
    """Follow the counters from one report to the next; now_ns: monotonic nanoseconds.

    events: of each camera in the latest window with too few of them.
    """

    def __init__(self) -> None:
        self.events: Sequence[int] = ()
        self._latest = deque([DepthCounters()], maxlen=RECENT)
        self._since_ns: int | None = None  # when windows began to yield nothing

    def update(self, now: DepthCounters, now_ns: int, min_events: int) -> str:
        """Return why windows that came yielded no depth for IDLE_NS, by the most frequent reason.

        '' if some did, or none came.
        """
        before, latest = self._latest[0], self._latest[-1]
        self._latest.append(now)
        ends = {name: getattr(now, name) - getattr(before, name) for name in REASONS}
        if now.windows_out > latest.windows_out or not any(ends.values()):
            self._since_ns = None
            return ''
        if self._since_ns is None:
            self._since_ns = now_ns
        idle_ns = now_ns - self._since_ns
        if idle_ns < IDLE_NS:
            return ''
        name = max(ends, key=lambda key: ends[key])
        few = name in ('windows_skipped', 'windows_incomplete') and self.events
        events = ' and '.join(f'{count}' for count in self.events)
        has = f' ({events} in the last window, min_events is {min_events})' if few else ''
        return (
            f'no depth for {idle_ns / SECOND_NS:.1f} s: {ends[name]} of the last '
            f'{sum(ends.values())} windows {name.removeprefix("windows_")}, {REASONS[name]}{has}'
        )
