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

"""The result of a run as text."""

from math import isnan

from spike_depth_ros.frames.spike_frame import CAMERAS
from spike_depth_ros.ros.demo.result import MIN_RATE_HZ, Result


def table(result: Result, name: str) -> str:
    """Return the table that the demo ends with."""
    rows = [*_rows(result), *_error_rows(result), *_firing_rows(result)]
    width = max(len(label) for label, _ in rows)
    line = '-' * (width + 30)
    body = [f'{label:<{width}}  {value}' for label, value in rows]
    return '\n'.join([name, line, *body, line])


def status(binner: dict[str, str], depth: dict[str, str], elapsed_s: float) -> str:
    """Return the line that is shown while the demo runs."""
    if not depth or not binner:
        return 'starting the nodes'
    rates = [float(binner.get(f'{camera} events (1/s)', 0)) for camera in CAMERAS]
    return (
        f'{elapsed_s:5.1f} s | windows {depth["windows in"]} in, {depth["windows out"]} out, '
        f'{depth["windows dropped"]} dropped | {float(depth["output rate (Hz)"]):4.1f} Hz | '
        f'latency {_number(float(depth["latency median (ms)"]), 0)} ms | '
        f'{sum(rates) / 1e6:.2f} million events/s'
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
        ('rate', f'{result.rate_hz:.2f} Hz (at least {MIN_RATE_HZ:g} wanted)'),
        (
            'latency, window end to depth',
            f'median {_number(median_ms, 1)} ms, 99 % {_number(p99_ms, 1)} ms',
        ),
        ('events', f'{counts.events / max(result.duration_s, 1e-9) / 1e6:.3f} million/s'),
    ]


def _number(value: float, digits: int) -> str:
    """Return a number with some digits after the point; '-' for NaN."""
    return '-' if isnan(value) else f'{value:.{digits}f}'


def _error_rows(result: Result) -> list[tuple[str, str]]:
    error = result.error
    if error is None:
        truth = result.truth
        reason = f'no ground truth: {truth.reason}' if truth.reason else 'no ground truth'
        return [('mean depth error', 'no window to compare' if truth.topic else reason)]
    return [
        ('mean depth error', f'{error.mean_m:.3f} m over {error.windows} windows'),
        ('  of the best constant', f'{error.constant_m:.3f} m'),
        ('  share of the truth covered', f'{error.coverage:.1%}'),
    ]


def _firing_rows(result: Result) -> list[tuple[str, str]]:
    labels = {name: name.removeprefix('firing rate') for name in result.firing}
    return [
        (f'  {label.strip()}' if label else 'firing rate, mean of the layers', f'{rate:.2%}')
        for (name, label), rate in zip(labels.items(), result.firing.values(), strict=True)
    ]
