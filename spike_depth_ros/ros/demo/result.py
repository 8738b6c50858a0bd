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

"""Result of a run: counts, error of the depth, and failures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from spike_depth_ros.frames.counters import BinnerCounters
from spike_depth_ros.ros.demo.comparison import DepthError
from spike_depth_ros.ros.demo.node_status import BinnerStatus, DepthStatus
from spike_depth_ros.ros.depth_counters import DepthCounters

# Least share of one window each hop: room for the edges of a short recording.
MIN_RATE = 0.95


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of windows, events and packets of a run.

    Args:
        windows_in: windows that the binner closed or discarded.
        windows_out: windows that gave depth.
        skipped: windows with too few events.
        incomplete: windows without an event of one camera.
        dropped: windows dropped from the depth node's full queue; part of lost.
        lost: windows in that are neither out, skipped nor incomplete.
        events, packets: received by the binner.
        packets_lost: packets that did not reach the binner.
    """

    windows_in: int
    windows_out: int
    skipped: int
    incomplete: int
    dropped: int
    lost: int
    events: int
    packets: int
    packets_lost: int

    @classmethod
    def of(cls, binner: BinnerStatus | None, depth: DepthStatus | None) -> Self:
        """Combine the counters of both nodes; those of a node without a report are 0."""
        frames = binner.counters if binner else BinnerCounters(cameras=())
        windows = depth.counters if depth else DepthCounters()
        windows_in = frames.windows_closed + frames.windows_discarded
        skipped = windows.windows_skipped + frames.windows_empty
        answered = windows.with_depth + skipped + windows.windows_incomplete
        return cls(
            windows_in=windows_in,
            windows_out=windows.with_depth,
            skipped=skipped,
            incomplete=windows.windows_incomplete,
            dropped=windows.windows_dropped,
            lost=windows_in - answered,
            events=sum(camera.events for camera in frames.cameras),
            packets=sum(camera.packets for camera in frames.cameras),
            packets_lost=sum(camera.packets_lost for camera in frames.cameras),
        )

    @property
    def answered(self) -> int:
        """Return the number of windows that gave depth, or none for lack of events."""
        return self.windows_out + self.skipped + self.incomplete


@dataclass(frozen=True, slots=True)
class Result:
    """Result of a run.

    Args:
        counts: numbers of windows, events and packets.
        most_windows: largest number of windows that the recording can give.
        hop_s: time from window to window, seconds.
        duration_s: time that all windows took, seconds.
        latency_ms: median and 99th percentile of the latency, milliseconds.
        firing_rates: mean firing rates by their keys in the depth node's report.
        has_truth: whether the recording has true depth that fits.
        no_truth: why its true depth does not fit, '' if there is none.
        tested: number of true depths in the range that MVSEC's split tests; None: no such range.
        error: error of the depth, None if no window could be compared.
        binner_problem: problem in the last spikes/info.
        depth_problem: message of the depth node's last report.
        warnings: problems that the nodes reported while they had input.
    """

    counts: Counts
    most_windows: int
    hop_s: float
    duration_s: float
    latency_ms: tuple[float, float]
    firing_rates: dict[str, float]
    has_truth: bool
    no_truth: str
    error: DepthError | None
    tested: int | None = None
    binner_problem: str = ''
    depth_problem: str = ''
    warnings: Sequence[str] = ()

    @property
    def rate_hz(self) -> float:
        """Return answered windows per second."""
        return self.counts.answered / self.duration_s if self.duration_s > 0 else 0.0

    @property
    def min_rate_hz(self) -> float:
        """Return the least rate of a success, windows per second."""
        return MIN_RATE / self.hop_s

    def failures(self) -> list[str]:
        """Return a sentence for each reason why the run is no success."""
        counts, (median_ms, _) = self.counts, self.latency_ms
        binner = f': {self.binner_problem}' if self.binner_problem else ''
        checks = {
            f'no window came out of the binner{binner}': not counts.windows_in,
            f'no window gave depth: {counts.skipped} had too few events, in {counts.incomplete} a '
            f'camera saw nothing; the depth node reports: {self.depth_problem or "nothing"}': (
                counts.windows_in and not counts.windows_out
            ),
            f'{counts.windows_in} windows came in, but the recording holds {self.most_windows} at '
            f'most: something else sent events': counts.windows_in > self.most_windows,
            f'depth is stamped {-median_ms:.1f} ms later than it was published: the time of the '
            f'recording, or of this machine, runs ahead': median_ms < 0,
            f'{counts.lost} windows were lost': counts.lost,
            f'{counts.packets_lost} packets were lost': counts.packets_lost,
            f'the rate is {self.rate_hz:.2f} Hz, under {self.min_rate_hz:g} Hz': (
                self.rate_hz < self.min_rate_hz
            ),
            'no depth could be compared with the true depth of the recording': (
                self.has_truth and self.error is None
            ),
        }
        return [sentence for sentence, failed in checks.items() if failed]


def mean_firing_rates(reports: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of the firing rates over all reports."""
    names = reports[0] if reports else {}
    return {name: float(np.mean([report[name] for report in reports])) for name in names}
