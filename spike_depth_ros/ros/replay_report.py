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

"""Report of the replay node on /diagnostics."""

from spike_depth_ros.recordings.player import Player
from spike_depth_ros.recordings.recording import EventRecording
from spike_depth_ros.recordings.schedule import Schedule
from spike_depth_ros.ros.diagnostics import WARN, Report
from spike_depth_ros.units import MS_NS, SECOND_NS

# A message that is sent later is behind its schedule; windows wait for it at least so long.
LATE_NS = 100 * MS_NS
PAUSED = 'paused (s)'
SHIFT = 'header stamp less time of the recording (ns)'


class ReplayReport:
    """State of a replay: time, messages sent, and the delay behind the schedule."""

    def __init__(self, player: Player, schedule: Schedule, recording: EventRecording) -> None:
        self._player = player
        self._schedule = schedule
        self._recording = recording

    def __call__(self) -> Report:
        """Return the present state."""
        report = Report()
        log_time_ns = self._schedule.log_time_ns()
        start_ns, end_ns = self._player.start_ns, self._player.end_ns
        reached_ns = start_ns if log_time_ns is None else min(log_time_ns, end_ns)
        report.values = {
            'time (s)': (reached_ns - start_ns) / SECOND_NS,
            'duration (s)': (end_ns - start_ns) / SECOND_NS,
            'paused': self._schedule.is_paused,
            'packets sent': self._player.packets,
            'true depth sent': self._player.depths,
            'imu samples sent': self._player.imu_samples,
            'lag (ms)': self._schedule.lag_ns / MS_NS,
            'most lag (ms)': self._schedule.most_lag_ns / MS_NS,
            **dict(self._recording.losses),  # a copy: the reading thread adds keys
        }
        if log_time_ns is not None:
            report.values[PAUSED] = self._schedule.paused_ns / SECOND_NS
            report.values[SHIFT] = self._player.shift_ns
        if self._schedule.lag_ns > LATE_NS:
            lag_s = self._schedule.lag_ns / SECOND_NS
            report.problem(WARN, f'{lag_s:.1f} s behind its schedule: play it at a lower rate')
        return report

    def problems(self) -> list[str]:
        """Return a sentence for each problem of a replay that has ended."""
        problems = [f'left out {number} {what}' for what, number in self._recording.losses.items()]
        most_lag_ns = self._schedule.most_lag_ns
        if most_lag_ns > LATE_NS:
            problems.append(
                f'fell up to {most_lag_ns / SECOND_NS:.2f} s behind its schedule: play it at a '
                f'lower rate'
            )
        return problems
