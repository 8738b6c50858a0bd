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

"""Tables and figures of papers from the command line: `spike-depth reproduce`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from jsonargparse.typing import PositiveInt

from spike_depth_ros.outputs import check_output_folder
from spike_depth_ros.protocols import Averaged
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training import command_line
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.devices import check_device
from spike_depth_ros.training.reproduce import figures, report
from spike_depth_ros.training.reproduce.conditions import conditions
from spike_depth_ros.training.reproduce.lock import locked
from spike_depth_ros.training.reproduce.measurable import measurable
from spike_depth_ros.training.reproduce.papers import ERROR, Column, Paper, Row, Table
from spike_depth_ros.training.reproduce.recipes import kind_of, recipe
from spike_depth_ros.training.reproduce.runs import Run, Setup, check_data
from spike_depth_ros.training.reproduce.scores import (
    CONSTANT,
    Scores,
    of_constant,
    of_run,
    parts_of,
)
from spike_depth_ros.training.reproduce.stereospike import STEREOSPIKE
from spike_depth_ros.training.reproduce.summary import Cell, cell
from spike_depth_ros.training.settings import SettingsError

PAPERS = {paper.name: paper for paper in (STEREOSPIKE,)}
ALL = 'all'
VALIDATION = f'validation: {ERROR}'


def reproduce(
    paper: str,
    table: str,
    data: str = 'sim_flying',
    seeds: PositiveInt = 3,
    steps: PositiveInt | None = None,
    output: Path = Path('runs/reproduce'),
    settings: Path | None = None,
    windows: PositiveInt | None = None,
    measured: PositiveInt | None = None,
    averaged: Averaged = 'pixels',
    folder: Path = Path('runs/simulated'),
    workers: PositiveInt = 2,
    device: str | None = None,
) -> None:
    """Make a table or figure of a paper: train what is missing, measure, and print.

    The published numbers stand beside ours, and below them whether each claim holds. CSV and, for
    figures, PNG are written to the output folder. A training that was interrupted goes on from its
    last checkpoint; one that is finished is not repeated, and is shared by all tables.

    Args:
        paper: stereospike.
        table: table1, table2, table3, table4, figure4, firing-rates, or all of them.
        data: sim_flying or sim_rooms (simulated; in rooms one camera can tell depth),
            mvsec=FOLDER or dsec=FOLDER with the downloaded recordings.
        seeds: number of trainings of each row, of seeds 1, 2 and so on.
        steps: optimiser steps of each training; omitted: as in the paper's settings for the data.
        output: folder for the trainings, the tables and the figures.
        settings: YAML file of `spike-depth train` that overrides the paper's settings, such as a
            smaller width.
        windows: number of training windows; omitted: 1200 simulated ones, or all recorded ones.
        measured: number of windows of each split on which errors are measured; omitted: 96
            simulated ones, or all recorded ones.
        averaged: pixels, or images as in StereoSpike's code: average errors over all pixels, or
            over the errors of the images.
        folder: folder for windows, which are made where they are missing.
        workers: number of processes that make windows.
        device: cpu, cuda, or one GPU such as cuda:1; omitted: a GPU if there is one.
    """
    chosen, tables = _found(paper, table)
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    check_device('device', device)
    check_output_folder(output)
    if settings is not None:
        command_line.checked_files([f'--config={settings}'], chosen.settings[kind_of(data)])
    own_file = shared_file(chosen.settings[kind_of(data)])
    files = (own_file, *([settings] if settings else []))
    own = recipe(data, output, files)
    windows, measured = windows or own.windows, measured or own.measured
    own = replace(own, windows=windows, measured=measured, averaged=averaged)
    setup = Setup(own, files, steps, output, Preparation(folder, workers, device))
    made = [_Reproduction(chosen, each, setup, range(1, seeds + 1)) for each in tables]
    with locked(output):
        for each in made:
            each.check()
        for each in made:
            each.make()


def _found(paper: str, table: str) -> tuple[Paper, Sequence[Table]]:
    """Return a paper and tables of it by their names. Raises SettingsError."""
    if paper not in PAPERS:
        raise SettingsError(f"paper is '{paper}': use {', '.join(PAPERS)}.")
    tables = PAPERS[paper].tables
    found = tables if table == ALL else [each for each in tables if each.name == table]
    if not found:
        names = ', '.join(each.name for each in tables)
        raise SettingsError(f"table is '{table}': use {names} or {ALL}.")
    return PAPERS[paper], found


@dataclass(frozen=True)
class _Reproduction:
    """One table. seeds: seeds of the trainings of each row."""

    paper: Paper
    table: Table
    setup: Setup
    seeds: Sequence[int]

    def check(self) -> None:
        """Check that the data of all runs is there. Raises SettingsError, OutputError."""
        for fold in dict.fromkeys(fold for _, fold in self._runs()):
            check_data(self.setup, fold)

    def make(self) -> None:
        """Train, measure, print and write."""
        runs = self._runs()
        every = [run for each in runs.values() for run in each]
        self._train(every)
        scores = {key: self._scores(each) for key, each in runs.items()}
        columns, own = self.shown[0], self.setup.recipe
        cells = {
            (row, column.name): self._cell(each, column)
            for (row, fold), each in scores.items()
            for column in columns
            if own.fold(column.fold) == fold
        }
        table = self.table
        if constants := self._constants(scores):
            table = replace(table, rows=(*table.rows, Row(CONSTANT, None)))
        here, found = self._dataset_name(), conditions(every, len(self.seeds))
        print(report.markdown(self.paper, table, self.shown, here, found, cells | constants))
        stem = f'{self.paper.name}_{self.table.name}_{own.name}_{found.stem}'
        file = self.setup.output / f'{stem}.csv'
        report.write_csv(file, table, columns, found, cells | constants)
        print(f'\nWritten: {file}')
        if self.table.figure is not None:
            by_row = {row: each for (row, _), each in scores.items()}
            picture = file.with_suffix('.png')
            figures.draw(picture, self.table, f'{here}: {found}', cells, by_row)
            print(f'Written: {picture}')

    @cached_property
    def shown(self) -> report.Shown:
        """Return the columns and the claims that the data can show."""
        return measurable(self.table, self.setup.recipe)

    def _runs(self) -> dict[tuple[str, str], list[Run]]:
        """Return the runs of each row and split."""
        folds = dict.fromkeys(self.setup.recipe.fold(column.fold) for column in self.shown[0])
        return {
            (row.name, fold): [Run(self.setup, row.variant, fold, seed) for seed in self.seeds]
            for row in self.table.rows
            if row.variant is not None
            for fold in folds
        }

    def _train(self, runs: Iterable[Run]) -> None:
        missing = [run for run in runs if not run.checkpoint.exists()]
        # All rows with one seed come first: an early table needs `--seeds 1`.
        for number, run in enumerate(sorted(missing, key=lambda run: run.seed), 1):
            print(f'{self.table.name}: training {number} of {len(missing)}, {run.name}')
            run.train()

    def _scores(self, runs: Iterable[Run]) -> list[Scores]:
        parts = parts_of({column.score for column in self.shown[0]})
        parts |= {'validation'} if self.table.best else set()
        return [of_run(run, parts, self.paper.layers) for run in runs]

    def _cell(self, scores: Sequence[Scores], column: Column) -> Cell:
        validation = [each[VALIDATION] for each in scores] if self.table.best else None
        return cell([each[column.score] for each in scores], validation)

    def _constants(
        self, scores: Mapping[tuple[str, str], Sequence[Scores]]
    ) -> dict[tuple[str, str], Cell]:
        """Return the cells of a constant depth, which is no training, beside the errors."""
        own, first = self.setup.recipe, self.table.rows[0].name
        found: dict[tuple[str, str], Cell] = {}
        for column in self.shown[0]:
            one = scores[first, own.fold(column.fold)][0]
            if (name := of_constant(column.score)) in one:
                found[CONSTANT, column.name] = cell([one[name]])
        return found

    def _dataset_name(self) -> str:
        first = read_dataset(self.setup.recipe.dataset('')).description
        simulated = 'simulated' in first.provenance
        return f'{first.name} (simulated)' if simulated else self.setup.recipe.name.upper()


def main(arguments: list[str]) -> None:
    """Run `reproduce` with the command line's arguments."""
    command_line.run(reproduce, 'reproduce', arguments, as_positional=True)
