"""Simulated windows kept on disk: drawn once, made where missing."""

import dataclasses
import json
import os
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from spike_depth_ros.training.data.benchmark import SIMULATOR, Benchmark, Sample
from spike_depth_ros.training.settings import SettingsError

DESCRIPTION = 'benchmark.json'


class SampleFolder:
    """One split of a benchmark on disk: `root`/title/split/NNNNNN.npz.

    Raises SettingsError, one sentence, when the folder holds windows of another description.
    """

    def __init__(self, root: Path, benchmark: Benchmark, split: str) -> None:
        self.benchmark, self.split = benchmark, split
        self.folder = root / benchmark.title / split

    def path(self, index: int) -> Path:
        """Return where a sample is kept."""
        return self.folder / f'{index:06d}.npz'

    def prepare(self, count: int, workers: int, device: str = 'cpu') -> None:
        """Simulate what is missing of the first `count` samples; shows progress, resumes.

        device: on which scenes are rendered; workers: processes, of which a GPU needs none.
        """
        self._describe()
        missing = MissingSamples(self, count, device)
        processes = workers if device == 'cpu' else 0
        loader = DataLoader(missing, batch_size=None, num_workers=processes)
        name = f'simulating {self.benchmark.title} {self.split}'
        for _ in tqdm(loader, desc=name, unit='window', disable=not missing.indices):
            pass

    def windows(self, count: int) -> 'SimulatedWindows':
        """Return the first `count` samples, which must be there."""
        return SimulatedWindows(self, count)

    def _describe(self) -> None:
        """Write what the folder holds, or check it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        described = {'simulator': SIMULATOR, **dataclasses.asdict(self.benchmark)}
        text = json.dumps(described, indent=1, sort_keys=True)
        file = self.folder / DESCRIPTION
        if file.exists() and file.read_text() != text:
            raise SettingsError(
                f'{self.folder} holds windows of another description of {self.benchmark.title}: '
                f'remove the folder, or give another one.'
            )
        file.write_text(text)


class MissingSamples(Dataset[int]):
    """Simulates and writes, in the loader's workers, the samples that a folder lacks."""

    def __init__(self, kept: SampleFolder, count: int, device: str) -> None:
        self.kept, self.device = kept, device
        self.indices = [index for index in range(count) if not kept.path(index).exists()]

    @cached_property
    def bank(self) -> Tensor:
        """Return the split's textures, drawn when the first window is."""
        return self.kept.benchmark.bank(self.kept.split, self.device)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> int:
        index = self.indices[position]
        sample = self.kept.benchmark.sample(self.kept.split, index, self.bank)
        path = self.kept.path(index)
        unfinished = path.with_suffix(f'.{os.getpid()}.part')
        with unfinished.open('wb') as file:
            np.savez_compressed(file, **sample._asdict())
        os.replace(unfinished, path)  # so that an interrupted run leaves no broken sample
        return index


class SimulatedWindows(Dataset[Sample]):
    """The first `count` samples of a prepared folder."""

    def __init__(self, kept: SampleFolder, count: int) -> None:
        self.benchmark = kept.benchmark
        self.paths = [kept.path(index) for index in range(count)]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Sample:
        with np.load(self.paths[index]) as arrays:
            return Sample(**arrays)
