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

"""Figures and failures of a run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spike_depth_ros import metrics
from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.recordings.truth import Truth
from spike_depth_ros.ros.demo.window_store import StoredWindow

# 20 Hz with room for the edges of a short recording.
MIN_RATE_HZ = 19.0
# Every fourth pixel in both directions tells the median well enough.
STRIDE = 4


@dataclass(frozen=True, slots=True)
class Counts:
    """Count the windows of a run by what became of them, and the events and packets.

    windows_in: closed by the binner. Without depth for a reason: skipped (too few events) and
    incomplete (a camera saw nothing). dropped: by the depth node, which could not keep up; part of
    lost, which is all that came in and is accounted for nowhere else.
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
    def read(cls, binner: Mapping[str, str], depth: Mapping[str, str]) -> 'Counts':
        """Add up what the two nodes reported on /diagnostics; what was not reported is 0."""
        closed, empty = (int(binner.get(f'windows {what}', 0)) for what in ('closed', 'empty'))
        out, skipped, incomplete, dropped = (
            int(depth.get(f'windows {what}', 0))
            for what in ('out', 'skipped', 'incomplete', 'dropped')
        )
        discarded = int(binner.get('windows discarded', 0))
        return cls(
            windows_in=closed + discarded,
            windows_out=out,
            skipped=skipped + empty,
            incomplete=incomplete,
            dropped=dropped,
            lost=closed + discarded - out - skipped - empty - incomplete,
            events=_over_cameras(binner, 'events'),
            packets=_over_cameras(binner, 'packets'),
            packets_lost=_over_cameras(binner, 'packets lost'),
        )

    @property
    def answered(self) -> int:
        """Return how many windows gave depth, or rightly none."""
        return self.windows_out + self.skipped + self.incomplete


@dataclass(frozen=True, slots=True)
class DepthError:
    """Compare depth with the truth over `windows` windows.

    mean_m: mean depth error. constant_m: that of the best constant, for scale. coverage: share of
    the true pixels that have a depth.
    """

    windows: int
    mean_m: float
    constant_m: float
    coverage: float


@dataclass(frozen=True, slots=True)
class Result:
    """Hold all figures of a run.

    most_windows: how many the recording can give. duration_s: from the first to the last window.
    truth: the recording's true depth. error: None if no window could be compared with it.
    problem: the depth node's latest word. warnings: what both nodes reported while they worked.
    """

    counts: Counts
    most_windows: int
    duration_s: float
    latency_ms: tuple[float, float]
    firing: dict[str, float]
    truth: Truth
    error: DepthError | None
    problem: str = ''
    warnings: Sequence[str] = ()

    @property
    def rate_hz(self) -> float:
        """Return answered windows per second."""
        return self.counts.answered / self.duration_s if self.duration_s > 0 else 0.0

    def failures(self) -> list[str]:
        """Return what keeps the run from being a success, in words."""
        counts, (median_ms, _) = self.counts, self.latency_ms
        checks = {
            'no window came out of the binner': not counts.windows_in,
            f'no window gave depth: {counts.skipped} had too few events, in {counts.incomplete} a '
            f'camera saw nothing; the depth node says: {self.problem or "nothing"}': (
                counts.windows_in and not counts.windows_out
            ),
            f'{counts.windows_in} windows came in, but the recording holds {self.most_windows} at '
            f'most: something else sent events': counts.windows_in > self.most_windows,
            f'depth is stamped {-median_ms:.1f} ms later than it was published: the time of the '
            f'recording, or of this machine, runs ahead': median_ms < 0,
            f'{counts.lost} windows were lost': counts.lost,
            f'{counts.packets_lost} packets were lost': counts.packets_lost,
            f'the rate is {self.rate_hz:.2f} Hz, under {MIN_RATE_HZ:g} Hz': (
                self.rate_hz < MIN_RATE_HZ
            ),
            'no depth could be compared with the true depth of the recording': (
                self.truth.topic and self.error is None
            ),
        }
        return [sentence for sentence, failed in checks.items() if failed]


def mean_firing(reports: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Average the firing rates of all reports, by their names."""
    names = reports[0] if reports else {}
    return {name: float(np.mean([report[name] for report in reports])) for name in names}


def depth_error(windows: Iterable[StoredWindow]) -> DepthError | None:
    """Measure the windows that have depth and truth; None if there are none."""
    errors, coverages, truths = [], [], []
    for window in windows:
        if window.depth is None or window.truth is None:
            continue
        predicted = window.depth.astype(np.float32)
        errors.append(metrics.mean_depth_error(predicted, window.truth))
        coverages.append(metrics.coverage(predicted, window.truth))
        truths.append(window.truth[::STRIDE, ::STRIDE])
    if not errors:
        return None
    samples = np.stack(truths)
    constant = np.full_like(samples, metrics.best_constant(samples))
    return DepthError(
        windows=len(errors),
        mean_m=float(np.nanmean(errors)),
        constant_m=metrics.mean_depth_error(constant, samples),
        coverage=float(np.nanmean(coverages)),
    )


def _over_cameras(binner: Mapping[str, str], what: str) -> int:
    return sum(int(binner.get(f'{camera} {what}', 0)) for camera in CAMERAS)
