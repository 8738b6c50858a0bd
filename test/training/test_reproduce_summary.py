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

"""Mean, spread and verdicts by hand."""

import math
from dataclasses import replace

import pytest

from spike_depth_ros.training.reproduce.papers import Claim, Published, Row
from spike_depth_ros.training.reproduce.summary import Cell, cell, verdict

ROWS = {
    'good': Row('good', None, {'MDE': Published(19.0)}),
    'bad': Row('bad', None, {'MDE': Published(22.5)}),
}
CLAIM = Claim('good errs less', 'MDE', 'good', 'bad')


def test_mean_and_spread_by_hand() -> None:
    found = cell([10, 12, 17])  # deviations -3, -1 and 4: 26 over 2 degrees of freedom
    assert found.mean == 13
    assert found.spread == pytest.approx(math.sqrt(13))
    assert str(found) == '13.00 ± 3.61'


def test_one_training_has_no_spread() -> None:
    assert str(cell([0.5])) == '0.500'
    assert math.isnan(cell([0.5]).spread)


def test_the_best_on_the_validation_windows_stands_for_the_row() -> None:
    found = cell([10, 12, 17], validation=[3, 1, 2])
    assert found.best == 12
    assert str(found) == '12.00 (mean 13.00 ± 3.61)'


@pytest.mark.parametrize(
    ('bad', 'expected'),
    [
        ((12, 14, 16), 'holds (MDE, bad minus good: 2.00 ± 1.00; published 3.50)'),
        ((9, 10, 12), 'does not hold (MDE, bad minus good: -1.67 ± 0.577; published 3.50)'),
        ((10, 14, 13), 'undecided, within the spread'),  # -1, 2 and 0
    ],
)
def test_trainings_of_equal_seeds_are_compared(bad: tuple[float, ...], expected: str) -> None:
    cells = {('good', 'MDE'): Cell((11, 12, 13)), ('bad', 'MDE'): Cell(bad)}
    assert f'good errs less: {expected}' in verdict(CLAIM, cells, ROWS)


@pytest.mark.parametrize('within', [None, 0.15])
def test_one_seed_gives_a_difference_and_no_verdict(within: float | None) -> None:
    cells = {('good', 'MDE'): Cell((11.0,)), ('bad', 'MDE'): Cell((12.0,))}
    expected = 'good errs less: one seed: no verdict (MDE, bad minus good: 1.00; published 3.50)'
    assert verdict(replace(CLAIM, within=within), cells, ROWS) == expected


def test_two_columns_of_a_row_are_compared() -> None:
    claim = Claim('later layers fire more', 'early', 'good', 'good', higher_column='late')
    cells = {('good', 'early'): Cell((8, 9)), ('good', 'late'): Cell((20, 24))}
    expected = 'later layers fire more: holds (good, late minus early: 13.50 ± 2.12)'
    assert verdict(claim, cells, ROWS) == expected


@pytest.mark.parametrize(('cost', 'expected'), [(11.0, 'holds'), (13.0, 'does not hold')])
def test_a_cost_may_be_small(cost: float, expected: str) -> None:
    claim = Claim('it costs little', 'MDE', 'good', 'bad', within=0.15)
    cells = {('good', 'MDE'): Cell((cost, cost)), ('bad', 'MDE'): Cell((10.0, 10.0))}
    assert f'it costs little: {expected} (' in verdict(claim, cells, ROWS)
