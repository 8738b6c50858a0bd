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

"""Checkpoints of trainings: reading, comparison with a network, and the newest that fits."""

import io
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO
from torch import Tensor

from spike_depth_ros.outputs import whole_file
from spike_depth_ros.training.schedule import Schedule
from spike_depth_ros.training.settings import SettingsError

EXAMPLE = 'give one of `spike-depth train`, such as runs/coincidence/checkpoints/last.ckpt'
DESCRIBED = ('state_dict', 'hyper_parameters', 'datamodule_hyper_parameters', 'global_step')
OLD_DATASETS = 'benchmarks'  # key of `datasets` in checkpoints of 2026 and before
RESUMED = (*DESCRIBED, 'loops', 'optimizer_states', 'lr_schedulers')
ZIP = b'PK\3\4'  # first bytes of torch's files

Checkpoint = dict[str, Any]
State = Mapping[str, Tensor]
ROUNDED = 'parametrizations.weight.original'  # name of weights that are rounded at each use
NORM = '.norm.weight'  # end of the name of a batch normalisation's factor
# Weights of readouts that belonged to the network until 2026-11; now to its layer `readout`.
OWN_READOUT = re.compile(r'(?<![^.])(heads\.|prior$|reset_spread$|reset_potential$)')


@dataclass(frozen=True)
class Recipe:
    """Settings of a training, as its checkpoint holds them.

    Args:
        steps: optimiser steps so far.
        datasets: number of training windows of each data set, by YAML file.
        batch_size: crops in a batch.
        crop: width and height of a crop in pixels.
        learning_rate: peak of the schedule.
        initial: checkpoint that the weights came from; None: random weights.
        quantised: True if the weights were rounded to eight bits.
        schedule: learning rate over the run.
    """

    steps: int
    datasets: dict[str, int]
    batch_size: int
    crop: tuple[int, int]
    learning_rate: float
    initial: str | None
    quantised: bool
    schedule: Schedule = Schedule()  # noqa: RUF009 (frozen)

    def __str__(self) -> str:
        start = f'from {self.initial}' if self.initial else 'from random weights'
        rounded = ', weights rounded to eight bits' if self.quantised else ''
        width, height = self.crop
        return (
            f'{self.steps} steps {start}{rounded}: {self.batch_size} crops of {width} x {height}, '
            f'Adam, {self.schedule.described(self.learning_rate)}'
        )


class CheckpointError(SettingsError):
    """Unusable checkpoint; the message names the file, the reason and the remedy."""

    def __init__(self, path: Path, reason: str, way_out: str = EXAMPLE) -> None:
        super().__init__(f"The checkpoint '{path}' {reason}: {way_out}.")
        self.path, self.reason = path, reason


class WholeCheckpoints(TorchCheckpointIO):
    """Writer of checkpoints: a file appears whole, or not at all.

    Lightning's own writer leaves half a file on a full disk.
    """

    def save_checkpoint(
        self, checkpoint: Checkpoint, path: str | Path, storage_options: object = None
    ) -> None:
        """Write a checkpoint. Raises OutputError."""
        content = io.BytesIO()  # torch.save to a path hides the error of a full disk
        torch.save(checkpoint, content)
        with whole_file(Path(path)) as unfinished:
            unfinished.write_bytes(content.getbuffer())


def read_checkpoint(path: Path, needed: tuple[str, ...] = DESCRIBED) -> Checkpoint:
    """Return the content of a checkpoint of `spike-depth train`, on the CPU.

    Raises CheckpointError for a file that is missing, cut off, of another kind, or without one of
    the entries `needed`.
    """
    try:
        with path.open('rb') as file:
            beginning = file.read(len(ZIP))
        saved = torch.load(path, map_location='cpu', weights_only=False)
    except OSError as error:
        reason = f'cannot be read ({(error.strerror or str(error)).lower()})'
        raise CheckpointError(path, reason) from error
    except (ImportError, AttributeError) as error:
        reason = f'is of another version of the package ({error})'
        raise CheckpointError(path, reason) from error
    except Exception as error:  # a damaged pickle may raise any exception
        kind = 'is cut off or damaged' if beginning == ZIP else 'is no checkpoint of a training'
        raise CheckpointError(path, kind if beginning else 'is empty') from error
    if not isinstance(saved, dict) or not isinstance(saved.get('state_dict'), Mapping):
        raise CheckpointError(path, 'is no checkpoint of a training')
    if missing := [name for name in needed if name not in saved]:
        reason = f'is of another version of the package (it lacks {missing[0]})'
        raise CheckpointError(path, reason)
    return saved


def current_names(saved: State, network: State) -> dict[str, Tensor]:
    """Return a checkpoint's weights under current names if older names do not fit a network."""
    current = {name: OWN_READOUT.sub(r'readout.\1', name) for name in saved}
    return {
        current[name] if name not in network and current[name] in network else name: weight
        for name, weight in saved.items()
    }


def read_recipe(path: Path, saved: Checkpoint) -> Recipe:
    """Return the settings of the training that wrote a checkpoint.

    Raises CheckpointError for a checkpoint of another version of the package.

    Args:
        path: file of the checkpoint, for the error.
        saved: its content; see read_checkpoint.
    """
    try:
        model, data = saved['hyper_parameters'], saved['datamodule_hyper_parameters']
        counts = data['datasets'] if 'datasets' in data else data[OLD_DATASETS]
        return Recipe(
            steps=saved['global_step'],
            datasets=dict(counts),
            batch_size=data['batch_size'],
            crop=(data['crop_width'], data['crop_height']),
            learning_rate=model['learning_rate'],
            initial=model['initial'],
            quantised=model['quantised'],
            schedule=_schedule(model.get('schedule', {})),  # none until 2026-11
        )
    except KeyError as error:
        reason = f'is of another version of the package (it lacks {error})'
        raise CheckpointError(path, reason) from error


def _schedule(settings: Schedule | Mapping[str, Any]) -> Schedule:
    """Return a schedule of a checkpoint, which the command line writes as a mapping."""
    return settings if isinstance(settings, Schedule) else Schedule(**settings)


def check_fit(path: Path, saved: State, network: State) -> None:
    """Compare the weights of a checkpoint with those of a network.

    Raises CheckpointError with the first name or shape that differs, or for the same network with
    its batch normalisation folded.

    Args:
        path: file of the checkpoint, for the error.
        saved: weights of the checkpoint.
        network: weights of the network.
    """
    if is_folded(saved, network):
        raise CheckpointError(
            path,
            'is of a training with model.quantised, which folded the batch normalisation of this '
            'network into its weights',
            'give the checkpoint that this training began with, its model.initial',
        )
    for name in [*network, *saved]:
        ours, theirs = _shape(network, name), _shape(saved, name)
        if ours == theirs:
            continue
        if theirs is None:
            difference = f'it lacks {name}'
        elif ours is None:
            difference = f'it has {name} too'
        else:
            difference = f'its {name} has shape {theirs} instead of {ours}'
        raise CheckpointError(
            path, f'is of another network than the settings ask for ({difference})'
        )


def is_folded(saved: State, network: State) -> bool:
    """Return whether weights are those of a network whose batch normalisations are folded.

    Args:
        saved: weights of a checkpoint, rounded at each use or not.
        network: weights of the network.
    """
    layers = [name.removesuffix(NORM) for name in network if name.endswith(NORM)]
    plain = {name.replace(ROUNDED, 'weight'): weight for name, weight in saved.items()}
    kernels = [f'{layer}.convolution.weight' for layer in layers]
    return (
        bool(layers)
        and not any(f'{layer}{NORM}' in saved for layer in layers)
        and all(
            name in network and _shape(plain, name) == _shape(network, name) for name in kernels
        )
    )


def _shape(state: State, name: str) -> tuple[int, ...] | None:
    """Return the shape of a weight, () of what is no tensor, None without the name."""
    return tuple(getattr(state[name], 'shape', ())) if name in state else None


def newest_beside(path: Path, check: Callable[[Path], object]) -> Path | None:
    """Return the newest other checkpoint in a file's folder that passes a check, or None.

    check: function that raises CheckpointError for a checkpoint that does not fit.
    """
    with suppress(OSError):
        files = path.parent.glob('[!.]*.ckpt')
        others = [file for file in files if file.name != path.name]
        for other in sorted(others, key=lambda file: file.stat().st_mtime, reverse=True):
            with suppress(CheckpointError):
                check(other)
                return other
    return None


@contextmanager
def naming_another(
    check: Callable[[Path], object], advice: str = 'give {other}, the newest beside it'
) -> Iterator[None]:
    """Add the newest other checkpoint that passes a check to a CheckpointError of the block.

    Args:
        check: see newest_beside.
        advice: remedy, with {other} for the other checkpoint, and {path} for the first one.
    """
    try:
        yield
    except CheckpointError as error:
        if other := newest_beside(error.path, check):
            quoted = {'other': quote(str(other)), 'path': quote(str(error.path))}
            way_out = advice.format_map(quoted)
            raise CheckpointError(error.path, error.reason, way_out) from error
        raise
