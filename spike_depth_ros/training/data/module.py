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

"""Batches of windows for training and validation."""

from pathlib import Path

from lightning.pytorch import LightningDataModule
from torch.utils.data import ConcatDataset, DataLoader

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.training.data.dataset import DepthDataset, Preparation, Split, read_dataset
from spike_depth_ros.training.data.pairs import AugmentedCrops, Pair, collate, pairs_of
from spike_depth_ros.training.data.training_data import TrainingData, joined
from spike_depth_ros.training.devices import check_device
from spike_depth_ros.training.settings import SettingsError, check_least

VALIDATION_BATCH = 4  # windows


class DepthData(LightningDataModule):
    """Windows of data sets in batches; simulated ones are made on first use.

    Args:
        datasets: number of training windows of each data set, by YAML file.
        folder: folder for simulated windows.
        validation_samples: number of validation windows of each data set, uncropped.
        crop_height: height of a training crop in pixels.
        crop_width: width of a training crop in pixels.
        batch_size: crops in a batch.
        workers: number of processes that simulate and load windows.
        device: torch device that renders simulated scenes, 'cpu' or 'cuda' (with one process).
    """

    def __init__(
        self,
        datasets: dict[str, int],
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
        check_least(0, workers=workers, **{f'windows of {k}': n for k, n in datasets.items()})
        check_device('data.device', device)
        self.save_hyperparameters()
        self.datasets = [read_dataset(Path(path)) for path in datasets]
        self.counts = list(datasets.values())
        self.batch_size, self.validation_samples = batch_size, validation_samples
        self.crop = crop_height, crop_width
        self.preparation = Preparation(Path(folder), workers, device)
        _check_crop(crop_width, crop_height, self.summary.rig.camera)

    @property
    def summary(self) -> TrainingData:
        """Return the summary of the data sets. Raises SettingsError where they do not join."""
        descriptions = (dataset.description for dataset in self.datasets)
        return joined(zip(descriptions, self.counts, strict=True))

    def prepare_data(self) -> None:
        """Make the windows that are missing."""
        parts = [*self._parts('train'), *self._parts('validation')]
        for dataset, split, count in parts:
            dataset.check(split, count, self.preparation)
        for dataset, split, count in parts:
            dataset.prepare(split, count, self.preparation)

    def check_batches(self, processes: int) -> None:
        """Check that there is a batch for each training process. Raises SettingsError."""
        windows = sum(self.counts)
        if windows < processes * self.batch_size:
            raise SettingsError(
                f'data.datasets asks for {windows} windows, less than a batch '
                f'({processes} x {self.batch_size}): ask for more, or lower data.batch_size.'
            )

    def check_channels(self, channels: int) -> None:
        """Check that every data set has the channels of a network. Raises SettingsError."""
        for dataset in self.datasets:
            if (given := dataset.description.channels) < channels:
                raise SettingsError(
                    f'The network takes spike frames of {channels} channels, but '
                    f'{dataset.description.name} has {given}: use a network of {given} channels.'
                )

    def train_dataloader(self) -> DataLoader[Pair]:
        """Return batches of augmented crops."""
        parts = self._parts('train')
        crops = [AugmentedCrops(pairs_of(*part, self.preparation), *self.crop) for part in parts]
        workers = self.preparation.workers
        return DataLoader(
            ConcatDataset(crops),
            self.batch_size,
            shuffle=True,
            drop_last=True,
            num_workers=workers,
            persistent_workers=workers > 0,
            collate_fn=collate,
        )

    def val_dataloader(self) -> list[DataLoader[Pair]]:
        """Return batches of whole validation windows, a loader for each data set."""
        parts = self._parts('validation')
        return [
            DataLoader(pairs_of(*part, self.preparation), VALIDATION_BATCH, collate_fn=collate)
            for part in parts
        ]

    def _parts(self, split: Split) -> list[tuple[DepthDataset, Split, int]]:
        """Return each data set with the number of its windows that are used."""
        validation = [self.validation_samples] * len(self.datasets)
        counts = self.counts if split == 'train' else validation
        return [(dataset, split, n) for dataset, n in zip(self.datasets, counts, strict=True)]


def _check_crop(width: int, height: int, camera: PinholeCamera) -> None:
    """Check that a window has room for a crop, pixels. Raises SettingsError."""
    if not (0 < width <= camera.width and 0 < height <= camera.height):
        raise SettingsError(
            f'A crop has {width} x {height} pixels: use 1 x 1 to {camera.width} x '
            f'{camera.height} (data.crop_width, data.crop_height).'
        )
