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

"""Mean and spread over the trainings of a row, and whether a claim holds."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev

from spike_depth_ros.training.reproduce.papers import Claim, Row

Values = Mapping[tuple[str, str], 'Cell']


@dataclass(frozen=True)
class Cell:
    """Number of a table: that of each training.

    Args:
        values: a value for each seed.
        best: value of the training that stands for the row; None: their mean does.
    """

    values: tuple[float, ...]
    best: float | None = None

    @property
    def mean(self) -> float:
        """Return the mean over the trainings."""
        return mean(self.values)

    @property
    def spread(self) -> float:
        """Return the standard deviation over the trainings (of the sample); NaN for one."""
        return stdev(self.values) if len(self.values) > 1 else math.nan

    def __str__(self) -> str:
        text = number(self.mean)
        if len(set(self.values)) > 1:
            text += f' ± {number(self.spread)}'
        return text if self.best is None else f'{number(self.best)} (mean {text})'


def number(value: float) -> str:
    """Return a number with two decimals, or three below 1."""
    return f'{value:.3f}' if abs(value) < 1 else f'{value:.2f}'


def cell(values: Sequence[float], validation: Sequence[float] | None = None) -> Cell:
    """Return the cell of a row's values.

    Args:
        values: a value for each seed.
        validation: validation error of each seed, the least of which names the best; None: the
            mean stands for the row.
    """
    if validation is None:
        return Cell(tuple(values))
    return Cell(tuple(values), values[min(range(len(values)), key=validation.__getitem__)])


def verdict(claim: Claim, cells: Values, rows: Mapping[str, Row]) -> str:
    """Return whether a claim holds, in a sentence with the difference and the published one.

    Trainings of equal seeds are compared, which saw the same crops. The claim holds if the mean
    difference is larger than its standard deviation. One seed gives no verdict.

    Args:
        claim: the claim.
        cells: cells by row and column.
        rows: rows by name, for the published numbers.
    """
    low, high = (cells[place] for place in claim.cells)
    pairs = zip(high.values, low.values, strict=True)
    difference = Cell(tuple(larger - smaller for larger, smaller in pairs))
    return (
        f'{claim.sentence}: {_holds(claim, low.mean, difference)} ({_compared(claim)}: '
        f'{difference}{_published(claim, rows)})'
    )


def _compared(claim: Claim) -> str:
    if claim.higher_column:
        return f'{claim.higher}, {claim.higher_column} minus {claim.column}'
    return f'{claim.column}, {claim.higher} minus {claim.lower}'


def _holds(claim: Claim, low: float, difference: Cell) -> str:
    if len(difference.values) == 1:
        return 'one seed: no verdict'
    if claim.within is not None:
        limit = claim.within * (low + difference.mean)
        return 'holds' if -difference.mean <= limit else 'does not hold'
    if abs(difference.mean) <= difference.spread:
        return 'undecided, within the spread'
    return 'holds' if difference.mean > 0 else 'does not hold'


def _published(claim: Claim, rows: Mapping[str, Row]) -> str:
    low, high = (rows[row].published.get(column) for row, column in claim.cells)
    return f'; published {number(high.mean - low.mean)}' if low and high else ''
