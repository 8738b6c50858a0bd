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

"""Parts of the training data: the windows, or the sequences, of one data set."""

from dataclasses import dataclass

from torch.utils.data import Dataset

from spike_depth_ros.training.data.dataset import DepthDataset, Preparation, Split
from spike_depth_ros.training.data.interruptions import Interrupted
from spike_depth_ros.training.data.pairs import pairs_of
from spike_depth_ros.training.data.sequences import SimulatedSequences
from spike_depth_ros.training.data.simulated import SimulatedDataset
from spike_depth_ros.training.data.training_sequences import (
    ConsecutiveWindows,
    InMemory,
    SingleWindows,
    TrainingSequence,
)
from spike_depth_ros.training.settings import SettingsError

SPARE_WINDOWS = 2  # windows that a stored sequence has more, because some are missing in training


@dataclass(frozen=True)
class WindowPart:
    """Single windows of a split of a data set; see DepthDataset.windows for the arguments."""

    dataset: DepthDataset
    split: Split
    count: int

    def check(self, preparation: Preparation) -> None:
        """Check that `prepare` can succeed. Raises SettingsError, OutputError."""
        self.dataset.check(self.split, self.count, preparation)

    def prepare(self, preparation: Preparation) -> None:
        """Make the windows that are missing. Raises SettingsError, OutputError."""
        self.dataset.prepare(self.split, self.count, preparation)

    def sequences(self, preparation: Preparation) -> Dataset[TrainingSequence]:
        """Return the windows as sequences of one."""
        windows = SingleWindows(pairs_of(self.dataset, self.split, self.count, preparation))
        return kept(windows, self.split, preparation)


@dataclass(frozen=True)
class SequencePart:
    """Sequences of a split of a simulated data set.

    Args:
        dataset: data set; see `stored` for the error.
        split: 'train', 'validation' or 'test'.
        count: number of sequences.
        windows: windows of a sequence; a few more are stored.
        hop_ms: time between the ends of consecutive windows, milliseconds.
    """

    dataset: DepthDataset
    split: Split
    count: int
    windows: int
    hop_ms: int

    @property
    def stored(self) -> SimulatedSequences:
        """Return the stored sequences. Raises SettingsError for a data set of recordings."""
        if not isinstance(self.dataset, SimulatedDataset):
            raise SettingsError(
                f'{type(self.dataset).__name__} has no sequences of windows: use simulated data '
                'sets, or data.windows 1.'
            )
        return SimulatedSequences(self.dataset, self.windows + SPARE_WINDOWS, self.hop_ms)

    def check(self, preparation: Preparation) -> None:
        """Check that `prepare` can succeed. Raises SettingsError, OutputError."""
        self.stored.check(self.split, self.count, preparation)

    def prepare(self, preparation: Preparation) -> None:
        """Simulate the sequences that are missing. Raises SettingsError, OutputError."""
        self.stored.prepare(self.split, self.count, preparation)

    def sequences(self, preparation: Preparation) -> Dataset[TrainingSequence]:
        """Return the sequences; those of training are interrupted."""
        stored = self.stored.sequences(self.split, self.count, preparation)
        scaled = ConsecutiveWindows(stored, self.dataset.description.network_scale)
        sequences = kept(scaled, self.split, preparation)
        return Interrupted(sequences, self.windows) if self.split == 'train' else sequences


def kept(
    sequences: Dataset[TrainingSequence], split: Split, preparation: Preparation
) -> Dataset[TrainingSequence]:
    """Return sequences, kept in memory if they are of training and the preparation says so."""
    is_kept = preparation.in_memory and split == 'train'
    return InMemory(sequences) if is_kept else sequences
