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

"""Values of parsed YAML, and errors for wrong ones."""

from typing import Any

import numpy as np
import pytest

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.files.section import Section

SECTION = Section(
    {
        'cam0': {
            'name': 'left',
            'count': 7,
            'resolution': [346, 260],
            'matrix': [[1, 2.5], [3, -1e-05]],
            'empty': [],
            'yes': True,
            'huge': [10**400],
            'nan': [float('nan')],
            'text': ['1e-05'],
            'deep': [[[[[[[[[['bomb' * 100]]]]]]]]] * 100],
        }
    }
).section('cam0')


def test_values() -> None:
    assert 'name' in SECTION
    assert 'other' not in SECTION
    assert SECTION.text('name') == 'left'
    assert SECTION.whole('count') == 7
    assert SECTION.size('resolution') == (346, 260)
    assert SECTION.numbers('empty', -1).shape == (0,)
    assert SECTION.numbers('resolution', -1).tolist() == [346, 260]
    matrix = SECTION.numbers('matrix', 2, 2)
    assert matrix.dtype == np.float64
    assert matrix.tolist() == [[1, 2.5], [3, -1e-05]]


@pytest.mark.parametrize(
    ('method', 'arguments', 'message'),
    [
        ('section', ('other',), r'cam0\.other is missing, but must be a mapping'),
        ('section', ('name',), r"cam0\.name is 'left', but must be a mapping"),
        ('text', ('count',), r'cam0\.count is 7, but must be a text'),
        ('whole', ('yes',), r'cam0\.yes is True, but must be a whole number'),
        ('whole', ('matrix',), r'cam0\.matrix is .* but must be a whole number'),
        ('size', ('count',), r'cam0\.count is 7, but must be a list of 2 whole numbers'),
        ('size', ('empty',), r'cam0\.empty is \[\], but must be a list of 2 whole numbers'),
        ('numbers', ('yes', 1), 'is True, but must be a list of 1 finite numbers'),
        ('numbers', ('resolution', 3), 'must be a list of 3 finite numbers'),
        ('numbers', ('matrix', 2, 3), 'must be a list of 2 x 3 finite numbers'),
        ('numbers', ('matrix', -1), 'must be a list of finite numbers'),
        ('numbers', ('huge', 1), 'must be a list of 1 finite numbers'),
        ('numbers', ('nan', -1), 'must be a list of finite numbers'),
        ('numbers', ('text', 1), r"is \['1e-05'\], but must be a list of 1 finite numbers"),
    ],
)
def test_wrong_values(method: str, arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(CalibrationError, match=message):
        getattr(SECTION, method)(*arguments)


def test_errors_shorten_long_values() -> None:
    with pytest.raises(CalibrationError) as caught:
        SECTION.numbers('deep', 3)
    assert len(str(caught.value)) < 300
