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

"""Trainings side by side, each in a process of its own."""

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import connection, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import torch

from spike_depth_ros.training.reproduce.runs import Run, with_teachers
from spike_depth_ros.training.reproduce.scores import Groups, is_scored, of_run, prepare
from spike_depth_ros.training.settings import SettingsError

LOG = 'training.log'
PATIENCE_S = 5.0  # time that a process has to end in order
TERMINATED = 128 + signal.SIGTERM


@dataclass(frozen=True)
class Job:
    """Training and measurement of a run.

    Args:
        run: the run.
        parts: parts of its scores that are needed; see scores.of_run.
        layers: groups of layers; see Paper.layers.
    """

    run: Run
    parts: frozenset[str]
    layers: Groups

    @property
    def log(self) -> Path:
        """Return the file with the output of the process."""
        return self.run.folder / LOG

    @property
    def is_done(self) -> bool:
        """Return whether the run has been trained and measured."""
        return self.run.checkpoint.exists() and is_scored(self.run, set(self.parts))

    def do(self) -> None:
        """Train and measure what is missing."""
        self.run.train()
        of_run(self.run, set(self.parts), self.layers)


class FailedTrainings(SettingsError):
    """Trainings that failed; the message names them and the remedy."""

    def __init__(self, failed: Sequence[Job]) -> None:
        logs = ', '.join(str(job.log) for job in failed if job.log.exists())
        super().__init__(
            f'{len(failed)} of the trainings failed, and the tables that need them are missing: '
            f'mend what the end of {logs} names, and call the command again.'
        )


@dataclass
class _Pool:
    """Processes that train side by side."""

    at_a_time: int
    waiting: list[Job]
    running: dict[BaseProcess, tuple[Job, float]] = field(default_factory=dict)
    failed: list[Job] = field(default_factory=list)
    number: int = 0
    ended: int = 0

    def work(self) -> None:
        """Run all jobs."""
        self.number = len(self.waiting)
        print(
            f'{self.number} trainings, {self.at_a_time} at a time; each writes to {LOG}',
            flush=True,
        )
        while self.waiting or self.running:
            self._start()
            for sentinel in connection.wait([process.sentinel for process in self.running]):
                process = next(each for each in self.running if each.sentinel == sentinel)
                self._end(process)

    def end(self) -> None:
        """End all processes, in order if they can."""
        for process in self.running:
            process.terminate()
        until = monotonic() + PATIENCE_S
        for process in self.running:
            process.join(max(0.0, until - monotonic()))
            process.kill()
            process.join()

    def _start(self) -> None:
        while len(self.running) < self.at_a_time and (ready := self._ready()):
            job = ready[0]
            self.waiting.remove(job)
            threads = max(1, (os.cpu_count() or 1) // self.at_a_time)
            process = get_context('spawn').Process(target=_work, args=(job, threads))
            process.start()
            self.running[process] = job, monotonic()

    def _end(self, process: BaseProcess) -> None:
        job, started = self.running.pop(process)
        process.join()
        after = f'after {monotonic() - started:.0f} s'
        code = process.exitcode or 0
        if code == 0:
            self._tell(job, '', after)
            return
        end = f'signal {-code}' if code < 0 else _last_line(job.log)
        self._fail(job, f'{after}: {end}')

    def _fail(self, job: Job, how: str) -> None:
        """Give a job up, and those that wait for its network.

        Args:
            job: the job.
            how: end of the line that tells of it.
        """
        self.failed.append(job)
        self._tell(job, ' failed', how)
        for student in [each for each in self.waiting if each.run.teacher == job.run]:
            if not job.run.checkpoint.exists():
                self.waiting.remove(student)
                self._fail(student, 'with its teacher')

    def _ready(self) -> list[Job]:
        """Return the waiting jobs whose teacher, if any, has been trained."""
        teachers = ((job, job.run.teacher) for job in self.waiting)
        return [job for job, teacher in teachers if not teacher or teacher.checkpoint.exists()]

    def _tell(self, job: Job, failed: str, how: str) -> None:
        """Print a line on the end of a job.

        Args:
            job: the job.
            failed: ' failed' or ''.
            how: end of the line.
        """
        self.ended += 1
        print(f'{self.ended} of {self.number}{failed}: {job.run.name} {how}', flush=True)


def run_jobs(jobs: Sequence[Job], at_a_time: int) -> list[Job]:
    """Train and measure what is missing, several runs at a time, and return the jobs that failed.

    A job that fails leaves the others running. Windows are made before. SIGINT and SIGTERM end all
    processes; the next call goes on from their last checkpoints.

    Args:
        jobs: the jobs; equal runs are one.
        at_a_time: number of processes.
    """
    parts: dict[str, frozenset[str]] = {}
    for job in jobs:
        parts[job.run.name] = parts.get(job.run.name, frozenset()) | job.parts
    runs = with_teachers(job.run for job in jobs)
    distinct = [Job(run, parts.get(run.name, frozenset()), jobs[0].layers) for run in runs]
    missing = [job for job in distinct if not job.is_done]
    # Runs of one data set and of the same parts have the same windows.
    windows = {
        (job.run.setup.recipe.name, job.run.fold, job.run.preparation, job.parts): job
        for job in missing
    }
    for job in windows.values():
        job.run.prepare()
        prepare(job.run, set(job.parts))
    pool = _Pool(at_a_time, missing)
    with _terminating():
        try:
            pool.work()
        finally:
            pool.end()
    return pool.failed


@contextmanager
def _terminating() -> Iterator[None]:
    """Turn SIGTERM into SystemExit."""

    def leave(*_: Any) -> None:
        raise SystemExit(TERMINATED)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _work(job: Job, threads: int) -> None:
    """Do a job in a new process, whose output goes to the log.

    Args:
        job: the job.
        threads: threads of torch.
    """
    Thread(target=_end_with_parent, daemon=True).start()
    job.log.parent.mkdir(parents=True, exist_ok=True)
    with job.log.open('ab') as file:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
    torch.set_num_threads(threads)
    job.do()


def _end_with_parent() -> None:
    """End this process when its parent has ended, even a killed one."""
    parent = parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(TERMINATED)


def _last_line(log: Path) -> str:
    """Return the last line of a log that is not empty; '' without one."""
    text = log.read_text(errors='replace') if log.exists() else ''
    lines = [line.strip() for line in text.replace('\r', '\n').splitlines() if line.strip()]
    return lines[-1] if lines else ''
