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

"""Tables and figures of a paper as data: rows, columns, published numbers and claims."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ERROR = 'mean depth error (cm)'  # of scores, as protocols.py names it


class Published(NamedTuple):
    """Number of a paper.

    Args:
        mean: the number.
        spread: standard deviation over trainings; None where the paper gives none.
    """

    mean: float
    spread: float | None = None


@dataclass(frozen=True)
class Variant:
    """Network and loss of a training, as changes of the settings in the paper's YAML file.

    Args:
        network: values of the network's arguments.
        loss: values of LossWeights.
        network_class: class path of another network than that of the settings; '': the same.
        small: values of the network's arguments on simulated data, where trainings are short.
        two_cameras: the network compares two cameras; data of one has no such row.
        reads_pictures: the network reads the pictures of all cameras in place of events.
        teacher: training whose network is the teacher, of the same seed; None: none.
    """

    network: Mapping[str, Any] = field(default_factory=dict)
    loss: Mapping[str, Any] = field(default_factory=dict)
    network_class: str = ''
    small: Mapping[str, Any] = field(default_factory=dict)
    two_cameras: bool = False
    reads_pictures: bool = False
    teacher: 'Variant | None' = None


@dataclass(frozen=True)
class Column:
    """Column of a table.

    Args:
        name: heading, with the unit; {near}, {middle} and {far} stand for the metres of a third
            of the data's range of depth, see protocols.thirds.
        score: name of a score of a run; see scores.measured.
        fold: split of a data set that has several; '': the first.
    """

    name: str
    score: str
    fold: str = ''


@dataclass(frozen=True)
class Row:
    """Row of a table.

    Args:
        name: first cell.
        variant: training of the row; None for a method that is only cited.
        published: the paper's numbers by the names of the columns.
    """

    name: str
    variant: Variant | None
    published: Mapping[str, Published] = field(default_factory=dict)


@dataclass(frozen=True)
class Claim:
    """Claim of a paper that one cell of a table has a lower number than another.

    Args:
        sentence: the claim in words, without a full stop.
        column: name of the column.
        lower, higher: names of the rows.
        within: None, or the share by which `lower` may even be above `higher`: a claim that a
            change costs little.
        higher_column: name of the column of `higher`; '': the same column.
    """

    sentence: str
    column: str
    lower: str
    higher: str
    within: float | None = None
    higher_column: str = ''

    @property
    def cells(self) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return row and column of the lower and of the higher cell."""
        return (self.lower, self.column), (self.higher, self.higher_column or self.column)


@dataclass(frozen=True)
class Scatter:
    """Figure with a labelled point for each row. x, y: names of columns."""

    x: str
    y: str


@dataclass(frozen=True)
class Bars:
    """Figure with a bar for each score of a row.

    Args:
        scores: common beginning of the names of the scores; the rest labels the bar.
        label: label of the axis.
    """

    scores: str
    label: str


@dataclass(frozen=True)
class Table:
    """Table or figure of a paper.

    Args:
        name: name on the command line.
        title: title, with its number in the paper.
        columns: columns.
        rows: rows.
        claims: claims that the numbers are to show.
        data: data that stands for the paper's where a user gives none.
        figure: picture that is drawn of the rows; None: none.
        best: the paper gives the training that is best on the validation windows, not the mean
            over the trainings.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    claims: tuple[Claim, ...] = ()
    data: str = 'sim_flying'
    figure: Scatter | Bars | None = None
    best: bool = False


@dataclass(frozen=True)
class Paper:
    """Paper whose tables and figures can be made.

    Args:
        name: name on the command line.
        published_on: data set of the published numbers.
        tables: tables and figures.
        settings: YAML file of `spike-depth train` by the name of the data; see recipes.py.
        layers: groups of layers whose mean firing rate is a score, by the beginnings of the
            layers' names.
    """

    name: str
    published_on: str
    tables: tuple[Table, ...]
    settings: Mapping[str, str]
    layers: Mapping[str, tuple[str, ...]]
