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

"""Scores of depth over the windows of a data set, and their tables."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros import metrics
from spike_depth_ros.outputs import whole_file
from spike_depth_ros.protocols import CUT_OFFS_M

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]
AT_EVENTS = 'events: '


class Truth(NamedTuple):
    """True depth of windows.

    Args:
        depth: float32 [n, h, w], metres; NaN where unknown or outside of the data set's range.
        event_depth: float32 [n, h, w], depth of the surface that caused a pixel's events, metres;
            NaN likewise.
        has_events: bool [n, h, w], True for pixels of the left camera with events.
        focal_baseline: depth in metres times the disparity in which errors are measured.
    """

    depth: Depth
    event_depth: Depth
    has_events: Mask
    focal_baseline: float


def scores(predicted: Depth, truth: Truth) -> dict[str, float]:
    """Return all metrics of depth by name; those at event pixels begin with 'events: '.

    Event pixels are compared with the depth of the surface that caused the events.

    Args:
        predicted: float32 [n, h, w], metres.
        truth: true depth of the same windows.
    """
    everywhere = np.ones_like(truth.has_events)
    named = of_depth(predicted, truth.depth, truth.focal_baseline, everywhere)
    at_events = of_depth(predicted, truth.event_depth, truth.focal_baseline, truth.has_events)
    return named | {f'{AT_EVENTS}{name}': value for name, value in at_events.items()}


def of_depth(
    predicted: Depth, truth: Depth, focal_baseline: float, mask: Mask
) -> dict[str, float]:
    """Return the metrics of metrics.py over some pixels, by name.

    Args:
        predicted: float32 [n, h, w], metres.
        truth: float32 [n, h, w], metres; NaN where unknown.
        focal_baseline: depth in metres times disparity in pixels.
        mask: bool [n, h, w], True for the pixels that count.
    """

    def within(pixels: float) -> float:
        return metrics.pixel_accuracy(predicted, truth, focal_baseline, pixels, mask)

    plain: dict[str, Callable[[Depth, Depth, Mask], float]] = {
        'mean error (m)': metrics.mean_depth_error,
        'median error (m)': metrics.median_depth_error,
        'AbsRel': metrics.abs_rel,
        'SqRel (m)': metrics.sq_rel,
        'RMSE (m)': metrics.rmse,
        'RMSE log': metrics.rmse_log,
        'SI log': metrics.si_log,
        'delta 1': metrics.delta1,
        'delta 2': metrics.delta2,
        'delta 3': metrics.delta3,
        'coverage': metrics.coverage,
    }
    values = {name: metric(predicted, truth, mask) for name, metric in plain.items()}
    for cut_off in CUT_OFFS_M:
        near = mask & (truth <= cut_off)
        values[f'to {cut_off:g} m (m)'] = metrics.mean_depth_error(predicted, truth, near)
    disparity = metrics.mean_disparity_error(predicted, truth, focal_baseline, mask)
    values |= {'disparity error (px)': disparity, '1PA': within(1), '2PA': within(2)}
    return values | {'1PA, missing wrong': values['1PA'] * values['coverage']}


def table(
    rows: Mapping[str, Mapping[str, float]], columns: Sequence[str], prefix: str = ''
) -> str:
    """Return some scores as a Markdown table, a line for each method.

    Columns and lines without a number have no sample, and are left out; without any the table is
    ''.

    Args:
        rows: scores by method.
        columns: names of scores, without their prefix.
        prefix: common beginning of the scores' names.
    """
    found = {
        name: {column: values.get(prefix + column, math.nan) for column in columns}
        for name, values in rows.items()
    }
    known = [c for c in columns if any(math.isfinite(values[c]) for values in found.values())]
    if not known:
        return ''
    lines = [f'| | {" | ".join(known)} |', '|---' * (len(known) + 1) + '|']
    for name, values in found.items():
        if any(math.isfinite(values[column]) for column in known):
            lines.append(f'| {name} | {" | ".join(f"{values[c]:.3f}" for c in known)} |')
    return '\n'.join(lines)


def print_table(
    heading: str,
    rows: Mapping[str, Mapping[str, float]],
    columns: Sequence[str],
    prefix: str = '',
) -> None:
    """Print a heading and a table unless it is empty; see `table`."""
    if text := table(rows, columns, prefix):
        print(f'{heading}\n\n{text}\n')


def save(path: Path, rows: Mapping[str, Mapping[str, float]]) -> None:
    """Write all scores as JSON, by method."""
    with whole_file(path) as unfinished:
        unfinished.write_text(json.dumps(rows, indent=1) + '\n')
