"""Simulated windows as training data: drawn once from seeds, kept on disk."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from spike_depth_ros.frames.count import count_events
from spike_depth_ros.frames.pixel_table import resize_table
from spike_depth_ros.training.simulator.sensor import Events
from spike_depth_ros.training.simulator.simulation import SimulationRanges, random_simulation
from spike_depth_ros.training.simulator.textures import texture_bank

WINDOW_US = 50_000
STEPS = 8  # intensity samples a window; at the fastest a surface moves about 2 px between two
TEXTURES = 96
SEEDS = {'train': 1_000_000_000, 'validation': 2_000_000_000, 'test': 3_000_000_000}


class Sample(NamedTuple):
    """One window: spikes uint8 [h, w, 4] as the binner publishes it, depth float32 [h, w] in m."""

    spikes: NDArray[np.uint8]
    depth: NDArray[np.float32]


def spike_frame(left: Events, right: Events, width: int, height: int) -> NDArray[np.uint8]:
    """Count two cameras' events as the binner node does, uint8 [h, w, 4]."""
    table = resize_table(width, height, width, height)
    frames = [count_events(events.x, events.y, events.polarity, table) for events in (left, right)]
    return np.concatenate(frames, axis=2)


@dataclass(frozen=True)
class Simulator:
    """Draws samples of one split; the same index gives the same sample on every machine.

    No two splits share a seed of a scene or of a texture bank.
    """

    split: str
    ranges: SimulationRanges

    def bank(self) -> torch.Tensor:
        """Return the split's textures."""
        return texture_bank(TEXTURES, torch.Generator().manual_seed(SEEDS[self.split]))

    def sample(self, index: int, bank: torch.Tensor) -> Sample:
        """Return one window of one scene."""
        generator = torch.Generator().manual_seed(SEEDS[self.split] + 1 + index)
        simulation = random_simulation(self.ranges, bank, None, STEPS, generator)
        start_us = int(torch.randint(0, 20_000_000, (), generator=generator))
        window = simulation.window(start_us, WINDOW_US)
        height, width = window.depth.shape
        spikes = spike_frame(window.left, window.right, width, height)
        return Sample(spikes, window.depth.numpy())


class MissingSamples(Dataset[int]):
    """Simulates and writes, in the loader's workers, the samples that a folder lacks."""

    def __init__(self, simulator: Simulator, folder: Path, count: int) -> None:
        self.simulator, self.folder = simulator, folder
        self.missing = [index for index in range(count) if not sample_path(folder, index).exists()]
        self.bank = simulator.bank()

    def __len__(self) -> int:
        return len(self.missing)

    def __getitem__(self, position: int) -> int:
        index = self.missing[position]
        sample = self.simulator.sample(index, self.bank)
        path = sample_path(self.folder, index)
        unfinished = path.with_suffix('.part')
        with unfinished.open('wb') as file:
            np.savez_compressed(file, spikes=sample.spikes, depth=sample.depth)
        os.replace(unfinished, path)  # so that an interrupted run leaves no broken sample
        return index


def sample_path(folder: Path, index: int) -> Path:
    """Return where a sample is kept."""
    return folder / f'{index:06d}.npz'


def prepare(folder: Path, split: str, count: int, ranges: SimulationRanges, workers: int) -> None:
    """Simulate what `folder` lacks of `count` samples, with a progress bar; resumes by itself."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = MissingSamples(Simulator(split, ranges), folder, count)
    loader = DataLoader(missing, batch_size=None, num_workers=workers)
    for _ in tqdm(loader, desc=f'simulating {split}', unit='window', disable=not missing.missing):
        pass


class SimulatedWindows(Dataset[Sample]):
    """The first `count` samples of a prepared folder."""

    def __init__(self, folder: Path, count: int) -> None:
        self.paths = [sample_path(folder, index) for index in range(count)]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        with np.load(self.paths[index]) as arrays:
            return Sample(arrays['spikes'], arrays['depth'])
