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

"""Reproduced figures as PNG."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from spike_depth_ros.outputs import whole_file
from spike_depth_ros.training.reproduce.papers import Bars, Scatter, Table
from spike_depth_ros.training.reproduce.scores import Scores
from spike_depth_ros.training.reproduce.summary import Values

SIZE = (7.0, 4.5)  # inches
DPI = 150


def draw(
    path: Path, table: Table, here: str, cells: Values, runs: Mapping[str, Sequence[Scores]]
) -> None:
    """Draw the figure of a table that has one.

    Args:
        path: PNG file.
        table: the table.
        here: data of the numbers in words, for the title.
        cells: cells by row and column.
        runs: scores of each training by row.
    """
    figure = Figure(figsize=SIZE, dpi=DPI, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(f'{table.title}\n{here}', fontsize='small', wrap=True)
    if isinstance(table.figure, Scatter):
        _scatter(axes, table.figure, table, cells)
    elif isinstance(table.figure, Bars):
        _bars(axes, table.figure, runs)
    with whole_file(path) as unfinished:
        canvas.print_png(unfinished)  # type: ignore[no-untyped-call]


def _scatter(axes: Axes, kind: Scatter, table: Table, cells: Values) -> None:
    """Draw mean and spread of each row; a single training has no spread."""
    for row in table.rows:
        x, y = (cells[row.name, name] for name in (kind.x, kind.y))
        has_spread = len(x.values) > 1
        axes.errorbar(
            x.mean,
            y.mean,
            xerr=x.spread if has_spread else None,
            yerr=y.spread if has_spread else None,
            marker='o',
            linestyle='',
            capsize=3,
            label=row.name,
        )
    axes.legend()
    axes.set_xlabel(kind.x)
    axes.set_ylabel(kind.y)


def _bars(axes: Axes, kind: Bars, runs: Mapping[str, Sequence[Scores]]) -> None:
    """Draw the mean over the trainings of each score, side by side for the rows."""
    names = [name for name in next(iter(runs.values()))[0] if name.startswith(kind.scores)]
    width = 0.8 / len(runs)
    for number, (row, scores) in enumerate(runs.items()):
        heights = [mean(each[name] for each in scores) for name in names]
        places = [place + number * width for place in range(len(names))]
        axes.bar(places, heights, width, label=row)
    middle = 0.4 - width / 2
    labels = [name.removeprefix(kind.scores) for name in names]
    axes.set_xticks([place + middle for place in range(len(names))], labels, rotation=60)
    axes.set_ylabel(kind.label)
    axes.legend()
