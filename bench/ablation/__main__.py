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

"""Train variants of the networks under equal conditions: `python -m bench.ablation --only NAME`.

Each training is `spike-depth train` with the arguments of variants.py, in one thread. Errors are
measured on 64 validation windows of each data set, in metres at the network's baseline, and with
`--test` on windows of the test splits, in metres of the data set's rig. Each training adds a row
to a file; the tables show all rows there: means over the seeds, and the largest deviation from
them.
"""

import argparse
import json
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from bench.ablation.variants import FIRST, JOININGS, VARIANTS, measured

LEADING = ('variant', 'steps', 'seeds', 'parameters (million)', 's a step')


def main() -> None:
    """Train the variants of the command line, and print tables of all rows in the file."""
    parser = argparse.ArgumentParser(prog='python -m bench.ablation', description=__doc__)
    parser.add_argument('--only', nargs='+', choices=VARIANTS, default=[], help='default: none')
    parser.add_argument('--steps', type=int, default=600, help='of each training (600)')
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3], help='1 2 3')
    parser.add_argument('--test', type=int, default=0, help='windows of each test split (none)')
    parser.add_argument('--output', type=Path, default=Path('runs/ablation.jsonl'))
    arguments = parser.parse_args()
    if arguments.steps < FIRST + 2:
        parser.error(f'--steps is {arguments.steps}: use {FIRST + 2} or more')
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.touch()
    # A process for each training: after a few trainings in one process, torch.compile fails
    # (IndexError).
    with ProcessPoolExecutor(1, get_context('spawn'), max_tasks_per_child=1) as processes:
        for seed, name in product(arguments.seeds, arguments.only):
            row = {'name': name, 'steps': arguments.steps, 'seed': seed}
            job = processes.submit(measured, name, arguments.steps, seed, arguments.test)
            row |= job.result()
            with arguments.output.open('a') as file:
                file.write(json.dumps(row) + '\n')
    rows = [json.loads(line) for line in arguments.output.read_text().splitlines()]
    for joined in (False, True):
        print(table([row for row in rows if (row['name'] in JOININGS) == joined]), '\n')


def table(rows: list[dict[str, Any]]) -> str:
    """Return a Markdown table with a line for each variant and number of steps."""
    latest = {(row['name'], row['steps'], row['seed']): row for row in rows}
    groups = defaultdict(list)
    for (name, steps, _), row in latest.items():
        groups[name, steps].append(row)
    metrics = list(dict.fromkeys(name for row in rows for name in row if name.startswith('Sim')))
    lines = [[*LEADING, *metrics], ['---'] * (len(LEADING) + len(metrics))]
    for (name, steps), group in groups.items():
        seeds = ' '.join(str(row['seed']) for row in group)
        size = f'{group[0]["parameters"] / 1e6:.2f}'
        seconds = f'{np.median([row["seconds"] for row in group]):.2f}'
        errors = [
            _mean_and_deviation([row[metric] for row in group if metric in row])
            for metric in metrics
        ]
        lines.append([name, str(steps), seeds, size, seconds, *errors])
    return '\n'.join(f'| {" | ".join(line)} |' for line in lines)


def _mean_and_deviation(values: list[float]) -> str:
    if not values:
        return '-'
    mean = float(np.mean(values))
    spread = max(abs(value - mean) for value in values)
    return f'{mean:.3f} ± {spread:.3f}' if len(values) > 1 else f'{mean:.3f}'


if __name__ == '__main__':
    main()
