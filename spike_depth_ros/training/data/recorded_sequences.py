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

"""Sequences of consecutive windows of recordings, at the times of their true depth."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np

from spike_depth_ros.training.data.dataset import Preparation, Split
from spike_depth_ros.training.data.recorded import SEED, Entry, RecordedDataset
from spike_depth_ros.training.data.sequence import WindowSequence, WindowSequences
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.units import MS_NS

GAP_MS = 200  # longest time without true depth within a sequence, ms


@dataclass(frozen=True)
class RecordedSequences:
    """Sequences of a data set of recordings; motion is unknown.

    Their order is random with a fixed seed: the first ones are from all recordings.

    Args:
        dataset: data set of recordings.
        length_ms: time from the end of the first window to that of the last one at most, ms.
    """

    dataset: RecordedDataset
    length_ms: int

    @property
    def extent(self) -> str:
        """Return the length of the sequences in words."""
        return f'up to {self.length_ms} ms'

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Count the missing windows of the first sequences of a split; see DepthSequences."""
        runs = self._runs(split, preparation)
        if len(runs) < count:
            raise SettingsError(
                f'{split} of {self.dataset.title} has {len(runs)} sequences of {self.length_ms} '
                f'ms, not {count}: ask for fewer or shorter ones.'
            )
        numbers = [number for run in runs[:count] for number in run]
        self.dataset.prepare_some(split, numbers, preparation)

    def window_sequences(
        self, split: Split, count: int, preparation: Preparation
    ) -> WindowSequences:
        """Return the first sequences of a split; see DepthSequences."""
        return _Read(self.dataset, split, preparation, self._runs(split, preparation)[:count])

    def _runs(self, split: Split, preparation: Preparation) -> list[list[int]]:
        """Return the numbers of the windows of each sequence."""
        entries = self.dataset.entries(split, preparation)
        in_order = sorted(range(len(entries)), key=lambda number: entries[number])
        runs: list[list[int]] = []
        for _, numbers in groupby(in_order, key=lambda number: entries[number].clip):
            runs += consecutive(list(numbers), entries, self.length_ms)
        order = np.random.default_rng(SEED).permutation(len(runs))
        return [runs[position] for position in order.tolist()]


class _Read:
    """Stored sequences, read when they are indexed."""

    def __init__(
        self,
        dataset: RecordedDataset,
        split: Split,
        preparation: Preparation,
        runs: list[list[int]],
    ) -> None:
        self._dataset, self._split, self._preparation = dataset, split, preparation
        self._runs = runs

    def __len__(self) -> int:
        return len(self._runs)

    def __getitem__(self, index: int) -> WindowSequence:
        split, preparation, run = self._split, self._preparation, self._runs[index]
        entries = self._dataset.entries(split, preparation)
        windows = [self._dataset.window(split, number, preparation) for number in run]
        return WindowSequence(windows, [entries[number].t_ns for number in run])


def consecutive(numbers: list[int], entries: list[Entry], length_ms: int) -> list[list[int]]:
    """Split windows of one clip into runs without gaps; runs under half the length are left out.

    Args:
        numbers: numbers of the windows, by time.
        entries: windows by their numbers.
        length_ms: longest time within a run, ms.
    """
    runs: list[list[int]] = []
    for number in numbers:
        t_ns = entries[number].t_ns
        if (
            not runs
            or t_ns - entries[runs[-1][-1]].t_ns > GAP_MS * MS_NS
            or t_ns - entries[runs[-1][0]].t_ns >= length_ms * MS_NS
        ):
            runs.append([])
        runs[-1].append(number)
    return [
        run
        for run in runs
        if 2 * (entries[run[-1]].t_ns - entries[run[0]].t_ns) >= length_ms * MS_NS
    ]
