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

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from jsonargparse.typing import PositiveInt

from spike_depth_ros.outputs import check_output_folder
from spike_depth_ros.protocols import Averaged
from spike_depth_ros.shared_files import shared_file
from spike_depth_ros.training import command_line
from spike_depth_ros.training.data.dataset import Preparation
from spike_depth_ros.training.devices import check_device
from spike_depth_ros.training.reproduce.jobs import FailedTrainings, run_jobs
from spike_depth_ros.training.reproduce.lock import locked
from spike_depth_ros.training.reproduce.measurable import needs_pictures, of_cameras
from spike_depth_ros.training.reproduce.papers import Paper, Table
from spike_depth_ros.training.reproduce.recipes import Recipe, kind_of, recipe
from spike_depth_ros.training.reproduce.reproduction import Reproduction
from spike_depth_ros.training.reproduce.runs import Setup
from spike_depth_ros.training.reproduce.spike_transformer import SPIKE_TRANSFORMER
from spike_depth_ros.training.reproduce.stereospike import STEREOSPIKE
from spike_depth_ros.training.settings import SettingsError

PAPERS = {paper.name: paper for paper in (STEREOSPIKE, SPIKE_TRANSFORMER)}
ALL = 'all'


def reproduce(
    paper: str,
    table: str,
    data: str | None = None,
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
    jobs: PositiveInt = 1,
) -> None:
    """Make a table or figure of a paper: train what is missing, measure, and print.

    The published numbers stand beside ours, and below them whether each claim holds. CSV and, for
    figures, PNG are written to the output folder. A training that was interrupted goes on from its
    last checkpoint; one that is finished is not repeated, and is shared by all tables.

    Args:
        paper: stereospike or spike-transformer.
        table: of stereospike: table1, table2, table3, table4, figure4 or firing-rates; of
            spike-transformer: table1, table2, table3, distillation, attention, residual or
            cameras; or all of them.
        data: sim_flying, sim_driving or sim_rooms (simulated; in rooms one camera can tell depth),
            or mvsec=FOLDER, dsec=FOLDER or dense=FOLDER (spike-transformer only) with the
            downloaded recordings; omitted: sim_driving for table2 and distillation of
            spike-transformer, sim_flying for the others.
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
        workers: number of processes that make windows, on the CPU.
        device: cpu, cuda, or one GPU such as cuda:1; omitted: a GPU if there is one.
        jobs: number of trainings at a time; more than one run in processes of their own, which
            share the device and write their output to training.log in their folders.
    """
    chosen, tables = _found(paper, table)
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    check_device('device', device)
    check_output_folder(output)
    made = []
    for each in tables:
        own, files = _recipe(chosen, data or each.data, output, settings)
        given = {'windows': windows, 'measured': measured}
        own = replace(own, averaged=averaged, **{name: n for name, n in given.items() if n})
        setup = Setup(own, files, steps, output, Preparation(folder, workers), device)
        if _has_pictures(own, each, table):
            made.append(Reproduction(chosen, of_cameras(each, own), setup, range(1, seeds + 1)))
    _make(made, output, jobs)


def _has_pictures(recipe: Recipe, table: Table, asked: str) -> bool:
    """Return whether the data has the pictures that a table needs, and tell if it has not.

    Raises SettingsError if it has not, and no other table is asked for.

    Args:
        recipe: data of the table.
        table: the table.
        asked: the command line's word for the tables.
    """
    if recipe.simulated or not needs_pictures(table):
        return True
    problem = f"{table.name} reads the cameras' pictures, which recorded data has not here"
    if asked != ALL:
        raise SettingsError(f'{problem}: use --data sim_driving or sim_flying.')
    print(f'{problem}: it is left out.')
    return False


def _make(made: Sequence[Reproduction], output: Path, jobs: int) -> None:
    """Train what is missing, measure, and print.

    Args:
        made: the tables.
        output: their folder.
        jobs: number of trainings at a time.
    """
    with locked(output):
        for reproduction in made:
            reproduction.check()
        every = [job for reproduction in made for job in reproduction.jobs()]
        failed = run_jobs(every, jobs) if jobs > 1 else []
        for reproduction in made:
            if not reproduction.needs(failed):
                reproduction.make()
    if failed:
        raise FailedTrainings(failed)


def _recipe(
    paper: Paper, data: str, output: Path, settings: Path | None
) -> tuple[Recipe, tuple[Path, ...]]:
    """Return the data of a word, and the files of settings for it. Raises SettingsError.

    Args:
        paper: paper whose settings are used.
        data: word such as sim_flying or mvsec=FOLDER.
        output: folder for YAML files of data sets in a folder.
        settings: file that overrides the paper's settings; None: none.
    """
    own_file = paper.settings[kind_of(data, paper.settings)]
    if settings is not None:
        command_line.checked_files([f'--config={settings}'], own_file)
    files = (shared_file(own_file), *([settings] if settings else []))
    return recipe(data, output, files), files


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


def main(arguments: list[str]) -> None:
    """Run `reproduce` with the command line's arguments."""
    command_line.run(reproduce, 'reproduce', arguments, as_positional=True)
