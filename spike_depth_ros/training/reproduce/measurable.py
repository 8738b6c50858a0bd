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

"""Rows, columns and claims of a table that data can show."""

from dataclasses import replace

from spike_depth_ros.frames.spike_frame import STEREO_CHANNELS
from spike_depth_ros.protocols import thirds
from spike_depth_ros.training.data.dataset import read_dataset
from spike_depth_ros.training.reproduce.papers import Claim, Column, Table
from spike_depth_ros.training.reproduce.recipes import Recipe
from spike_depth_ros.training.reproduce.scores import OTHER, parts_of


def measurable(table: Table, recipe: Recipe) -> tuple[list[Column], list[Claim]]:
    """Return the columns and the claims that the data of a recipe can show.

    Data without the paper's splits has one column for all of them, named by its score. Columns of
    another data set need a recipe that has one. Names of thirds of the range of depth are metres.
    """
    columns: dict[tuple[str, str], Column] = {}
    names: dict[str, str] = {}
    for column in table.columns:
        place = column.score, recipe.fold(column.fold)
        lacks_other = recipe.other is None and parts_of({column.score}) == {OTHER}
        if lacks_other or place in columns:
            continue
        is_fold = column.fold in ('', place[1])
        name = _in_metres(column.name, recipe) if is_fold else column.score
        columns[place] = replace(column, name=name)
        names[column.name] = columns[place].name
    claims = [
        replace(
            claim,
            column=names[claim.column],
            higher_column=names.get(claim.higher_column, ''),
        )
        for claim in table.claims
        if {column for _, column in claim.cells} <= names.keys()
    ]
    return list(columns.values()), claims


def of_cameras(table: Table, recipe: Recipe) -> Table:
    """Return a table without the rows that compare two cameras, where the data has one."""
    rows = [row for row in table.rows if row.variant is None or not row.variant.two_cameras]
    if len(rows) == len(table.rows):
        return table
    if read_dataset(recipe.dataset('')).description.channels == STEREO_CHANNELS:
        return table
    names = {row.name for row in rows}
    claims = (claim for claim in table.claims if {claim.lower, claim.higher} <= names)
    return replace(table, rows=tuple(rows), claims=tuple(claims))


def needs_pictures(table: Table) -> bool:
    """Return whether a row of a table reads the cameras' pictures, or has a teacher that does."""
    variants = (row.variant for row in table.rows if row.variant is not None)
    return any(variant.reads_pictures or variant.teacher is not None for variant in variants)


def _in_metres(name: str, recipe: Recipe) -> str:
    """Return the name of a column with the metres of a third in place of its name."""
    if '{' not in name:
        return name
    description = read_dataset(recipe.dataset('')).description
    metres = {
        third: f'{near:.3g} to {far:.3g} m'
        for third, (near, far) in thirds(description.depth_m).items()
    }
    return name.format(**metres)
