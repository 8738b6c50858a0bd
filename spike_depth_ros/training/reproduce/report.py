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

"""Reproduced tables as Markdown and CSV."""

import csv
from collections.abc import Sequence
from pathlib import Path

from spike_depth_ros.outputs import whole_file
from spike_depth_ros.training.reproduce.conditions import Conditions
from spike_depth_ros.training.reproduce.papers import Claim, Column, Paper, Published, Table
from spike_depth_ros.training.reproduce.summary import Values, number, verdict

Shown = tuple[Sequence[Column], Sequence[Claim]]


def markdown(
    paper: Paper, table: Table, shown: Shown, here: str, found: Conditions, cells: Values
) -> str:
    """Return a table with the published numbers beside ours, and what becomes of its claims.

    Args:
        paper: the paper.
        table: the table.
        shown: columns and claims that could be measured; see measurable.
        here: data of our numbers in words.
        found: conditions of our numbers.
        cells: our cells by row and column; a row that was not trained has none.
    """
    columns, claims = shown
    published = [column for column in table.columns if _is_published(table, column)]
    heads = [f'{paper.published_on}, published: {column.name}' for column in published]
    heads += [f'{here}: {column.name}' for column in columns]
    lines = [f'| | {" | ".join(heads)} |', '|---' * (len(heads) + 1) + '|']
    for row in table.rows:
        theirs = [_published(row.published.get(column.name)) for column in published]
        ours = [cells.get((row.name, column.name), '-') for column in columns]
        lines.append(f'| {row.name} | {" | ".join(map(str, [*theirs, *ours]))} |')
    rows = {row.name: row for row in table.rows}
    verdicts = [f'- {verdict(claim, cells, rows)}' for claim in claims]
    return '\n'.join([table.title, '', f'{here}: {found}', '', *lines, '', *verdicts])


def write_csv(
    path: Path, table: Table, columns: Sequence[Column], found: Conditions, cells: Values
) -> None:
    """Write a line for each row and column: published and our mean and spread, and our values.

    Args:
        path: CSV file.
        table: the table.
        columns: columns that could be measured.
        found: conditions of our numbers, which stand in lines that have some.
        cells: our cells by row and column.
    """
    named = found.named()
    with whole_file(path) as unfinished, unfinished.open('w', newline='') as file:
        writer = csv.writer(file)
        heads = ['row', 'column', 'published', 'published spread', 'mean', 'spread', 'best']
        writer.writerow([*heads, 'values', *named])
        names = list(dict.fromkeys(column.name for column in (*table.columns, *columns)))
        for row in table.rows:
            for name in names:
                theirs, ours = row.published.get(name), cells.get((row.name, name))
                line: list[object] = list(theirs or ('', ''))
                line += [ours.mean, ours.spread, ours.best] if ours else ['', '', '']
                line.append(' '.join(map(str, ours.values)) if ours else '')
                line += named.values() if ours else [''] * len(named)
                writer.writerow([row.name, name, *line])


def _is_published(table: Table, column: Column) -> bool:
    return any(column.name in row.published for row in table.rows)


def _published(value: Published | None) -> str:
    if value is None:
        return '-'
    spread = '' if value.spread is None else f' ± {number(value.spread)}'
    return f'{number(value.mean)}{spread}'
