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

"""Validation windows of the data sets that a network was trained on."""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import ConcatDataset

from spike_depth_ros.training.data.dataset import DepthDataset, Preparation
from spike_depth_ros.training.data.pairs import Pair, pairs_of
from spike_depth_ros.training.data.sequences import SimulatedSequences
from spike_depth_ros.training.data.simulated import SimulatedDataset

SEQUENCE_WINDOWS = 4  # a membrane of half per window is settled after four


def validation_windows(
    datasets: Sequence[DepthDataset], samples: int, preparation: Preparation
) -> ConcatDataset[Pair]:
    """Return the first validation windows of each data set."""
    for dataset in datasets:
        dataset.check('validation', samples, preparation)
    for dataset in datasets:
        dataset.prepare('validation', samples, preparation)
    parts = [pairs_of(dataset, 'validation', samples, preparation) for dataset in datasets]
    return ConcatDataset(parts)


def validation_sequences(
    datasets: Sequence[DepthDataset], samples: int, preparation: Preparation
) -> Iterator[list[Pair]]:
    """Yield sequences of validation windows of the simulated data sets, of 4 windows each.

    Other data sets give windows by themselves.

    Args:
        datasets: data sets.
        samples: number of windows of each data set, rounded to whole sequences.
        preparation: folder, processes and device.
    """
    for dataset in datasets:
        if isinstance(dataset, SimulatedDataset):
            yield from _simulated(dataset, max(1, samples // SEQUENCE_WINDOWS), preparation)
        else:
            windows = pairs_of(dataset, 'validation', samples, preparation)
            yield from ([windows[index]] for index in range(len(windows)))


def _simulated(
    dataset: SimulatedDataset, count: int, preparation: Preparation
) -> Iterator[list[Pair]]:
    """Yield the first validation sequences of a simulated data set."""
    scale = np.float32(dataset.description.network_scale)
    simulated = SimulatedSequences(dataset, SEQUENCE_WINDOWS, dataset.window_ms)
    simulated.prepare('validation', count, preparation)
    sequences = simulated.sequences('validation', count, preparation)
    for number in range(count):
        sequence = sequences[number]
        windows = (sequence.window(index) for index in range(SEQUENCE_WINDOWS))
        yield [
            Pair(window.spikes, window.depth * scale, window.event_depth * scale)
            for window in windows
        ]
