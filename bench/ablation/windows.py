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

"""Windows of several lengths that end at the same time in the same scenes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from bench.ablation.networks import HALF_BASE
from spike_depth_ros.frames.spike_frame import left_event_pixels
from spike_depth_ros.training.data.dataset import (
    DataDescription,
    DepthDataset,
    DepthWindow,
    DepthWindows,
    Preparation,
    Split,
)
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.data.sample import Sample, event_depth, to_sample
from spike_depth_ros.training.data.sample_folder import Samples
from spike_depth_ros.training.data.simulated import STEP_US, SimulatedDataset

QUARTERS, QUARTER_US = 4, 25_000


@dataclass(frozen=True)
class QuarterDataset(SimulatedDataset):
    """Scenes of a simulated data set as four adjoining frames of 25 ms each."""

    def sample(self, split: Split, index: int, bank: Tensor) -> Sample:
        """Return four frames, uint8 [4, h, w, 4], with `nearest` [4, h, w]; no image."""
        simulation, start_us = self.simulation(split, index, bank, QUARTER_US // STEP_US)
        starts_us = range(start_us, start_us + QUARTERS * QUARTER_US, QUARTER_US)
        samples = [
            to_sample(simulation.window(start, QUARTER_US), simulation.rig.camera)
            for start in starts_us
        ]
        return Sample(
            np.stack([sample.spikes for sample in samples]),
            samples[-1].depth,
            np.stack([sample.nearest for sample in samples]),
            np.zeros_like(samples[-1].image),
        )


def whole(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the counts of all frames."""
    return frames.sum(0, dtype=np.int64).clip(max=255).astype(np.uint8)


def stacked(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the counts of each half, at most 10, in one number; see networks.Stacked."""
    older, newer = (whole(half).clip(max=HALF_BASE - 1) for half in np.split(frames, 2))
    return HALF_BASE * older + newer


@dataclass(frozen=True)
class Joining:
    """Way to join frames into a window.

    Args:
        quarters: number of frames, the last ones of the scene.
        join: maps frames [n, h, w, 4] to a spike frame [h, w, 4].
    """

    quarters: int
    join: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = whole


class JoinedWindows(Dataset[DepthWindow]):
    """Windows of joined frames.

    With `judged`, the event truth is the same for windows of all lengths: the surfaces that caused
    events in the last quarter, NaN at other pixels.
    """

    def __init__(self, samples: Samples[Sample], joining: Joining, judged: bool) -> None:
        self._samples, self._joining, self._judged = samples, joining, judged

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> DepthWindow:
        frames, last = self._samples[index], self._joining.quarters
        spikes = self._joining.join(frames.spikes[-last:])
        window = frames._replace(spikes=spikes, nearest=frames.nearest[-last:].min(0)).to_window()
        if not self._judged:
            return window
        newest = frames._replace(spikes=frames.spikes[-1], nearest=frames.nearest[-1])
        has_events = left_event_pixels(newest.spikes)
        judged = np.where(has_events, event_depth(newest), np.float32(np.nan))
        return window._replace(event_depth=judged)


class JoinedDataset(DepthDataset):
    """Windows of the last frames of each scene."""

    def __init__(self, scenes: QuarterDataset, joining: Joining) -> None:
        self._scenes, self._joining = scenes, joining

    @property
    def description(self) -> DataDescription:
        """Return the description of the joined windows."""
        window_ns = self._joining.quarters * QUARTER_US * 1000
        return replace(self._scenes.description, window_ns=window_ns)

    def check(self, split: Split, count: int, preparation: Preparation) -> None:
        """Check that the frames can be stored."""
        self._scenes.check(split, count, preparation)

    def prepare(self, split: Split, count: int, preparation: Preparation) -> None:
        """Simulate the frames that are missing."""
        self._scenes.prepare(split, count, preparation)

    def windows(self, split: Split, count: int, preparation: Preparation) -> DepthWindows:
        """Return the first windows of a split; those of validation are judged."""
        samples = self._scenes.folder(split, preparation).samples(count)
        return JoinedWindows(samples, self._joining, judged=split == 'validation')


class JoinedData(DepthData):
    """Batches of joined windows of simulated data sets."""

    def __init__(self, joining: Joining, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.datasets = [
            JoinedDataset(
                QuarterDataset(**(vars(each) | {'name': f'{each.name}Quarters'})), joining
            )
            for each in self.datasets
        ]
