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

"""Interruptions of sequences: missing windows, and cuts to another scene."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from spike_depth_ros.training.data.training_sequences import TrainingSequence

MISSING = 0.1  # share of windows that are missing, as dropped or skipped ones are in the node
CUT, UNTOLD = 0.25, 0.5  # share of sequences that are cut, and of cuts without a reset


class Interrupted(Dataset[TrainingSequence]):
    """Sequences in which windows are missing, and some of which go on in another scene.

    A network with memory meets both: a node skips windows with few events and drops late ones, and
    scenes are cut, with a reset of time or without one.
    """

    def __init__(self, sequences: Dataset[TrainingSequence], windows: int) -> None:
        """Interrupt sequences.

        Args:
            sequences: sequences of at least `windows` windows of one size, at least 2.
            windows: windows of a sequence in the end.
        """
        self._sequences, self._windows = sequences, windows

    def __len__(self) -> int:
        return len(self._sequences)  # type: ignore[arg-type]  # torch declares no __len__

    def __getitem__(self, index: int) -> TrainingSequence:
        sequence = self._with_gaps(self._sequences[index])
        cut, untold = (torch.rand(2) < torch.tensor([CUT, UNTOLD])).tolist()
        if not cut:
            return sequence
        other = self._with_gaps(self._sequences[int(torch.randint(len(self), ()))])
        if untold:
            other.elapsed_ms[0] = other.elapsed_ms[1]
        return continued(sequence, other, int(torch.randint(1, self._windows, ())))

    def _with_gaps(self, sequence: TrainingSequence) -> TrainingSequence:
        """Return some of the windows, in order; those that are left out lengthen the time."""
        spare = len(sequence.spikes) - self._windows
        missing = min(spare, int((torch.rand(self._windows) < MISSING).sum()))
        among = torch.randperm(self._windows + missing)[: self._windows].sort().values.numpy()
        end_ms = np.cumsum(np.append(0, sequence.elapsed_ms[1:]))[among]
        return TrainingSequence(
            sequence.spikes[among],
            sequence.depth[among],
            sequence.event_depth[among],
            np.diff(end_ms, prepend=-math.inf).astype(np.float32),
        )


def continued(before: TrainingSequence, after: TrainingSequence, at: int) -> TrainingSequence:
    """Return the first windows of a sequence, and then the first ones of another.

    Args:
        before, after: sequences of equally many windows.
        at: number of windows of `before`.
    """
    parts: Iterator[tuple[NDArray[Any], NDArray[Any]]] = zip(
        before.arrays(), after.arrays(), strict=True
    )
    return TrainingSequence(*(np.concatenate([one[:at], two[:-at]]) for one, two in parts))
