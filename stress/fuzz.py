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

"""Fuzz all decoders with millions of damaged packets: `python -m stress.fuzz`, or `make fuzz`.

The program damages valid packets of every encoding, synthetic and recorded, and decodes them, a
few in a row with one decoder, into arrays between guard bytes. A share runs with numba's bounds
checks. It prints a table and writes JSON; at the first failure it exits with 1 and prints the
command that repeats it.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from stress.parts import Part, divide, work
from stress.runs import INPUTS

DEFAULT_OUTPUT = Path('runs/fuzz.json')
PROGRESS_SECONDS = 1


def main() -> None:
    """Execute all runs; print and write the results."""
    arguments = _parse()
    runs = -(-arguments.inputs // INPUTS)
    parts = divide(arguments.first_run, runs, arguments.bounds_share)
    start = time.monotonic()
    _work(parts, arguments.seed, arguments.processes)
    result = {
        'seed': arguments.seed,
        'seconds': round(time.monotonic() - start),
        'rows': [row for checked in (False, True) for row in _rows(parts, checked)],
        'resident_mib': _memory(parts),
        'failures': [part.failure for part in parts if part.failure],
    }
    _print(result)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(result, indent=2) + '\n')
    print(f'written to {arguments.output}')
    raise SystemExit(1 if result['failures'] else 0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m stress.fuzz', description=__doc__)
    parser.add_argument('--inputs', type=int, default=10_000_000, help='how many (%(default)s)')
    parser.add_argument('--seed', type=int, default=1, help='another one gives other inputs')
    parser.add_argument('--first-run', type=int, default=0, help='to repeat a run by its number')
    parser.add_argument(
        '--bounds-share', type=float, default=0.02, help='with bounds checks, 0 to 1 (%(default)s)'
    )
    parser.add_argument('--processes', type=int, default=2, help='at a time (%(default)s)')
    parser.add_argument(
        '--output', type=Path, default=DEFAULT_OUTPUT, help='JSON file (%(default)s)'
    )
    return parser.parse_args()


def _work(parts: list[Part], seed: int, processes: int) -> None:
    """Execute all parts, in a number of processes at a time, until the first failure."""
    total = sum(part.runs for part in parts) * INPUTS
    stop = threading.Event()
    with tempfile.TemporaryDirectory() as cache, ThreadPoolExecutor(processes) as pool:
        futures = [pool.submit(work, part, seed, Path(cache), stop) for part in parts]
        while not all(future.done() for future in futures):
            time.sleep(PROGRESS_SECONDS)
            done = sum(part.done for part in parts) * INPUTS
            print(f'\r{done:,} of {total:,} inputs', end='', file=sys.stderr, flush=True)
        print(file=sys.stderr)
        for future in futures:
            future.result()


def _rows(parts: list[Part], checked: bool) -> list[dict[str, Any]]:
    """Return the figures of each encoding, with or without bounds checks."""
    figures = [part.figures for part in parts if part.is_checked == checked and part.figures]
    rows = []
    for encoding in figures[0] if figures else ():
        each = [of_part[encoding] for of_part in figures]
        row = max(each, key=lambda of_part: of_part['slowest_us']) | {
            name: sum(of_part[name] for of_part in each) for name in ('inputs', 'bytes', 'events')
        }
        rows.append({'encoding': encoding, 'bounds_checks': checked, **row})
    return rows


def _memory(parts: list[Part]) -> list[float]:
    """Return memory at start and end of the process that grew most, MiB."""
    before, after = max((part.resident_kib for part in parts), key=lambda kib: kib[1] - kib[0])
    return [round(before / 1024, 1), round(after / 1024, 1)]


def _print(result: dict[str, Any]) -> None:
    print('encoding      checks       inputs         bytes        events   slowest')
    for row in result['rows']:
        checks = 'bounds' if row['bounds_checks'] else ''
        print(
            f'{row["encoding"]:14}{checks:7}{row["inputs"]:12,}{row["bytes"]:14,}'
            f'{row["events"]:14,}{row["slowest_us"]:7.0f} us'
        )
    inputs = sum(row['inputs'] for row in result['rows'])
    before, after = result['resident_mib']
    print(
        f'{inputs:,} inputs, {len(result["failures"])} failures, {result["seconds"]} s; '
        f'memory from {before} to {after} MiB'
    )
    for failure in result['failures']:
        print('\nFAILED')
        for name, value in failure.items():
            print(f'  {name}: {value}')


if __name__ == '__main__':
    main()
