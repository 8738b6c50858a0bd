"""SimFlying's scenes in windows of several lengths that end together."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.utils.data import Dataset

from bench.ablation.networks import HALF_BASE
from spike_depth_ros.training.data.benchmark import (
    LEFT,
    LONGEST_START_US,
    NETWORK,
    Benchmark,
    Sample,
    random_rig,
    seen,
    spike_frame,
)
from spike_depth_ros.training.data.module import SimulatedData
from spike_depth_ros.training.data.simulated import SampleFolder, SimulatedWindows
from spike_depth_ros.training.simulator.simulation import random_simulation

QUARTERS, QUARTER_US = 4, 25_000
STEPS = 5  # intensity samples a quarter, as many a second as the benchmark's windows have


@dataclass(frozen=True)
class QuarterBenchmark(Benchmark):
    """A benchmark's scenes as four frames of 25 ms each that adjoin."""

    def sample(self, split: str, index: int, bank: Tensor) -> Sample:
        """Return frames uint8 [4, h, w, 4] and `nearest` [4, h, w] of each; no image."""
        generator = Generator().manual_seed(self.first_seed(split) + 1 + index)
        rig = random_rig(self.rigs, self.baseline_m, generator)
        simulation = random_simulation(self.ranges, bank, STEPS, generator, rig)
        start_us = int(torch.randint(0, LONGEST_START_US, (), generator=generator))
        starts_us = range(start_us, start_us + QUARTERS * QUARTER_US, QUARTER_US)
        windows = [simulation.window(start, QUARTER_US) for start in starts_us]
        table, places = rig.pixel_table(NETWORK), NETWORK.places(rig)

        def half_float(map_: Tensor) -> NDArray[np.float16]:
            return seen(map_.cpu(), places, float('nan')).numpy().astype(np.float16)

        depth = half_float(windows[-1].depth)
        return Sample(
            np.stack([spike_frame(window.left, window.right, table) for window in windows]),
            depth,
            np.stack([half_float(window.nearest) for window in windows]),
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
    """Windows of frames joined.

    judged: `nearest`, the truth at event pixels, is only of those of the last quarter and in it,
    so that windows of all lengths are measured alike.
    """

    def __init__(self, frames: SimulatedWindows, joining: Joining, judged: bool) -> None:
        self.benchmark = frames.benchmark
        self.frames, self.joining, self.judged = frames, joining, judged

    def __len__(self) -> int:
        return len(self.frames)

    def __getitem__(self, index: int) -> Sample:
        sample, last = self.frames[index], self.joining.quarters
        nearest = sample.nearest[-last:].min(0)
        if self.judged:
            has_events = sample.spikes[-1][..., LEFT].any(-1)
            nearest = np.where(has_events, sample.nearest[-1], np.float16(np.nan))
        return sample._replace(spikes=self.joining.join(sample.spikes[-last:]), nearest=nearest)


class JoinedFolder(SampleFolder):
    """Four frames a scene on disk, windows of the last few of them as its samples."""

    def __init__(
        self, root: Path, benchmark: QuarterBenchmark, split: str, joining: Joining
    ) -> None:
        super().__init__(root, benchmark, split)
        self.joining = joining

    def windows(self, count: int) -> JoinedWindows:
        """Return the first `count` windows, which must be there."""
        return JoinedWindows(super().windows(count), self.joining, self.split != 'train')


class JoinedData(SimulatedData):
    """What SimulatedData gives, of windows of some quarters joined."""

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
