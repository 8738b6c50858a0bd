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

"""SimFlying's scenes in windows of several lengths that end together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from bench.ablation.networks import HALF_BASE
from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.geometry.pixel_table import pixel_table
from spike_depth_ros.training.data.benchmark import (
    NETWORK,
    STEP_US,
    Benchmark,
    Sample,
    seen_depth,
    sensor_pixels,
    spike_frame,
)
from spike_depth_ros.training.data.module import (
    Pair,
    Pairs,
    SimulatedData,
    caused_depth,
    network_scale,
)
from spike_depth_ros.training.data.simulated import SampleFolder, SimulatedWindows

QUARTERS, QUARTER_US = 4, 25_000


@dataclass(frozen=True)
class QuarterBenchmark(Benchmark):
    """A benchmark's scenes as four frames of 25 ms each that adjoin."""

    def sample(self, split: str, index: int, bank: Tensor) -> Sample:
        """Return frames uint8 [4, h, w, 4] and `nearest` [4, h, w] of each; no image."""
        simulation, start_us = self.simulation(split, index, bank, QUARTER_US // STEP_US)
        starts_us = range(start_us, start_us + QUARTERS * QUARTER_US, QUARTER_US)
        windows = [simulation.window(start, QUARTER_US) for start in starts_us]
        table, places = (
            pixel_table(simulation.rig.camera, NETWORK),
            sensor_pixels(simulation.rig.camera),
        )
        depth = seen_depth(windows[-1].depth, places)
        return Sample(
            np.stack([spike_frame(window.left, window.right, table) for window in windows]),
            depth,
            np.stack([seen_depth(window.nearest, places) for window in windows]),
            np.zeros(depth.shape, np.uint8),
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
    """How frames become a window: the last `quarters` of them, by `join`, [n, h, w, 4]."""

    quarters: int
    join: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = whole


class JoinedWindows(Dataset[Sample]):
    """Windows of frames joined."""

    def __init__(self, frames: SimulatedWindows, joining: Joining) -> None:
        self.benchmark = frames.benchmark
        self.frames, self.joining = frames, joining

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Sample:
        sample, last = self.frames[index], self.joining.quarters
        spikes = self.joining.join(sample.spikes[-last:])
        return sample._replace(spikes=spikes, nearest=sample.nearest[-last:].min(0))


class JudgedPairs(Pairs):
    """Pairs of joined windows that are all measured alike.

    At event pixels only what caused those of the last quarter, in it, is known.
    """

    def __getitem__(self, index: int) -> Pair:
        frames = self.windows.frames[index]
        newest = frames._replace(spikes=frames.spikes[-1], nearest=frames.nearest[-1])
        caused = caused_depth(newest) * network_scale(self.windows.benchmark)
        has_events = newest.spikes[..., LEFT].any(-1)
        judged = np.where(has_events, caused, np.float32(np.nan))
        return super().__getitem__(index)._replace(caused=judged)


class JoinedFolder(SampleFolder):
    """Four frames a scene on disk, windows of the last few of them as its samples."""

    def __init__(
        self, root: Path, benchmark: QuarterBenchmark, split: str, joining: Joining
    ) -> None:
        super().__init__(root, benchmark, split)
        self.joining = joining

    def windows(self, count: int) -> JoinedWindows:
        """Return the first `count` windows, which must be there."""
        return JoinedWindows(super().windows(count), self.joining)


class JoinedData(SimulatedData):
    """What SimulatedData gives, of windows of some quarters joined."""

    validation_pairs = JudgedPairs

    def __init__(self, joining: Joining, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.joining = joining
        self.benchmarks = [
            QuarterBenchmark(**(vars(each) | {'name': f'{each.name}Quarters'}))
            for each in self.benchmarks
        ]

    def kept(self, split: str) -> list[tuple[JoinedFolder, int]]:
        """Return each benchmark's folder of a split, and how many of its windows are used."""
        folders = (
            JoinedFolder(self.folder, benchmark, split, self.joining)
            for benchmark in self.benchmarks
        )
        return list(zip(folders, self.counts[split], strict=True))
