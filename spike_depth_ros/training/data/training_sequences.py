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

"""Sequences of windows for training and validation."""

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from spike_depth_ros.training.data.dataset import Depth
from spike_depth_ros.training.data.pairs import Pair
from spike_depth_ros.training.data.sequence import SimulatedSequence


class TrainingSequence(NamedTuple):
    """Consecutive windows with their depth in metres of a network; see Pair.

    Args:
        spikes: uint8 [t, h, w, channels].
        depth: float32 [t, h, w].
        event_depth: float32 [t, h, w].
        elapsed_ms: float32 [t], time from the end of the window before, milliseconds; inf where
            the network is to forget.
        pictures: uint8 [t, h, w, cameras], see Pair.
    """

    spikes: NDArray[np.uint8]
    depth: Depth
    event_depth: Depth
    elapsed_ms: NDArray[np.float32]
    pictures: NDArray[np.uint8] | None = None

    def arrays(self) -> list[NDArray[Any]]:
        """Return the fields that are there, in order."""
        return [array for array in self if array is not None]


class Batch(NamedTuple):
    """Sequences of t windows; t is 1 where each window is alone.

    Args:
        spikes: uint8 [n, t, channels, h, w].
        depth: float32 [n, t, 1, h, w], metres of the network at the windows' ends.
        event_depth: float32 [n, t, 1, h, w], see DepthWindow.
        elapsed_ms: float32 [n, t], see TrainingSequence.
        pictures: uint8 [n, t, cameras, h, w], see Pair; None where nothing reads them.
    """

    spikes: Tensor
    depth: Tensor
    event_depth: Tensor
    elapsed_ms: Tensor
    pictures: Tensor | None = None


class BatchWindow(NamedTuple):
    """Window of all sequences of a batch; see Batch, without its axis t.

    Args:
        spikes: uint8 [n, channels, h, w].
        depth, event_depth: float32 [n, 1, h, w].
        elapsed_ms: float32 [n], or inf for the first window.
        pictures: uint8 [n, cameras, h, w] or None.
    """

    spikes: Tensor
    depth: Tensor
    event_depth: Tensor
    elapsed_ms: Tensor | float
    pictures: Tensor | None


def windows_of(batch: Batch) -> Iterator[BatchWindow]:
    """Yield the windows of a batch, in order."""
    for number in range(batch.spikes.shape[1]):
        yield BatchWindow(
            batch.spikes[:, number],
            batch.depth[:, number],
            batch.event_depth[:, number],
            batch.elapsed_ms[:, number] if number else math.inf,
            None if batch.pictures is None else batch.pictures[:, number],
        )


class InMemory(Dataset[TrainingSequence]):
    """Sequences that are read once by each process, and then kept in its memory."""

    def __init__(self, sequences: Dataset[TrainingSequence]) -> None:
        self._sequences = sequences
        self._kept: dict[int, TrainingSequence] = {}

    def __len__(self) -> int:
        return len(self._sequences)  # type: ignore[arg-type]  # torch declares no __len__

    def __getitem__(self, index: int) -> TrainingSequence:
        if index not in self._kept:
            self._kept[index] = self._sequences[index]
        return self._kept[index]


class SingleWindows(Dataset[TrainingSequence]):
    """Sequences of one window."""

    def __init__(self, pairs: Dataset[Pair]) -> None:
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)  # type: ignore[arg-type]  # torch declares no __len__

    def __getitem__(self, index: int) -> TrainingSequence:
        pair = self._pairs[index]
        elapsed_ms = np.full(1, math.inf, np.float32)
        return TrainingSequence(
            pair.spikes[None],
            pair.depth[None],
            pair.event_depth[None],
            elapsed_ms,
            None if pair.pictures is None else pair.pictures[None],
        )


class ConsecutiveWindows(Dataset[TrainingSequence]):
    """Simulated sequences, with depth in metres of a network."""

    def __init__(self, sequences: Dataset[SimulatedSequence], scale: float) -> None:
        """Scale sequences.

        Args:
            sequences: sequences of one data set.
            scale: DataDescription.network_scale of the data set.
        """
        self._sequences, self._scale = sequences, np.float32(scale)

    def __len__(self) -> int:
        return len(self._sequences)  # type: ignore[arg-type]  # torch declares no __len__

    def __getitem__(self, index: int) -> TrainingSequence:
        sequence = self._sequences[index]
        windows = [sequence.window(number) for number in range(len(sequence.spikes))]
        elapsed_ms = np.diff(sequence.end_us, prepend=-math.inf) * 1e-3
        return TrainingSequence(
            sequence.spikes,
            self._scale * np.stack([window.depth for window in windows]),
            self._scale * np.stack([window.event_depth for window in windows]),
            elapsed_ms.astype(np.float32),
        )
