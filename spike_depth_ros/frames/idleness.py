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

"""Time without a spike frame, and its reason."""

from collections import deque

from spike_depth_ros.frames.counters import BinnerCounters
from spike_depth_ros.frames.health import difference, why_nothing_counts
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.units import SECOND_NS

# Time without a spike frame after which a reason is given.
IDLE_NS = 2 * SECOND_NS
# Number of reports, a second apart, from which the reason is found.
RECENT = 2


class Idleness:
    """Follow a binner's counters from report to report.

    Attributes:
        reason: reason why no spike frame has come for IDLE_NS; '' while frames come.
    """

    def __init__(self, counters: BinnerCounters, now_ns: int) -> None:
        self.reason = ''
        self._at_output = counters
        self._output_ns = now_ns
        self._latest = deque([counters], maxlen=RECENT)

    def update(self, counters: BinnerCounters, now_ns: int, blocked: str) -> str:
        """Compare a snapshot of the counters; return a sentence if no frame comes, else ''.

        Args:
            counters: snapshot of the counters.
            now_ns: monotonic time of the snapshot, nanoseconds.
            blocked: reason why no event can be counted; '' if events can be counted.
        """
        if output(counters) > output(self._at_output):
            self._at_output, self._output_ns = counters, now_ns
        before = self._latest[0]
        self._latest.append(counters)
        idle_ns = now_ns - self._output_ns
        if idle_ns < IDLE_NS:
            self.reason = ''
            return ''
        self.reason = blocked or self._explain(counters, before)
        return f'no spike frame for {idle_ns / SECOND_NS:.1f} s: {self.reason}'

    def _explain(self, counters: BinnerCounters, before: BinnerCounters) -> str:
        """Return the reason by the counts between two snapshots."""
        pairs = zip(CAMERAS, counters.cameras, before.cameras, strict=False)
        reasons = [why_nothing_counts(name, difference(*each)) for name, *each in pairs]
        if resets := counters.resets - before.resets:
            reasons.append(f'time was reset {resets} times')
        return ' and '.join(filter(None, reasons)) or 'no window is complete'


def output(counters: BinnerCounters) -> int:
    """Return the number of windows that gave a frame."""
    return counters.windows_closed - counters.windows_empty
