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

"""Worker processes of the fuzz program; each executes a part of the runs."""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from stress.runs import INPUTS

WITHOUT_CHECKS = 8  # number of parts without bounds checks: small parts end at about the same time


@dataclass
class Part:
    """Runs of one worker process, and their results.

    Attributes:
        first_run: number of the first run.
        runs: number of runs.
        is_checked: whether numba checks bounds.
        done: number of runs done so far.
        figures: figures by encoding.
        resident_kib: memory at the start and at the end, KiB.
        failure: run, error and command of the first failure; None without one.
    """

    first_run: int
    runs: int
    is_checked: bool
    done: int = 0
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    resident_kib: tuple[int, int] = (0, 0)
    failure: dict[str, Any] | None = None


def divide(first_run: int, runs: int, share: float) -> list[Part]:
    """Return the parts of all runs, the one with bounds checks first.

    Args:
        first_run: number of the first run.
        runs: number of runs.
        share: share of runs with bounds checks, 0 to 1.
    """
    checked = round(runs * share)
    rest = runs - checked
    edges = [0, *(checked + rest * part // WITHOUT_CHECKS for part in range(WITHOUT_CHECKS + 1))]
    parts = [
        Part(first_run + start, end - start, is_checked=number == 0)
        for number, (start, end) in enumerate(pairwise(edges))
    ]
    return [part for part in parts if part.runs]


def work(part: Part, seed: int, cache: Path, stop: threading.Event) -> None:
    """Execute a part in a process, up to a failure in this part or another.

    Args:
        part: runs to execute; receives the results.
        seed: seed of the inputs.
        cache: folder for numba's cache. The package's cache may be older than the source, and has
            no functions with bounds checks.
        stop: set after the first failure of any part.
    """
    if stop.is_set():
        return
    command = [sys.executable, '-m', 'stress.worker', '--seed', str(seed)]
    command += ['--first-run', str(part.first_run), '--runs', str(part.runs)]
    environment = {
        **os.environ,
        'NUMBA_BOUNDSCHECK': str(int(part.is_checked)),
        'NUMBA_CACHE_DIR': str(cache / ('checked' if part.is_checked else 'plain')),
    }
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            vars(part).update(json.loads(line))
            if stop.is_set():
                process.terminate()
    if process.returncode and not part.failure and not stop.is_set():
        part.failure = {
            'run': part.first_run + part.done,
            'error': f'the process ended with {process.returncode} in this run or soon after it',
        }
    if part.failure:
        part.failure['repeat'] = _repeat(part, seed)
        stop.set()


def _repeat(part: Part, seed: int) -> str:
    """Return the command that repeats a failure, or the runs that contain it."""
    assert part.failure is not None
    inputs = INPUTS if 'input' in part.failure else INPUTS * (part.runs - part.done)
    return (
        f'python -m stress.fuzz --seed {seed} --first-run {part.failure["run"]} '
        f'--inputs {inputs} --bounds-share {int(part.is_checked)}'
    )
