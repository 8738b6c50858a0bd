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

"""Conditions of a table's trainings: width, steps, windows and seeds, by their checkpoints."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from spike_depth_ros.training.checkpoints import read_checkpoint, read_recipe
from spike_depth_ros.training.estimation import from_checkpoint
from spike_depth_ros.training.reproduce.runs import Run


@dataclass(frozen=True)
class Conditions:
    """Conditions that numbers hold for; a number for each split of the data, where they differ.

    Args:
        width: channels of the network's first layer; empty for a network without such a number.
        steps: optimiser steps of the checkpoints that were measured.
        training: training windows.
        test: test windows.
        averaged: 'pixels' or 'images', over which errors are averaged.
        seeds: number of trainings of each row.
        checksum: checksum of all settings of the trainings and of the measured windows.
    """

    width: Sequence[int]
    steps: Sequence[int]
    training: Sequence[int]
    test: Sequence[int]
    averaged: str
    seeds: int
    checksum: str

    def named(self) -> dict[str, str]:
        """Return the numbers by their names, for columns."""
        numbers = {
            'width': self.width,
            'steps': self.steps,
            'training windows': self.training,
            'test windows': self.test,
            'seeds': [self.seeds],
        }
        words = {name: ' '.join(map(str, each)) for name, each in numbers.items()}
        return {**words, 'averaged over': self.averaged}

    def __str__(self) -> str:
        parts = [f'width {_either(self.width)}'] if self.width else []
        parts += [
            _counted(self.steps, 'step'),
            _counted(self.training, 'training window'),
            _counted(self.test, 'test window'),
            _counted([self.seeds], 'seed'),
        ]
        parts += ['errors averaged over images'] if self.averaged == 'images' else []
        return ', '.join(parts)

    @property
    def stem(self) -> str:
        """Return the end of the names of files, which differs by the settings."""
        steps = f'steps={self.steps[0]}_' if len(self.steps) == 1 else ''
        return f'{steps}seeds={self.seeds}-{self.checksum}'


def conditions(runs: Sequence[Run], seeds: int) -> Conditions:
    """Return the conditions of trained runs.

    Args:
        runs: all runs of a table; equal ones may repeat.
        seeds: number of trainings of each row.
    """
    recipes = [read_recipe(run.checkpoint, read_checkpoint(run.checkpoint)) for run in runs]
    width = getattr(from_checkpoint(runs[0].checkpoint).network, 'width', None)
    own = runs[0].setup.recipe
    determined = [sorted({run.name for run in runs}), own.measured, own.averaged]
    return Conditions(
        [] if width is None else [width],
        _distinct(recipe.steps for recipe in recipes),
        _distinct(sum(recipe.datasets.values()) for recipe in recipes),
        _distinct(run.count('test') for run in runs),
        own.averaged,
        seeds,
        sha256(json.dumps(determined).encode()).hexdigest()[:8],
    )


def _distinct(numbers: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(numbers))


def _either(numbers: Sequence[int]) -> str:
    return ' or '.join(map(str, numbers))


def _counted(numbers: Sequence[int], noun: str) -> str:
    return f'{_either(numbers)} {noun}{"" if list(numbers) == [1] else "s"}'
