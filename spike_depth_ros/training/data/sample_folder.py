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

"""Samples on disk; missing ones are simulated once."""

import dataclasses
import json
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from torch import Tensor
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from spike_depth_ros.outputs import OutputError
from spike_depth_ros.training.data.dataset import Split
from spike_depth_ros.training.data.window_folder import WindowFolder

if TYPE_CHECKING:
    from spike_depth_ros.training.data.sequences import SimulatedSequences
    from spike_depth_ros.training.data.simulated import SimulatedDataset

SIMULATOR = 2

S = TypeVar('S')  # Sample or SimulatedSequence


class SampleFolder(WindowFolder, Generic[S]):
    """Folder of the samples or sequences of one split: `root`/title/split."""

    def __init__(
        self,
        root: Path,
        dataset: 'SimulatedDataset | SimulatedSequences',
        split: Split,
        kind: Callable[..., S],
        needed: tuple[str, ...] = (),
    ) -> None:
        """Name a folder, which need not exist.

        Args:
            root: folder of all data sets.
            dataset: simulated windows or sequences.
            split: 'train', 'validation' or 'test'.
            kind: type of the items, Sample or SimulatedSequence.
            needed: arrays that a stored item must have; one without them, of an earlier version
                of the package, counts as missing, and is simulated again.
        """
        self.dataset, self.split, self._kind = dataset, split, kind
        described = {'simulator': SIMULATOR, **given(dataclasses.asdict(dataset))}
        description = json.dumps(described, indent=1, sort_keys=True)
        super().__init__(root / dataset.title / split, dataset.title, description, needed)

    def prepare(self, count: int, workers: int, device: str = 'cpu') -> None:
        """Simulate the missing ones of the first `count` samples, with a progress bar.

        Raises the errors of `check`, and OutputError when the disk is full.

        Args:
            count: number of samples.
            workers: number of processes; a GPU needs none.
            device: torch device that renders the scenes.
        """
        self.begin(range(count))
        missing = MissingSamples(self, count, device)
        processes = workers if device == 'cpu' else 0
        loader = DataLoader(missing, batch_size=None, num_workers=processes)
        name = f'simulating {self.dataset.title} {self.split}'
        for problem in tqdm(loader, desc=name, unit='sample', disable=not missing.indices):
            if problem:
                raise OutputError(problem)

    def samples(self, count: int) -> 'Samples[S]':
        """Return the first `count` samples, after `prepare`."""
        return Samples([self.path(index) for index in range(count)], self._kind)


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings without those that are None.

    The windows of a description from before such a setting existed are then still its own.
    """
    return {
        name: given(value) if isinstance(value, dict) else value
        for name, value in settings.items()
        if value is not None
    }


class MissingSamples(Dataset[str]):
    """Samples that a folder lacks: each item is simulated and written by the loader's workers.

    An item is the reason why it could not be written, or '': an error raised in a worker would be
    reported with its traceback.
    """

    def __init__(self, folder: SampleFolder[Any], count: int, device: str) -> None:
        self.folder, self.device = folder, device
        self.indices = folder.missing(range(count))

    @cached_property
    def bank(self) -> Tensor:
        """Return the split's textures."""
        return self.folder.dataset.bank(self.folder.split, self.device)

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, position: int) -> str:
        index = self.indices[position]
        sample = self.folder.dataset.sample(self.folder.split, index, self.bank)
        try:
            self.folder.write(index, sample._asdict())
        except OutputError as error:
            return str(error)
        return ''


class Samples(Dataset[S]):
    """Samples or sequences, read from files."""

    def __init__(self, paths: list[Path], kind: Callable[..., S]) -> None:
        self._paths, self._kind = paths, kind

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> S:
        with np.load(self._paths[index]) as arrays:
            return self._kind(**arrays)
