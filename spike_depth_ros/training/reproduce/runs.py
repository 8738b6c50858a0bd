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

"""Runs of a reproduction: one training each, resumed after an interruption, never repeated."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from inspect import signature
from pathlib import Path
from typing import Any

from lightning.pytorch import Trainer
from ruamel.yaml import YAML

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA, STEREO_CHANNELS
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training.checkpoints import DESCRIBED, WholeCheckpoints, read_checkpoint
from spike_depth_ros.training.data.dataset import DepthDataset, Preparation, Split, read_dataset
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.data.recorded import RecordedDataset
from spike_depth_ros.training.distillation.picture_teacher import PictureTeacher
from spike_depth_ros.training.reproduce.papers import Variant
from spike_depth_ros.training.reproduce.recipes import Recipe
from spike_depth_ros.training.train import COMMON, train

BEST = 'best'
OF_LIGHTNING = 'pytorch-lightning_version'


@dataclass(frozen=True)
class Setup:
    """Settings that all runs share.

    Args:
        recipe: data of the runs.
        settings: YAML files of `spike-depth train`, the later ones override the earlier.
        steps: number of optimiser steps; None: as in the settings.
        output: folder of the runs.
        preparation: folder of stored windows, and processes that make them.
        device: torch device of trainings and measurements. Windows are made on the CPU, the same
            for all devices.
    """

    recipe: Recipe
    settings: tuple[Path, ...]
    steps: int | None
    output: Path
    preparation: Preparation
    device: str = 'cpu'

    @cached_property
    def texts(self) -> list[str]:
        """Return the content of the settings."""
        return [path.read_text() for path in (shared_file(COMMON), *self.settings)]

    @property
    def validation(self) -> Any:
        """Return the number of validation windows while training, no more than are measured.

        The paper's choice of the epoch (Recipe.best) has those of the settings.
        """
        given: Any = signature(DepthData).parameters['validation_samples'].default
        given = self._given('data').get('validation_samples', given)
        # The command line's parser names a value that is no number.
        return min(given, self.recipe.measured or given) if isinstance(given, int) else given

    @cached_property
    def network(self) -> dict[str, Any]:
        """Return the values of the network's arguments in the settings."""
        return self._given('model', 'network', 'init_args')

    def _given(self, *keys: str) -> dict[str, Any]:
        """Return a mapping in the settings, the later files before the earlier."""
        given: dict[str, Any] = {}
        for text in self.texts:
            part: Any = YAML(typ='safe').load(text)
            for key in keys:
                part = part.get(key) if isinstance(part, dict) else None
            given |= part if isinstance(part, dict) else {}
        return given


@dataclass(frozen=True)
class Run:
    """One training; runs of equal settings are one, in whichever table they are.

    Args:
        setup: settings of all runs.
        variant: network and loss.
        fold: split of a data set that has several, '' without.
        seed: random seed.
    """

    setup: Setup
    variant: Variant
    fold: str
    seed: int

    @cached_property
    def dataset(self) -> DepthDataset:
        """Return the data set. Raises SettingsError."""
        return read_dataset(self.setup.recipe.dataset(self.fold))

    @cached_property
    def name(self) -> str:
        """Return the name of the folder: the changes, and a checksum of all that determines it."""
        determined: list[Any] = [
            *self.setup.texts,
            _identity(self.dataset),
            self.setup.recipe.windows,
            self.setup.steps,
            self.network_arguments,
            self.variant.loss,
            self.seed,
        ]
        determined += [self.variant.network_class] if self.variant.network_class else []
        determined += [self.teacher.name] if self.teacher else []
        total = sha256(json.dumps(determined, sort_keys=True).encode()).hexdigest()[:8]
        network = self.variant.network_class.rpartition('.')[2]
        changes = {**self.network_arguments, **self.variant.loss}
        parts = [network] if network else []
        parts += [f'{name}={value}' for name, value in changes.items()]
        parts = parts or ['default']
        parts += [f'split={self.fold}'] if self.fold else []
        readable = re.sub(r'[^\w=.-]+', '', '_'.join([*parts, f'seed={self.seed}']))
        return f'{readable}-{total}'

    @property
    def teacher(self) -> 'Run | None':
        """Return the training whose network is the teacher; None without one."""
        variant = self.variant.teacher
        return replace(self, variant=variant) if variant else None

    @property
    def preparation(self) -> Preparation:
        """Return the settings of the windows, with pictures where a network reads them."""
        reads = self.variant.reads_pictures or self.variant.teacher is not None
        return replace(self.setup.preparation, pictures=self._cameras if reads else 0)

    @property
    def _cameras(self) -> int:
        return self.dataset.description.channels // CHANNELS_PER_CAMERA

    @property
    def network_arguments(self) -> dict[str, Any]:
        """Return the values of the network's arguments that differ from the settings'."""
        variant = self.variant
        small = variant.small if self.setup.recipe.simulated else {}
        given = {} if variant.network_class else self.setup.network
        values = {**variant.network, **small}
        return {k: value for k, value in values.items() if k not in given or given[k] != value}

    @property
    def folder(self) -> Path:
        """Return the folder of the run."""
        return self.setup.output / 'runs' / self.name

    @property
    def checkpoint(self) -> Path:
        """Return the checkpoint of the finished training, which exists once it has finished."""
        return self.folder / 'trained.ckpt'

    def train(self) -> None:
        """Train unless it has been done; an interrupted training goes on from its last checkpoint.

        Raises SettingsError, OutputError.
        """
        if self.checkpoint.exists():
            return
        if self.teacher:
            self.teacher.train()
        trainer = train(list(self.arguments())).trainer
        _keep(_chosen(trainer, self.folder / 'checkpoints'), self.checkpoint)

    def prepare(self) -> None:
        """Make the windows of the training that are missing. Raises SettingsError, OutputError."""
        counts: dict[Split, int] = {
            'train': self.count('train'),
            'validation': self.setup.validation,
        }
        for split, count in counts.items():
            self.dataset.prepare(split, count, self.preparation)

    def arguments(self) -> Iterator[str]:
        """Yield the command line of `spike-depth train`."""
        setup, recipe = self.setup, self.setup.recipe
        yield from (f'--config={path}' for path in setup.settings)
        if self.variant.network_class:
            yield f'--model.network={self.variant.network_class}'
        yield from self._inputs()
        for name, value in self.network_arguments.items():
            yield f'--model.network.init_args.{name}={_word(value)}'
        for name, value in self.variant.loss.items():
            yield f'--model.loss.{name}={_word(value)}'
        if self.teacher:
            yield f'--model.teacher={PictureTeacher.__module__}.{PictureTeacher.__name__}'
            yield f'--model.teacher.init_args.checkpoint={self.teacher.checkpoint}'
        windows = {str(recipe.dataset(self.fold)): self.count('train')}
        yield f'--data.datasets={json.dumps(windows)}'
        if not recipe.best:
            yield f'--data.validation_samples={setup.validation}'
        yield f'--data.folder={setup.preparation.folder}'
        yield f'--seed_everything={self.seed}'
        # After a few trainings in one process torch.compile fails (IndexError).
        yield '--model.compiled=false'
        yield f'--trainer.logger.init_args.save_dir={setup.output / "runs"}'
        yield f'--trainer.logger.init_args.name={self.name}'
        yield from _accelerator(setup.device)
        if setup.steps is not None:
            yield f'--trainer.max_steps={setup.steps}'
        if recipe.best:
            monitored = f'{self.dataset.description.name}_error'
            yield f'--trainer.callbacks+={json.dumps(_best(monitored))}'
            yield '--trainer.val_check_interval=1.0'
            yield '--trainer.check_val_every_n_epoch=1'

    def _inputs(self) -> Iterator[str]:
        """Yield the network's number of inputs, where the data does not have its default."""
        if self.variant.reads_pictures:
            yield f'--model.network.init_args.pictures={self._cameras}'
        elif self.dataset.description.channels != STEREO_CHANNELS:
            channels = self.dataset.description.channels
            yield f'--model.network.init_args.channels={channels}'

    def count(self, split: Split) -> int:
        """Return the number of windows of a split that are used: by the recipe, else all."""
        recipe = self.setup.recipe
        wanted = recipe.windows if split == 'train' else recipe.measured
        available = self.dataset.count(split, self.setup.preparation)
        assert wanted is not None or available is not None  # recipes limit simulated data
        return min(each for each in (wanted, available) if each is not None)


def with_teachers(runs: Iterable[Run]) -> list[Run]:
    """Return distinct runs, each after that of its teacher; all with one seed come first."""
    found: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.seed):
        for each in (run.teacher, run):
            if each:
                found.setdefault(each.name, each)
    return list(found.values())


def check_data(setup: Setup, fold: str) -> None:
    """Check that a split's recordings are there. Raises SettingsError, OutputError.

    Args:
        setup: settings of the runs.
        fold: split of a data set that has several, '' without.
    """
    dataset = read_dataset(setup.recipe.dataset(fold))
    splits: tuple[Split, ...] = ('train', 'validation', 'test')
    for split in splits:
        dataset.check(split, 1, setup.preparation)


def _word(value: Any) -> str:
    """Return a value as the command line takes it: text without the quotes of JSON."""
    return value if isinstance(value, str) else json.dumps(value)


def _identity(dataset: DepthDataset) -> str:
    """Return the settings of a data set, without the folder in which its recordings lie."""
    if isinstance(dataset, RecordedDataset):
        dataset = replace(dataset, folder=Path())  # type: ignore[call-arg]  # of the subclasses
    return repr(dataset)


def _accelerator(device: str) -> Iterator[str]:
    kind, _, number = device.partition(':')
    yield f'--trainer.accelerator={"cpu" if kind == "cpu" else "gpu"}'
    yield f'--trainer.devices={[int(number)] if number else 1}'


def _best(monitored: str) -> dict[str, Any]:
    """Return the callback that keeps the checkpoint with the least validation error."""
    return {
        'class_path': 'lightning.pytorch.callbacks.ModelCheckpoint',
        'init_args': {'filename': BEST, 'monitor': monitored, 'enable_version_counter': False},
    }


def _chosen(trainer: Trainer, folder: Path) -> Path:
    """Return the checkpoint that stands for a training: the best by validation, else the last."""
    best = folder / f'{BEST}.ckpt'
    if not best.exists():
        best = folder / 'last.ckpt'
        trainer.save_checkpoint(best)  # the last regular one may be up to 100 steps old
    return best


def _keep(source: Path, target: Path) -> None:
    """Write a checkpoint without the state of the training, and remove the others."""
    saved = read_checkpoint(source)
    kept = {name: saved[name] for name in (*DESCRIBED, OF_LIGHTNING) if name in saved}
    WholeCheckpoints().save_checkpoint(kept, target)
    for file in source.parent.glob('*.ckpt'):
        file.unlink()
