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

"""Batches of simulated windows for training and validation."""

from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import ConcatDataset, DataLoader, Dataset

from spike_depth_ros.frames.spike_frame import LEFT, POLARITY_SWAP, RIGHT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.benchmark import (
    Benchmark,
    Sample,
    read_benchmark,
)
from spike_depth_ros.training.data.simulated import SampleFolder, SimulatedWindows
from spike_depth_ros.training.devices import check_device
from spike_depth_ros.training.settings import SettingsError, check_least

Depth = NDArray[np.float32]

OPTICS = np.ones((3, 3), np.uint8)  # as far as renderer.blur reaches
EDGE = np.float32(1.1)  # by which depths beside each other differ at least; a floor's differ less
VALIDATION_BATCH = 4  # windows
SILENT = 0.05  # share of crops without a right camera


class Pair(NamedTuple):
    """A spike frame and its depth, [h, w] float32, metres at the network's baseline.

    spikes: uint8 [h, w, 4]. depth: at the window's end. caused: likewise, but where the left
    camera has events that of what caused them, see caused_depth: a moving edge's events lie on
    both sides of where it ends, and counts alone do not tell which. Both NaN where unknown.
    """

    spikes: NDArray[np.uint8]
    depth: Depth
    caused: Depth


class Pairs(Dataset[Pair]):
    """Simulated windows as a network for two cameras sees them: depth at its own baseline."""

    def __init__(self, windows: SimulatedWindows) -> None:
        self.windows = windows

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> Pair:
        sample = self.windows[index]
        scale = network_scale(self.windows.benchmark)
        depth = sample.depth.astype(np.float32)
        return Pair(sample.spikes, depth * scale, caused_depth(sample) * scale)


class AugmentedCrops(Dataset[Pair]):
    """Random crops, upside down and with polarities swapped half of the time each.

    In a few the right camera is silent: where nothing matches, depth is to be what is likely, not
    nearer than what can match. A horizontal flip would also have to swap the cameras, and needs
    the right camera's depth.
    """

    def __init__(self, pairs: Dataset[Pair], height: int, width: int) -> None:
        self.pairs, self.height, self.width = pairs, height, width

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, index: int) -> Pair:
        pair = self.pairs[index]
        height, width = pair.depth.shape
        top = int(torch.randint(0, height - self.height + 1, ()))
        left = int(torch.randint(0, width - self.width + 1, ()))
        area = (slice(top, top + self.height), slice(left, left + self.width))
        pair = Pair(*(part[area] for part in pair))
        upside_down, swapped, silent = (torch.rand(3) < torch.tensor([0.5, 0.5, SILENT])).tolist()
        if upside_down:
            pair = Pair(*(part[::-1] for part in pair))
        spikes = pair.spikes[..., POLARITY_SWAP] if swapped else pair.spikes.copy()
        if silent:
            spikes[..., RIGHT] = 0
        return pair._replace(spikes=spikes)


def caused_depth(sample: Sample) -> Depth:
    """Return depth [h, w] with that of what caused the left camera's events where it has some.

    That is the nearest surface which a pixel saw, or another one that a pixel beside it did:
    optics spread an edge by a pixel, where most events are the nearer surface's. NaN where
    `nearest` is.
    """
    nearest = sample.nearest.astype(np.float32)
    # At the border the image repeats: OpenCV would border it by the largest number, and `EDGE`
    # times that overflows.
    known = np.where(np.isnan(nearest), np.inf, nearest)
    beside = cv2.erode(known, OPTICS, borderType=cv2.BORDER_REPLICATE)
    caused = np.where(beside * EDGE < nearest, beside, nearest)
    has_events = sample.spikes[..., LEFT].any(-1)
    return np.where(has_events, caused, sample.depth.astype(np.float32))


def network_scale(benchmark: Benchmark) -> float:
    """Return metres of the network per metre of a benchmark's rig: disparity is what it sees."""
    return MVSEC_RIG.baseline_m / benchmark.baseline_m


def check_crop(width: int, height: int) -> None:
    """Check that a window has room for a crop, pixels. Raises SettingsError."""
    if not (0 < width <= MVSEC_RIG.camera.width and 0 < height <= MVSEC_RIG.camera.height):
        raise SettingsError(
            f'A crop has {width} x {height} pixels: use 1 x 1 to {MVSEC_RIG.camera.width} x '
            f'{MVSEC_RIG.camera.height} (data.crop_width, data.crop_height).'
        )


def collate(pairs: list[Pair]) -> tuple[Tensor, Tensor, Tensor]:
    """Return spikes uint8 [n, 4, h, w], depth and caused depth, float32 [n, 1, h, w]."""
    spikes = np.stack([pair.spikes for pair in pairs]).transpose(0, 3, 1, 2)
    depth = np.stack([pair.depth for pair in pairs])[:, None]
    caused = np.stack([pair.caused for pair in pairs])[:, None]
    return (
        torch.from_numpy(np.ascontiguousarray(spikes)),
        torch.from_numpy(depth),
        torch.from_numpy(caused),
    )


class SimulatedData(LightningDataModule):
    """Simulated windows, made on first use.

    Args:
        benchmarks: by YAML file, how many of its windows to train on, each of its own scene.
        folder: where samples are kept.
        validation_samples: windows of each to validate on, whole fields.
        crop_height, crop_width: pixels of a training crop.
        batch_size: crops a step.
        workers: processes that simulate and load.
        device: that renders scenes, 'cpu' or 'cuda'; a GPU is fed by one process.
    """

    validation_pairs = Pairs

    def __init__(
        self,
        benchmarks: dict[str, int],
        folder: str = 'runs/simulated',
        validation_samples: int = 32,
        crop_height: int = 128,
        crop_width: int = 176,
        batch_size: int = 8,
        workers: int = 2,
        device: str = 'cpu',
    ) -> None:
        super().__init__()
        check_least(1, validation_samples=validation_samples, batch_size=batch_size)
        check_least(0, workers=workers, **{f'windows of {k}': n for k, n in benchmarks.items()})
        check_crop(crop_width, crop_height)
        check_device('data.device', device)
        self.save_hyperparameters()
        self.benchmarks = [read_benchmark(Path(path)) for path in benchmarks]
        self.folder, self.batch_size, self.workers = Path(folder), batch_size, workers
        validation = [validation_samples] * len(benchmarks)
        self.counts = {'train': list(benchmarks.values()), 'validation': validation}
        self.crop, self.device = (crop_height, crop_width), device

    def prepare_data(self) -> None:
        """Simulate what is missing."""
        folders = self.kept('train') + self.kept('validation')
        for kept, count in folders:
            kept.check(count)
        for kept, count in folders:
            kept.prepare(count, self.workers, self.device)

    def check_batches(self, processes: int) -> None:
        """Check that there is a batch for each process. Raises SettingsError."""
        windows = sum(self.counts['train'])
        if windows < processes * self.batch_size:
            raise SettingsError(
                f'data.benchmarks asks for {windows} windows, less than a batch '
                f'({processes} x {self.batch_size}): ask for more, or lower data.batch_size.'
            )

    def train_dataloader(self) -> DataLoader:
        """Return batches of augmented crops."""
        crops = [
            AugmentedCrops(Pairs(kept.windows(count)), *self.crop)
            for kept, count in self.kept('train')
        ]
        return DataLoader(
            ConcatDataset(crops),
            self.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            collate_fn=collate,
        )

    def val_dataloader(self) -> list[DataLoader]:
        """Return batches of whole validation windows, a loader for each benchmark."""
        return [
            DataLoader(
                self.validation_pairs(kept.windows(count)), VALIDATION_BATCH, collate_fn=collate
            )
            for kept, count in self.kept('validation')
        ]

    def kept(self, split: str) -> list[tuple[SampleFolder, int]]:
        """Return each benchmark's folder of a split, and how many of its windows are used."""
        folders = (SampleFolder(self.folder, benchmark, split) for benchmark in self.benchmarks)
        return list(zip(folders, self.counts[split], strict=True))
