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

"""Batches of windows, or of sequences of windows, for training and validation."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from lightning.pytorch import LightningDataModule
from torch.utils.data import ConcatDataset, DataLoader

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.training.data.crops import AugmentedCrops, collate
from spike_depth_ros.training.data.dataset import Preparation, Split, read_dataset
from spike_depth_ros.training.data.parts import SequencePart, WindowPart
from spike_depth_ros.training.data.training_data import TrainingData, joined
from spike_depth_ros.training.data.training_sequences import TrainingSequence
from spike_depth_ros.training.devices import check_device
from spike_depth_ros.training.settings import SettingsError, check_least

VALIDATION_BATCH = 4  # windows


class DepthData(LightningDataModule):
    """Windows of data sets, or sequences of them, in batches; simulated on first use.

    Args:
        datasets: number of training windows or sequences of each data set, by YAML file.
        folder: folder for simulated windows.
        validation_samples: number of validation windows or sequences of each data set, uncropped.
        crop_height: height of a training crop in pixels.
        crop_width: width of a training crop in pixels.
        batch_size: crops in a batch.
        workers: number of processes that simulate and load windows.
        device: torch device that renders simulated scenes, 'cpu' or 'cuda' (with one process).
        windows: number of consecutive windows in a training sequence, for networks with memory;
            1: each window is alone.
        hops_ms: time between the ends of consecutive windows, milliseconds; sequences of each
            hop are equally many, and validation has those of the first.
        augmented: turn half of the training crops upside down, swap polarities in half of them and
            silence the right camera in a twentieth.
        in_memory: keep each training window that a worker has read in its memory, 1.2 MB for one
            window of 346 x 260 pixels. Beside a GPU, reading the files takes longer than the
            training step.
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
        windows: int = 1,
        hops_ms: tuple[int, ...] = (50,),
        augmented: bool = True,
        in_memory: bool = False,
    ) -> None:
        super().__init__()
        check_least(
            1,
            validation_samples=validation_samples,
            batch_size=batch_size,
            windows=windows,
            **{'number of hops_ms': len(hops_ms)},
        )
        check_least(0, workers=workers, **{f'windows of {k}': n for k, n in datasets.items()})
        check_device('data.device', device)
        self.save_hyperparameters()
        self.datasets = [read_dataset(Path(path)) for path in datasets]
        self.counts = list(datasets.values())
        self.batch_size, self.validation_samples = batch_size, validation_samples
        self.crop, self.augmented = (crop_height, crop_width), augmented
        self.windows, self.hops_ms = windows, hops_ms
        self.preparation = Preparation(Path(folder), workers, device, in_memory)
        _check_crop(crop_width, crop_height, self.summary.rig.camera)

    @property
    def summary(self) -> TrainingData:
        """Return the summary of the data sets. Raises SettingsError where they do not join."""
        descriptions = (dataset.description for dataset in self.datasets)
        return joined(zip(descriptions, self.counts, strict=True))

    def use_pictures(self, cameras: int) -> None:
        """Let batches hold the pictures of cameras, the left one first. Raises SettingsError.

        cameras: number of cameras, 0 for no pictures.
        """
        if cameras and self.windows > 1:
            raise SettingsError(
                f'data.windows is {self.windows}, but sequences have no pictures for the network '
                'or its teacher: use data.windows 1.'
            )
        self.preparation = replace(self.preparation, pictures=cameras)

    def prepare_data(self) -> None:
        """Make the windows that are missing. Raises SettingsError for ones without pictures."""
        parts = [*self._parts('train'), *self._parts('validation')]
        for part in parts:
            part.check(self.preparation)
        for part in parts:
            part.prepare(self.preparation)
        if self.preparation.pictures:
            for part in parts:
                if part.count:
                    part.sequences(self.preparation)[0]  # raises before a worker would

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

    def check_scored(self, unscored: int) -> None:
        """Check that sequences are longer than their part without loss. Raises SettingsError.

        unscored: number of windows without loss.
        """
        if unscored >= self.windows:
            raise SettingsError(
                f'model.unscored is {unscored}, but sequences have {self.windows} windows '
                '(data.windows): use less.'
            )

    def train_dataloader(self) -> DataLoader[TrainingSequence]:
        """Return batches of augmented crops."""
        sequences = (part.sequences(self.preparation) for part in self._parts('train'))
        crops = [AugmentedCrops(each, *self.crop, self.augmented) for each in sequences]
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

    def val_dataloader(self) -> list[DataLoader[TrainingSequence]]:
        """Return batches of whole validation windows, a loader for each data set."""
        sequences = (part.sequences(self.preparation) for part in self._parts('validation'))
        size = max(1, VALIDATION_BATCH // self.windows)
        return [DataLoader(each, size, collate_fn=collate) for each in sequences]

    def _parts(self, split: Split) -> Iterator[WindowPart | SequencePart]:
        """Yield the windows of each data set, or its sequences of each hop, that are used."""
        is_training = split == 'train'
        validation = [self.validation_samples] * len(self.datasets)
        counts = self.counts if is_training else validation
        for dataset, count in zip(self.datasets, counts, strict=True):
            if self.windows == 1:
                yield WindowPart(dataset, split, count)
                continue
            hops_ms = self.hops_ms if is_training else self.hops_ms[:1]
            for number, hop_ms in enumerate(hops_ms):
                share = (count + number) // len(hops_ms)
                yield SequencePart(dataset, split, share, self.windows, hop_ms)


def _check_crop(width: int, height: int, camera: PinholeCamera) -> None:
    """Check that a window has room for a crop, pixels. Raises SettingsError."""
    if not (0 < width <= camera.width and 0 < height <= camera.height):
        raise SettingsError(
            f'A crop has {width} x {height} pixels: use 1 x 1 to {camera.width} x '
            f'{camera.height} (data.crop_width, data.crop_height).'
        )
