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

"""README.md says of the parameters what their tables say."""

from pathlib import Path

import pytest

from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, REPLAY, ParameterRow, Table

README = (Path(__file__).parents[1] / 'README.md').read_text()
HEADING = '| name | default | allowed | meaning |\n|---|---|---|---|\n'


def readme_row(row: ParameterRow) -> str:
    default = str(row.default).lower() if isinstance(row.default, bool) else row.default
    unit = f' {row.unit}' if row.unit else ''
    shown = f'`{default}`{unit}' if default != '' else ''
    changes = '' if row.read_only else ' *Changes while running.*'
    return f'| `{row.name}` | {shown} | {row.allowed()} | {row.description}{changes} |\n'


def readme_table(table: Table) -> str:
    return HEADING + ''.join(readme_row(row) for row in table)


@pytest.mark.parametrize(
    ('node', 'table'), [('binner', BINNER), ('depth', DEPTH), ('replay', REPLAY)]
)
def test_the_table_of_a_nodes_parameters(node: str, table: Table) -> None:
    assert f'**{node}**\n\n{readme_table(table)}' in README
