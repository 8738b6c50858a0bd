"""Batches of simulated windows for training and validation."""

from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from spike_depth_ros.training.data.simulated import Sample, SimulatedWindows, prepare
from spike_depth_ros.training.simulator.simulation import SimulationRanges

POLARITY_SWAP = [1, 0, 3, 2]


class AugmentedCrops(Dataset[Sample]):
    """Random crops, upside down and with polarities swapped half of the time each.

    A horizontal flip would also have to swap the cameras, and needs the right camera's depth.
    """

    def __init__(self, windows: SimulatedWindows, height: int, width: int) -> None:
        self.windows, self.height, self.width = windows, height, width

    def __len__(self) -> int:
        return len(self.windows)

    def __getitem__(self, index: int) -> Sample:
        spikes, depth = self.windows[index]
        top = int(torch.randint(0, depth.shape[0] - self.height + 1, ()))
        left = int(torch.randint(0, depth.shape[1] - self.width + 1, ()))
        area = (slice(top, top + self.height), slice(left, left + self.width))
        spikes, depth = spikes[area], depth[area]
        upside_down, swapped = (torch.rand(2) < 0.5).tolist()
        if upside_down:
            spikes, depth = spikes[::-1], depth[::-1]
        if swapped:
            spikes = spikes[..., POLARITY_SWAP]
        return Sample(spikes, depth)


def collate(samples: list[Sample]) -> tuple[Tensor, Tensor]:
    """Return spikes uint8 [n, 4, h, w] and depth float32 [n, 1, h, w]."""
    spikes = np.stack([sample.spikes for sample in samples]).transpose(0, 3, 1, 2)
    depth = np.stack([sample.depth for sample in samples])[:, None]
    return torch.from_numpy(np.ascontiguousarray(spikes)), torch.from_numpy(depth)


class SimulatedData(LightningDataModule):
    """Simulated windows, made on first use.

    Args:
        folder: where samples are kept.
        samples: windows to train on, each of a scene of its own.
        validation_samples: windows to validate on, whole fields.
        crop_height, crop_width: pixels of a training crop.
        batch_size: crops a step.
        workers: processes that simulate and load.
    """

    def __init__(
        self,
        folder: str = 'runs/simulated',
        samples: int = 4000,
        validation_samples: int = 64,
        crop_height: int = 128,
        crop_width: int = 176,
        batch_size: int = 8,
        workers: int = 2,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.folder, self.batch_size, self.workers = Path(folder), batch_size, workers
        self.counts = {'train': samples, 'validation': validation_samples}
        self.crop = (crop_height, crop_width)

    def prepare_data(self) -> None:
        """Simulate what is missing."""
        for split, count in self.counts.items():
            prepare(self.folder / split, split, count, SimulationRanges(), self.workers)

    def train_dataloader(self) -> DataLoader:
        """Return batches of augmented crops."""
        crops = AugmentedCrops(self.windows('train'), *self.crop)
        return DataLoader(
            crops,
            self.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=self.workers,
            persistent_workers=self.workers > 0,
            collate_fn=collate,
        )

    def val_dataloader(self) -> DataLoader:
        """Return batches of whole validation windows."""
        return DataLoader(self.windows('validation'), 4, collate_fn=collate)

    def windows(self, split: str) -> SimulatedWindows:
        """Return a split's prepared windows."""
        return SimulatedWindows(self.folder / split, self.counts[split])
