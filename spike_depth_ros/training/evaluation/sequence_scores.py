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

"""Scores of one method over sequences of consecutive windows."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros import metrics, temporal_metrics
from spike_depth_ros.metrics import RunningMean
from spike_depth_ros.training.data.dataset import Depth
from spike_depth_ros.training.evaluation.confidence_scores import ConfidenceScores
from spike_depth_ros.training.evaluation.sequence_truth import AGES_MS, SequenceTruth
from spike_depth_ros.training.networks.posterior import CONFIDENT

Errors = NDArray[np.float64]

ALL, MOVING, STILL = 'all rigs', 'moving rigs', 'still rigs'
ERROR, MEDIAN = 'mean error (m)', 'median error (m)'
EVENT_ERROR, EVENT_ACCURACY = 'events: mean error (m)', 'events: 1PA'
FLICKER, EVENT_FLICKER = 'flicker', 'events: flicker'
TEPE, EVENT_TEPE = 'TEPE (px)', 'events: TEPE (px)'
MEASURES = (
    *(ERROR, MEDIAN, EVENT_ERROR, EVENT_ACCURACY),
    *(FLICKER, EVENT_FLICKER, TEPE, EVENT_TEPE),
)
SHARE = 'share right'
CONFIDENCE = 'confidence: '
WARM_UP = 0.25  # share of a sequence, from its start, that does not count
SETTLED, AFTER_START, AFTER_CUT = 'settled', 'after a start', 'after a cut'
TOLD, UNTOLD = 'cut every window, told: ', 'cut every window, not told: '
TIME = 'time (ms)'

Rows = dict[str, dict[str, float]]


class SequenceScores:
    """Scores of one method, added sequence by sequence."""

    def __init__(self) -> None:
        self._means: dict[tuple[str, str], RunningMean] = {}
        names = (SETTLED, AFTER_START, AFTER_CUT)
        self._shares: dict[str, list[RunningMean]] = {name: [] for name in names}
        self._confidence = ConfidenceScores()

    def add(self, depths: Sequence[Depth], truth: SequenceTruth) -> None:
        """Add the depth of a sequence.

        Args:
            depths: float32 [h, w] for each window, metres; NaN where missing.
            truth: true depth of the windows.
        """
        groups = [ALL]
        if truth.stands_still is not None:
            groups.append(STILL if truth.stands_still else MOVING)
        for number in _counted(depths):
            measures = window_scores(number, depths[number], truth)
            measures |= _changes(number, depths, truth)
            for group in groups:
                for name, value in measures.items():
                    if math.isfinite(value):
                        self._mean(group, name).add(value)
                for name, values in _by_age(number, depths[number], truth).items():
                    self._mean(group, name).add(values)

    def add_confidence(
        self,
        depths: Sequence[Depth],
        confidences: Sequence[NDArray[np.float32] | None],
        truth: SequenceTruth,
    ) -> None:
        """Add the confidence of a sequence.

        Args:
            depths, truth: see `add`.
            confidences: float32 [h, w] for each window; None for a method without confidence.
        """
        for number in _counted(depths):
            confidence = confidences[number]
            if confidence is not None:
                true, age = truth.depth[number], truth.age[number]
                self._confidence.add(depths[number], confidence, true, age)

    def add_shares(self, name: str, depths: Sequence[Depth], true: Sequence[Depth]) -> None:
        """Add the share of right depth of the last windows of a sequence.

        Args:
            name: SETTLED for a method that saw the earlier windows, AFTER_START for one that
                begins with these windows, and AFTER_CUT for one that saw another scene before.
            depths: float32 [h, w] for each of these windows, metres; NaN where missing.
            true: their true depth.
        """
        means = self._shares[name]
        for number, (depth, truth) in enumerate(zip(depths, true, strict=True)):
            if number == len(means):
                means.append(RunningMean())
            share = temporal_metrics.right_share(depth, truth, CONFIDENT)
            if np.isfinite(share):
                means[number].add(share)

    def values(self) -> dict[str, float]:
        """Return the measures by group of rigs and name: 'moving rigs: flicker'."""
        found = {f'{group}: {name}': mean.value for (group, name), mean in self._means.items()}
        sure = self._confidence.values()
        return found | {f'{CONFIDENCE}{name}': value for name, value in sure.items()}

    def settling(self, window_ms: float, hop_ms: float) -> dict[str, float]:
        """Return shares of right depth by name, and the times until depth is right.

        A time, ms, is that from a start or a cut to the end of the first window with at least 90 %
        of the share of a method that saw the scene before; NaN if there is none.

        Args:
            window_ms: length of a window, ms.
            hop_ms: time between the ends of consecutive windows, ms.
        """
        settled = self._curve(SETTLED)
        found = {f'{SHARE}, {SETTLED}': float(settled.mean()) if len(settled) else math.nan}
        for name in (AFTER_START, AFTER_CUT):
            shares = self._curve(name)
            count = temporal_metrics.settling_windows(shares, settled[: len(shares)])
            reached = 0 < len(shares) >= count
            found[f'{SHARE}, first window {name}'] = shares[0] if len(shares) else math.nan
            found[f'ms {name}'] = window_ms + (count - 1) * hop_ms if reached else math.nan
        return found

    def _curve(self, name: str) -> NDArray[np.float64]:
        return np.array([mean.value for mean in self._shares[name]])

    def _mean(self, group: str, name: str) -> RunningMean:
        return self._means.setdefault((group, name), RunningMean())


def _counted(depths: Sequence[Depth]) -> range:
    """Return the numbers of the windows that count."""
    return range(max(1, round(WARM_UP * len(depths))), len(depths))


def age_name(number: int) -> str:
    """Return the name of the mean error of a class of AGES_MS."""
    return f'error at {AGES_MS[number]} ms (m)'


def share_name(number: int) -> str:
    """Return the name of the share of pixels in a class of AGES_MS."""
    return f'pixels at {AGES_MS[number]} ms'


def window_scores(number: int, depth: Depth, truth: SequenceTruth) -> dict[str, float]:
    """Return the errors of one window by measure; NaN without a pixel.

    Args:
        number: number of the window.
        depth: its depth, float32 [h, w], metres; NaN where missing.
        truth: true depth of the windows.
    """
    true, event_depth = truth.depth[number], truth.event_depth[number]
    events, focal_baseline = truth.has_events[number], truth.focal_baseline
    return {
        ERROR: metrics.mean_depth_error(depth, true),
        MEDIAN: metrics.median_depth_error(depth, true),
        EVENT_ERROR: metrics.mean_depth_error(depth, event_depth, events),
        EVENT_ACCURACY: metrics.pixel_accuracy(depth, event_depth, focal_baseline, 1, events),
    }


def _by_age(number: int, depth: Depth, truth: SequenceTruth) -> dict[str, Errors]:
    """Return the errors, and the share of the pixels, by the age of the pixels' last event."""
    true = np.where(truth.has_events[number], truth.event_depth[number], truth.depth[number])
    error, age = np.abs(depth.astype(np.float64) - true), truth.age[number]
    known = age[np.isfinite(truth.depth[number])]
    found = {}
    for one in range(len(AGES_MS)):
        found[age_name(one)] = error[(age == one) & np.isfinite(error)]
        found[share_name(one)] = (known == one).astype(np.float64)
    return found


def _changes(number: int, depths: Sequence[Depth], truth: SequenceTruth) -> dict[str, float]:
    """Return the measures of change since the window before; NaN without a pixel."""
    pair = depths[number], depths[number - 1]
    true, before = truth.depth[number], truth.depth[number - 1]
    motion, events = truth.motions[number], truth.has_events[number]
    found = {}
    for name, mask in ((FLICKER, None), (EVENT_FLICKER, events)):
        found[name] = temporal_metrics.flicker(*pair, true, before, mask)
    if motion is not None:
        for name, mask in ((TEPE, None), (EVENT_TEPE, events)):
            found[name] = temporal_metrics.temporal_error(
                *pair, true, motion.earlier, motion.flow, truth.focal_baseline, mask
            )
    return found
