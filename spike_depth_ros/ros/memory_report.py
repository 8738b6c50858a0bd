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

"""Report on the memory of the depth node's network."""

from collections.abc import Mapping

from spike_depth_ros.inference.continuity import Reset
from spike_depth_ros.ros.diagnostics import WARN, Report

# Number of resets between two reports that a single jump in time does not cause.
MANY_RESETS = 3


class MemoryReport:
    """Values and problems of a network's memory; nothing without memory."""

    def __init__(self) -> None:
        """Start the first report."""
        self._before: Mapping[Reset, int] = {}

    def add_to(
        self,
        report: Report,
        resets: Mapping[Reset, int],
        half_lives_ms: tuple[float, float] | None,
    ) -> None:
        """Add to a report, and start the next.

        Args:
            report: report of the depth node.
            resets: number of times that the memory was forgotten since the start, by cause.
            half_lives_ms: shortest and longest half life in force; None without memory.
        """
        if half_lives_ms is None:
            return
        ends = dict.fromkeys(f'{end:.3g}' for end in half_lives_ms)
        report.values['memory half life (ms)'] = ' to '.join(ends)
        now = {cause: resets.get(cause, 0) for cause in Reset}
        report.values |= {f'memory resets: {cause.value}': now[cause] for cause in Reset}
        new = {cause: now[cause] - self._before.get(cause, 0) for cause in Reset}
        self._before = now
        if new[Reset.TIME] >= MANY_RESETS:
            report.problem(
                WARN,
                f'the stamps of spike frames ran back or stood still {new[Reset.TIME]} times in a '
                "second, and the network's memory was forgotten: do two binners publish?",
            )
        if new[Reset.NOT_FINITE]:
            report.problem(
                WARN,
                f"the network's memory was forgotten {new[Reset.NOT_FINITE]} times, as it held "
                'NaN or infinity: export the model again',
            )
