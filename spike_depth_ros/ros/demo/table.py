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

"""Result of a run as text."""

from math import isnan

from spike_depth_ros.ros.demo.comparison import DepthError
from spike_depth_ros.ros.demo.node_status import BinnerStatus, DepthStatus
from spike_depth_ros.ros.demo.result import Result
from spike_depth_ros.ros.depth_meters import FIRING_RATE

# Time between a true depth and the end of its window that is not worth a word, milliseconds.
EXACT_MS = 1.0


def table(result: Result, name: str) -> str:
    """Return the table of results; name: of the recording."""
    rows = [*_rows(result), *_error_rows(result), *_firing_rows(result)]
    width = max(len(label) for label, _ in rows)
    line = '-' * (width + 30)
    body = [f'{label:<{width}}  {value}' for label, value in rows]
    return '\n'.join([name, line, *body, line])


def status(binner: BinnerStatus | None, depth: DepthStatus | None, elapsed_s: float) -> str:
    """Return the status line of a running demo.

    Args:
        binner, depth: latest numbers of the nodes, None before any.
        elapsed_s: time since the start, seconds.
    """
    if depth is None or binner is None:
        return 'starting the nodes'
    windows = depth.counters
    return (
        f'{elapsed_s:5.1f} s | windows {windows.windows_in} in, {windows.windows_out} out, '
        f'{windows.windows_dropped} dropped | {depth.output_hz:4.1f} Hz | '
        f'latency {_number(depth.latency_median_ms, 0)} ms | '
        f'{binner.events_hz / 1e6:.2f} million events/s'
    )


def _rows(result: Result) -> list[tuple[str, str]]:
    counts = result.counts
    median_ms, p99_ms = result.latency_ms
    return [
        ('windows in', f'{counts.windows_in}'),
        ('windows out (depth)', f'{counts.windows_out}'),
        ('windows skipped (too few events)', f'{counts.skipped}'),
        ('windows incomplete (a camera saw nothing)', f'{counts.incomplete}'),
        ('windows lost', f'{counts.lost}, {counts.dropped} of them dropped from the full queue'),
        ('packets', f'{counts.packets}, {counts.packets_lost} lost'),
        ('rate', f'{result.rate_hz:.2f} Hz (at least {result.min_rate_hz:g} wanted)'),
        (
            'latency, window end to depth',
            f'median {_number(median_ms, 1)} ms, 99 % {_number(p99_ms, 1)} ms',
        ),
        ('events', f'{counts.events / max(result.duration_s, 1e-9) / 1e6:.3f} million/s'),
    ]


def _number(value: float, digits: int) -> str:
    """Return a number rounded to some digits after the point; '-' for NaN."""
    return '-' if isnan(value) else f'{value:.{digits}f}'


def _error_rows(result: Result) -> list[tuple[str, str]]:
    error = result.error
    if error is None:
        reason = f'no ground truth: {result.no_truth}' if result.no_truth else 'no ground truth'
        return [('mean depth error', 'no window to compare' if result.has_truth else reason)]
    return [
        ('mean depth error', f'{error.mean_m:.3f} m over {_compared(error, result.tested)}'),
        ('  of the best constant', f'{error.constant_m:.3f} m'),
        ('  share of the truth covered', f'{error.coverage:.1%}'),
        *_flicker_row(error),
        *((f'  {name}', f'{value:.4g}') for name, value in error.protocol.items()),
    ]


def _compared(error: DepthError, tested: int | None) -> str:
    """Return the numbers of windows and of true depths in words; tested: see Result."""
    if tested:
        number = f"{error.windows} windows of {tested} in the split's test range"
    elif error.windows == error.truths:
        number = f'{error.windows} windows'
    else:
        number = f'{error.windows} of {error.truths} true depths'
    if error.distance_ms <= EXACT_MS:
        return number
    return f'{number}, up to {error.distance_ms:.1f} ms from the end of a window'


def _flicker_row(error: DepthError) -> list[tuple[str, str]]:
    if isnan(error.flicker):
        return []
    return [('flicker, change of log depth beyond the true one', f'{error.flicker:.3f}')]


def _firing_rows(result: Result) -> list[tuple[str, str]]:
    labels = {name: name.removeprefix(FIRING_RATE) for name in result.firing_rates}
    return [
        (f'  {label.strip()}' if label else 'firing rate, mean of the layers', f'{rate:.2%}')
        for (name, label), rate in zip(labels.items(), result.firing_rates.values(), strict=True)
    ]
