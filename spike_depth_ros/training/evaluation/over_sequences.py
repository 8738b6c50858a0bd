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


"""Scores of methods over sequences of consecutive windows."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from spike_depth_ros.metrics import RunningMean
from spike_depth_ros.training.data.dataset import DataDescription, Preparation
from spike_depth_ros.training.data.sequence import (
    DepthSequences,
    WindowSequence,
    WindowSequences,
)
from spike_depth_ros.training.evaluation.sequence_report import print_sequences
from spike_depth_ros.training.evaluation.sequence_scores import (
    AFTER_CUT,
    AFTER_START,
    SETTLED,
    TIME,
    TOLD,
    UNTOLD,
    Rows,
    SequenceScores,
    window_scores,
)
from spike_depth_ros.training.evaluation.sequence_truth import SequenceTruth, sequence_truth
from spike_depth_ros.training.evaluation.streams import Spikes, Stream, streams
from spike_depth_ros.training.evaluation.told_motion import (
    MotionKind,
    Poses,
    check_known,
    motions,
)
from spike_depth_ros.units import MS_NS


def evaluated(
    models: Sequence[Path],
    source: DepthSequences,
    count: int,
    data: DataDescription,
    preparation: Preparation,
    matchers: bool,
    motion: Sequence[MotionKind] = (),
) -> Rows:
    """Print the measures of memory of all methods, and return their scores.

    Args:
        models: ONNX files.
        source: sequences of a data set, of which the test split is used.
        count: number of sequences.
        data: description of the data set.
        preparation: folder, processes and device that make missing sequences.
        matchers: evaluate semi-global matching too.
        motion: motions that models with memory are told.
    """
    source.prepare('test', count, preparation)
    sequences = source.window_sequences('test', count, preparation)
    if motion:
        check_known(sequences[0], data.name)
    rows, references = sequence_rows(models, sequences, data, matchers, motion)
    print_sequences(data, f'{count} test sequences of {source.extent}', rows, references)
    return rows


def sequence_rows(
    models: Sequence[Path],
    sequences: WindowSequences,
    data: DataDescription,
    matchers: bool,
    motion: Sequence[MotionKind] = (),
) -> tuple[Rows, dict[str, str]]:
    """Return the scores of each method, and the row without memory that each row compares with.

    Args:
        models: ONNX files.
        sequences: sequences of test windows; only one at a time is in memory.
        data: description of the data set.
        matchers: evaluate semi-global matching too.
        motion: motions that models with memory are told.
    """
    methods = streams(models, data, matchers, motion)
    evaluation = _Evaluation(methods, data)
    for index in tqdm(range(len(sequences)), desc=data.name, unit='sequence'):
        evaluation.add(sequences[index])
    references = {
        row: method.reference for method in methods for row in method.rows if method.reference
    }
    return evaluation.rows(), references


class _Evaluation:
    """Scores of all methods, added sequence by sequence."""

    def __init__(self, methods: Sequence[Stream], data: DataDescription) -> None:
        self._methods, self._data = methods, data
        self._scores = {row: SequenceScores() for method in methods for row in method.rows}
        self._cuts = _Cuts(data)
        self._hop_ns, self._is_first = data.window_ns, True

    def add(self, sequence: WindowSequence) -> None:
        """Run all methods over a sequence, and add its scores."""
        truth = sequence_truth(sequence, self._data)
        spikes = [window.spikes for window in sequence.windows]
        after_ns, moves = np.diff(sequence.ends_ns).tolist(), motions(sequence)
        self._hop_ns = after_ns[0]
        for method in self._methods:
            self._add_method(method, spikes, after_ns, moves, truth)
        self._is_first = False
        self._cuts.add(spikes[-1], truth)

    def _add_method(
        self,
        method: Stream,
        spikes: list[Spikes],
        after_ns: list[int],
        moves: Poses,
        truth: SequenceTruth,
    ) -> None:
        """Add a sequence of one method.

        The second half comes first: straight after the sequence before, which is a cut, and after
        a start.
        """
        known = [] if method.source.remembers else method.results(spikes)
        half = len(spikes) // 2
        later, true = after_ns[half:], truth.depth[half:]
        starts: list[tuple[str, int | None]] = [(AFTER_START, None)]
        if not self._is_first:
            starts.insert(0, (AFTER_CUT, after_ns[half - 1]))
        for name, first in starts:
            found = method.run(spikes[half:], [first, *later], known[half:], moves[half:])
            for row, depths in found.items():
                self._scores[row].add_shares(name, depths, true)
        found = method.run(spikes, [None, *after_ns], known, moves)
        for row, depths in found.items():
            self._scores[row].add(depths, truth)
            self._scores[row].add_shares(SETTLED, depths[half:], true)
        self._scores[method.name].add_confidence(found[method.name], method.confidences, truth)

    def rows(self) -> Rows:
        """Return all scores by method."""
        window_ms, hop_ms = self._data.window_ns / MS_NS, self._hop_ns / MS_NS
        found = {
            row: scores.values() | scores.settling(window_ms, hop_ms)
            for row, scores in self._scores.items()
        }
        for method in self._methods:
            for prefix, elapsed_ns in ((TOLD, None), (UNTOLD, self._hop_ns)):
                for row, values in self._cuts.values(method, elapsed_ns).items():
                    found[row] |= {f'{prefix}{name}': value for name, value in values.items()}
            for row, time_ms in method.times_ms.items():
                found[row][TIME] = time_ms.value
        return found


class _Cuts:
    """Windows of which each is of another scene: the last one of each sequence."""

    def __init__(self, data: DataDescription) -> None:
        self._spikes: list[Spikes] = []
        self._truth = SequenceTruth([], [], [], [], [], data.focal_baseline, None)

    def add(self, spikes: Spikes, truth: SequenceTruth) -> None:
        self._spikes.append(spikes)
        for name in ('depth', 'event_depth', 'has_events'):
            getattr(self._truth, name).append(getattr(truth, name)[-1])

    def values(self, method: Stream, elapsed_ns: int | None) -> Rows:
        """Return the mean errors by row; none of fewer than two scenes, between which are no cuts.

        Args:
            method: method.
            elapsed_ns: time that the method is told to be between windows, ns; None tells it that
                the scene is another one.
        """
        found: Rows = {}
        if len(self._spikes) < 2:
            return found
        elapsed = [None, *[elapsed_ns] * (len(self._spikes) - 1)]
        for row, depths in method.run(self._spikes, elapsed).items():
            means: dict[str, RunningMean] = {}
            for number, depth in enumerate(depths):
                for name, value in window_scores(number, depth, self._truth).items():
                    if math.isfinite(value):
                        means.setdefault(name, RunningMean()).add(value)
            found[row] = {name: mean.value for name, mean in means.items()}
        return found
