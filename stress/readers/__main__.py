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

"""Fuzz all readers of recordings: `python -m stress.readers`, or `make fuzz`.

The program damages small recordings of every format, byte for byte, and reads them in processes
with limits of time and memory. A reader must refuse a file in one sentence, or yield events that
keep the rules of EventRecording. It prints a table, writes JSON, and exits with 1 after a failure,
with the command that repeats it.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stress.readers.samples import SAMPLES, WEIGHTS

DEFAULT_OUTPUT = Path('runs/fuzz_readers.json')
MOST_CRASHES = 20


@dataclass
class Part:
    """Inputs of one format, and their results.

    Attributes:
        name: the format.
        inputs: number of inputs.
        done: number of inputs read.
        outcomes: number of inputs by outcome.
        slowest_s: processor time of the slowest input, seconds.
        peak_mb: largest memory of a process, MB.
        failures: each with its number, error and command.
    """

    name: str
    inputs: int
    done: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    peak_mb: float = 0.0
    failures: list[dict[str, Any]] = field(default_factory=list)


def main() -> None:
    """Damage and read; print and write the results."""
    arguments = _parse()
    total = sum(WEIGHTS.get(name, 1) for name in arguments.only)
    parts = [
        Part(name, -(-arguments.inputs * WEIGHTS.get(name, 1) // total)) for name in arguments.only
    ]
    start_s = time.monotonic()
    with ThreadPoolExecutor(arguments.processes) as pool:
        for future in as_completed([pool.submit(_work, part, arguments) for part in parts]):
            _print(future.result())
    seconds = time.monotonic() - start_s
    inputs, failures = sum(part.done for part in parts), sum(len(part.failures) for part in parts)
    print(f'{inputs:,} inputs, {failures} failures, {seconds:.0f} s')
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    result = {'seed': arguments.seed, 'seconds': round(seconds), 'parts': list(map(vars, parts))}
    arguments.output.write_text(json.dumps(result, indent=2) + '\n')
    print(f'written to {arguments.output}')
    raise SystemExit(1 if failures else 0)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='python -m stress.readers', description=__doc__)
    parser.add_argument('--inputs', type=int, default=1_000_000, help='how many (%(default)s)')
    parser.add_argument('--seed', type=int, default=1, help='another one gives other inputs')
    parser.add_argument('--first', type=int, default=0, help='to repeat an input by its number')
    parser.add_argument(
        '--only', nargs='+', choices=tuple(SAMPLES), default=list(SAMPLES), help='default: all'
    )
    parser.add_argument('--processes', type=int, default=2, help='at a time (%(default)s)')
    parser.add_argument(
        '--output', type=Path, default=DEFAULT_OUTPUT, help='JSON file (%(default)s)'
    )
    return parser.parse_args()


def _work(part: Part, arguments: argparse.Namespace) -> Part:
    """Read the inputs of a format; after a crash, the rest in another process."""
    first, end = arguments.first, arguments.first + part.inputs
    while first < end and len(part.failures) < MOST_CRASHES:
        with tempfile.TemporaryDirectory(dir=_memory_folder()) as folder:
            code, failures = _run(part, arguments.seed, first, end, Path(folder))
            number = _last_number(Path(folder), part.name)
        if code and not failures:
            failures.append({'number': number, 'failure': f'the process ended with {code}'})
        for failure in failures:
            failure['repeat'] = (
                f"python -m stress.readers --seed {arguments.seed} --only '{part.name}' "
                f'--first {failure["number"]} --inputs 1'
            )
        part.failures += failures
        part.done += number + 1 - first
        first = number + 1
    return part


def _run(
    part: Part, seed: int, first: int, end: int, folder: Path
) -> tuple[int, list[dict[str, Any]]]:
    """Run a worker; return its exit code and failures."""
    command = [sys.executable, '-m', 'stress.readers.worker', '--format', part.name]
    command += ['--seed', str(seed), '--first', str(first), '--inputs', str(end - first)]
    failures, outcomes = [], Counter()
    with subprocess.Popen(
        [*command, '--folder', str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            values = json.loads(line)
            if 'failure' in values:
                failures.append(values)
                continue
            outcomes = Counter(values['outcomes'])
            part.slowest_s = max(part.slowest_s, values['slowest_s'])
            part.peak_mb = max(part.peak_mb, values['peak_mb'])
    part.outcomes += outcomes
    return process.returncode, failures


def _last_number(folder: Path, name: str) -> int:
    """Return the number of the last input that a worker read."""
    path = folder / '.number'
    if not path.exists():
        raise SystemExit(f'the sample of {name} cannot be read as it is')
    return int(path.read_text())


def _memory_folder() -> str | None:
    """Return a folder in memory where there is one."""
    return '/dev/shm' if Path('/dev/shm').is_dir() else None


def _print(part: Part) -> None:
    outcomes = ', '.join(f'{count:,} {name}' for name, count in sorted(part.outcomes.items()))
    print(
        f'{part.name:20}{part.done:10,} inputs: {outcomes}; slowest {part.slowest_s:.2f} s, '
        f'peak {part.peak_mb:.0f} MB',
        flush=True,
    )
    for failure in part.failures:
        print(f'  FAILED: {failure["failure"]}\n    {failure["repeat"]}', flush=True)


if __name__ == '__main__':
    main()
