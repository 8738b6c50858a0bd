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

"""Simulated windows kept on disk: drawn once, made where missing."""

import dataclasses
import json
from functools import cached_property
from pathlib import Path
from zipfile import is_zipfile

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from spike_depth_ros.outputs import OutputError, check_output_folder, whole_file
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

    def check(self, count: int) -> None:
        """Check that the folder can take what is missing of the first `count` samples.

        Raises SettingsError for windows of another description, and OutputError.
        """
        file = self.folder / DESCRIPTION
        if file.exists() and file.read_text() != self._description():
            raise SettingsError(
                f'{self.folder} holds windows of another description of {self.benchmark.title}: '
                f'remove the folder, or give another one.'
            )
        if self.missing(count) or not file.exists():
            check_output_folder(self.folder)

    def missing(self, count: int) -> list[int]:
        """Return which of the first `count` samples are not there, or cut off."""
        return [index for index in range(count) if not is_zipfile(self.path(index))]

    def prepare(self, count: int, workers: int, device: str = 'cpu') -> None:
        """Simulate what is missing of the first `count` samples; shows progress, resumes.

        device: on which scenes are rendered; workers: processes, of which a GPU needs none.
        Raises what `check` raises, and OutputError when a disk is full.
        """
        self.check(count)
        file = self.folder / DESCRIPTION
        if not file.exists():
            with whole_file(file) as unfinished:
                unfinished.write_text(self._description())
        missing = MissingSamples(self, count, device)
        processes = workers if device == 'cpu' else 0
        loader = DataLoader(missing, batch_size=None, num_workers=processes)
        name = f'simulating {self.benchmark.title} {self.split}'
        for problem in tqdm(loader, desc=name, unit='window', disable=not missing.indices):
            if problem:
                raise OutputError(problem)

    def windows(self, count: int) -> 'SimulatedWindows':
        """Return the first `count` samples, which must be there."""
        return SimulatedWindows(self, count)

    def _description(self) -> str:
        """Return what the folder holds, as JSON."""
        described = {'simulator': SIMULATOR, **dataclasses.asdict(self.benchmark)}
        return json.dumps(described, indent=1, sort_keys=True)


class MissingSamples(Dataset[str]):
    """Simulates and writes, in the loader's workers, the samples that a folder lacks.

    An item is '', or why it could not be written: a loader reports an error with its traceback.
    """

    def __init__(self, kept: SampleFolder, count: int, device: str) -> None:
        self.kept, self.device = kept, device
        self.indices = kept.missing(count)

    @cached_property
    def bank(self) -> Tensor:
        """Return the split's textures, drawn when the first window is."""
        return self.kept.benchmark.bank(self.kept.split, self.device)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> str:
        index = self.indices[position]
        sample = self.kept.benchmark.sample(self.kept.split, index, self.bank)
        try:
            with whole_file(self.kept.path(index)) as unfinished:
                np.savez_compressed(unfinished, **sample._asdict())
        except OutputError as error:
            return str(error)
        return ''


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
