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

"""The processes of the fuzz program: each makes a part of the runs."""

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

WITHOUT_CHECKS = 8  # parts, so that the processes end together


@dataclass
class Part:
    """Name the runs of a worker process, and hold what it said.

    is_checked: with numba's bounds checks. resident_kib: memory at its start and at its end.
    """

    first_run: int
    runs: int
    is_checked: bool
    done: int = 0
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    resident_kib: tuple[int, int] = (0, 0)
    failure: dict[str, Any] | None = None


def divide(first_run: int, runs: int, share: float) -> list[Part]:
    """Return parts for so many runs; the share with bounds checks comes first."""
    checked = round(runs * share)
    rest = runs - checked
    edges = [0, *(checked + rest * part // WITHOUT_CHECKS for part in range(WITHOUT_CHECKS + 1))]
    parts = [
        Part(first_run + start, end - start, is_checked=number == 0)
        for number, (start, end) in enumerate(pairwise(edges))
    ]
    return [part for part in parts if part.runs]


def work(part: Part, seed: int, cache: Path, stop: threading.Event) -> None:
    """Let a process make a part, up to a failure in this one or another.

    cache: folder for what numba compiles. It is not the package's own: the functions there may be
    older than the source, and none has bounds checks.
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
    """Return the command that repeats a failure, or the runs among which it was."""
    assert part.failure is not None
    inputs = INPUTS if 'input' in part.failure else INPUTS * (part.runs - part.done)
    return (
        f'python -m stress.fuzz --seed {seed} --first-run {part.failure["run"]} '
        f'--inputs {inputs} --bounds-share {int(part.is_checked)}'
    )
