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

"""Run benchmarks: `python -m bench [--only name ...]` prints a table and writes JSON."""

import argparse
import json
import os
import platform
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import onnxruntime

from bench import (
    counting,
    end_to_end,
    inference,
    motion,
    node_load,
    readers,
    replay,
    simulation,
    stalls,
)

PACKAGES = ('numpy', 'numba', 'torch', 'spikingjelly')
DEFAULT_OUTPUT = Path('runs/bench.json')
COLUMNS = ('name', 'value', 'unit', 'ratio')
# By name; the argument holds the options of the command line.
BENCHMARKS: dict[str, Callable[[argparse.Namespace], list[dict[str, Any]]]] = {
    'counting': lambda _: counting.run(),
    'node_load': lambda _: node_load.run(),
    'readers': lambda _: readers.run(),
    'replay': lambda _: replay.run(),
    'end_to_end': lambda given: end_to_end.run(
        given.seconds, given.hz, given.model, given.provider
    ),
    'stalls': lambda _: stalls.run(),
    'inference': lambda _: inference.run(),
    'motion': lambda _: motion.run(),
    'simulation': lambda _: simulation.run(),
}


def main() -> None:
    """Run the benchmarks; print and write the results."""
    arguments = _arguments()
    machine = _machine()
    print(f'{machine["processor"]}, {machine["cores"]} cores, Python {machine["python"]}\n')
    rows = []
    for name in arguments.only:
        new_rows = BENCHMARKS[name](arguments)
        _print(new_rows)
        rows += new_rows
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps({'machine': machine, 'rows': rows}, indent=2) + '\n')
    print(f'\nwritten to {arguments.output}')


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m bench', description=__doc__)
    parser.add_argument(
        '--only', nargs='+', choices=BENCHMARKS, default=list(BENCHMARKS), help='default: all'
    )
    parser.add_argument(
        '--output', type=Path, default=DEFAULT_OUTPUT, help=f'JSON file ({DEFAULT_OUTPUT})'
    )
    parser.add_argument(
        '--seconds',
        type=float,
        default=end_to_end.SECONDS,
        help=f'length of each end-to-end run ({end_to_end.SECONDS:g})',
    )
    parser.add_argument(
        '--hz',
        nargs='+',
        type=float,
        choices=end_to_end.MODELS,
        default=list(end_to_end.MODELS),
        help='rates of windows of the end-to-end runs',
    )
    parser.add_argument(
        '--model', type=Path, help='model of the end-to-end runs; default: one for each rate'
    )
    parser.add_argument(
        '--provider',
        nargs='+',
        choices=end_to_end.PROVIDERS,
        default=end_to_end.PROVIDERS,
        help='execution providers of the end-to-end runs',
    )
    return parser.parse_args()


def _machine() -> dict[str, Any]:
    """Return the hardware and versions that the numbers depend on."""
    cores = (
        os.sched_getaffinity(0) if hasattr(os, 'sched_getaffinity') else range(os.cpu_count() or 1)
    )
    return {
        'processor': _processor(),
        'cores': len(cores),
        'system': platform.platform(),
        'python': platform.python_version(),
        **{package: version(package) for package in PACKAGES},
        'onnxruntime': onnxruntime.__version__,
    }


def _processor() -> str:
    cpuinfo = Path('/proc/cpuinfo')
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.split(':', 1)[1].strip() for line in lines if line.startswith('model name')]
    return models[0] if models else platform.processor() or platform.machine()


def _print(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        ratio = row.get('ratio')
        times = '' if ratio is None else f'{ratio:8.2f} x'
        others = ', '.join(f'{key} {row[key]:.2g}' for key in row if key not in COLUMNS)
        line = f'{row["name"]:66} {row["value"]:10} {row["unit"]:8}{times:10}  {others}'
        print(line.rstrip(), flush=True)


if __name__ == '__main__':
    main()
