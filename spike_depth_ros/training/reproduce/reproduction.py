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

"""Reproduction of one table or figure: training, measuring, printing and writing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from spike_depth_ros.training.data.dataset import read_dataset
from spike_depth_ros.training.reproduce import figures, report
from spike_depth_ros.training.reproduce.conditions import conditions
from spike_depth_ros.training.reproduce.jobs import Job
from spike_depth_ros.training.reproduce.measurable import measurable
from spike_depth_ros.training.reproduce.papers import ERROR, Column, Paper, Row, Table
from spike_depth_ros.training.reproduce.runs import Run, Setup, check_data, with_teachers
from spike_depth_ros.training.reproduce.scores import (
    CONSTANT,
    Scores,
    of_constant,
    of_run,
    parts_of,
)
from spike_depth_ros.training.reproduce.summary import Cell, cell

VALIDATION = f'validation: {ERROR}'


@dataclass(frozen=True)
class Reproduction:
    """One table. seeds: seeds of the trainings of each row."""

    paper: Paper
    table: Table
    setup: Setup
    seeds: Sequence[int]

    def check(self) -> None:
        """Check that the data of all runs is there. Raises SettingsError, OutputError."""
        for fold in dict.fromkeys(fold for _, fold in self._runs()):
            check_data(self.setup, fold)

    def jobs(self) -> list[Job]:
        """Return the trainings, each with the scores that the table needs."""
        return [
            Job(run, frozenset(self._parts()), self.paper.layers)
            for runs in self._runs().values()
            for run in runs
        ]

    def needs(self, failed: Sequence[Job]) -> bool:
        """Return whether the table needs a training that has failed."""
        names = {job.run.name for job in failed}
        return any(job.run.name in names for job in self.jobs())

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
        # All rows with one seed come first: an early table needs `--seeds 1`.
        missing = [run for run in with_teachers(runs) if not run.checkpoint.exists()]
        for number, run in enumerate(missing, 1):
            print(f'{self.table.name}: training {number} of {len(missing)}, {run.name}')
            run.train()

    def _scores(self, runs: Iterable[Run]) -> list[Scores]:
        return [of_run(run, self._parts(), self.paper.layers) for run in runs]

    def _parts(self) -> set[str]:
        parts = parts_of({column.score for column in self.shown[0]})
        return parts | ({'validation'} if self.table.best else set())

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
