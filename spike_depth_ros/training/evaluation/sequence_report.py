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

"""Printed report of an evaluation over sequences of consecutive windows."""

import math
from collections.abc import Mapping

from spike_depth_ros.training.data.dataset import DataDescription
from spike_depth_ros.training.evaluation.report import print_confidence
from spike_depth_ros.training.evaluation.scores import print_table
from spike_depth_ros.training.evaluation.sequence_scores import (
    AFTER_CUT,
    AFTER_START,
    ALL,
    CONFIDENCE,
    ERROR,
    EVENT_ACCURACY,
    EVENT_ERROR,
    EVENT_FLICKER,
    EVENT_TEPE,
    FLICKER,
    MEASURES,
    MEDIAN,
    MOVING,
    SETTLED,
    SHARE,
    STILL,
    TEPE,
    TIME,
    TOLD,
    UNTOLD,
    Rows,
    age_name,
    share_name,
)
from spike_depth_ros.training.evaluation.sequence_truth import AGES_MS
from spike_depth_ros.units import MS_NS

RATIOS = (ERROR, MEDIAN, EVENT_ERROR, FLICKER, EVENT_FLICKER, TEPE, EVENT_TEPE)
POINTS = f'{EVENT_ACCURACY}, points'
SETTLING = (
    f'{SHARE}, {SETTLED}',
    *(f'{SHARE}, first window {name}' for name in (AFTER_START, AFTER_CUT)),
    *(f'ms {name}' for name in (AFTER_START, AFTER_CUT)),
)


def print_sequences(
    data: DataDescription, extent: str, rows: Rows, references: Mapping[str, str]
) -> None:
    """Print all tables.

    Args:
        data: description of the data set.
        extent: number and length of the sequences, in words.
        rows: scores by method; see over_sequences.sequence_rows.
        references: row without memory by row.
    """
    print(f'{data.name}, {extent}, windows of {data.window_ns / MS_NS:g} ms\n')
    for group in (ALL, MOVING, STILL):
        print_table(group.capitalize(), rows, MEASURES, f'{group}: ')
    compared, heading = relative(rows, references), 'Relative to the same method without memory'
    print_table(f'{heading}, all rigs', compared, [*RATIOS, POINTS])
    for group in (ALL, MOVING, STILL):
        _print_ages(group, rows)
    _print_confidences(rows)
    print_table('Time until depth is right', rows, SETTLING)
    cut = (ERROR, EVENT_ERROR, EVENT_ACCURACY)
    print_table('Each window of another scene, told to the method', rows, cut, TOLD)
    print_table('Each window of another scene, not told', rows, cut, UNTOLD)
    print_table('Time of a window; of a filter, without that of its source', rows, [TIME])


def relative(rows: Rows, references: Mapping[str, str]) -> Rows:
    """Return scores of all rigs over those of the reference, and the difference of 1PA in points.

    Args: see print_sequences. Rows that are references themselves are left out.
    """
    found: Rows = {}
    for row, reference in references.items():
        if row != reference:
            own, other = rows[row], rows[reference]
            found[row] = {name: _ratio(own, other, f'{ALL}: {name}') for name in RATIOS}
            key = f'{ALL}: {EVENT_ACCURACY}'
            found[row][POINTS] = 100 * (own.get(key, math.nan) - other.get(key, math.nan))
    return found


def _ratio(one: Mapping[str, float], other: Mapping[str, float], key: str) -> float:
    divisor = other.get(key, math.nan)
    return one.get(key, math.nan) / divisor if divisor else math.nan


def _print_ages(group: str, rows: Rows) -> None:
    """Print the mean error by the age of the pixels' last event."""
    prefix, numbers = f'{group}: ', range(len(AGES_MS))
    first = next(iter(rows.values()), {})
    if f'{prefix}{share_name(0)}' not in first:
        return
    names = [age_name(number) for number in numbers if first[f'{prefix}{share_name(number)}']]
    shares = {
        f'{prefix}{age_name(number)}': first[f'{prefix}{share_name(number)}'] for number in numbers
    }
    print_table(
        f'Mean error by the age of the last event, {group}',
        {'share of the pixels': shares, **rows},
        names,
        prefix,
    )


def _print_confidences(rows: Rows) -> None:
    """Print the scores of confidence of the methods that give it."""
    for row, values in rows.items():
        sure = {
            name.removeprefix(CONFIDENCE): value
            for name, value in values.items()
            if name.startswith(CONFIDENCE)
        }
        print_confidence(row, sure)
