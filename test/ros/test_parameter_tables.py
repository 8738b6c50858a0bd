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

"""Consistency of the parameter tables."""

import pytest

from spike_depth_ros.ros.parameter_row import ParameterRow
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, EVENT_CAMERAS, REPLAY
from spike_depth_ros.ros.parameters import ParameterError, checked

ROWS = [*BINNER, *DEPTH, *REPLAY, *EVENT_CAMERAS]


@pytest.mark.parametrize('row', ROWS, ids=lambda row: row.name)
def test_defaults_are_allowed(row: ParameterRow) -> None:
    if row.required:
        with pytest.raises(ParameterError):
            checked(row, row.default)
    else:
        assert checked(row, row.default) == row.default
    is_number = isinstance(row.default, (int, float)) and not isinstance(row.default, bool)
    assert is_number == (row.minimum is not None) == (row.maximum is not None)
    assert row.description.endswith('.')


@pytest.mark.parametrize('table', [BINNER, DEPTH, REPLAY, EVENT_CAMERAS])
def test_names_are_unique(table: tuple[ParameterRow, ...]) -> None:
    names = [row.name for row in table]

    assert len(set(names)) == len(names)


def test_nodes_in_one_process_share_no_parameter_names() -> None:
    assert not {row.name for row in BINNER} & {row.name for row in DEPTH}


def test_a_float_accepts_a_whole_number() -> None:
    (row,) = [row for row in BINNER if row.name == 'window_ms']

    assert checked(row, 20) == 20.0
    assert isinstance(checked(row, 20), float)
    with pytest.raises(ParameterError, match='but must be a number from 1 to 1000 ms'):
        checked(row, float('nan'))
