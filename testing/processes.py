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

"""Child processes that end with the block that uses them, also when it fails."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

from testing.waiting import LIMIT_S

PIPE = subprocess.PIPE
GRACE_S = 10.0


class ChildProcess:
    """A running process; leaving the context ends it.

    Popen's own context waits without a limit for a process that still runs, so a failed test would
    hang.

    Args:
        command: program and its arguments.
        output: PIPE for a process that writes little, or that `finish` reads; a file for one that
            writes much; None for this process's own output.
        environment: variables that differ from this process's; None removes a variable.
        folder: working folder; None: this process's.
    """

    def __init__(
        self,
        command: Sequence[object],
        output: int | IO[str] | None = PIPE,
        environment: Mapping[str, str | None] | None = None,
        folder: Path | None = None,
    ) -> None:
        variables = os.environ | (environment or {})
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env={key: value for key, value in variables.items() if value is not None},
            cwd=folder,
            stdout=output,
            stderr=output,
            text=True,
        )

    @property
    def pid(self) -> int:
        """Return the process number."""
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Return whether the process still runs."""
        return self.process.poll() is None

    def finish(self) -> 'subprocess.CompletedProcess[str]':
        """Return exit code and outputs, '' without a pipe, once the process has ended."""
        output, error = self.process.communicate(timeout=LIMIT_S)
        code = self.process.returncode
        return subprocess.CompletedProcess(self.process.args, code, output or '', error or '')

    def wait(self) -> tuple[int, str]:
        """Return exit code and standard error once the process has ended."""
        done = self.finish()
        return done.returncode, done.stderr

    def send(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; return exit code and standard error once the process has ended."""
        self.send(number)
        return self.wait()

    def interrupt(self) -> tuple[int, str]:
        """End the process as Ctrl-C does; return exit code and standard error."""
        return self.end(signal.SIGINT)

    def lines(self, last: str) -> list[str]:
        """Return the lines of the output up to the first that contains a text.

        Raises AssertionError if the process ends before it.
        """
        assert self.process.stdout is not None
        number = self.process.stdout.fileno()  # `finish` would miss what the file object buffers
        text = b''
        while not text.endswith(b'\n') or last not in text.decode().splitlines()[-1]:
            byte = os.read(number, 1)
            assert byte, f'the process has ended after {text!r}'
            text += byte
        return text.decode().splitlines()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the process by SIGTERM, after GRACE_S by SIGKILL.

        A killed node leaves 0.6 MB of Fast DDS's shared memory in /dev/shm, of which a container
        has 64 MB.
        """
        if self.is_running:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=GRACE_S)
        if self.is_running:
            self.process.kill()
        self.process.wait()


def children(pid: int) -> list[int]:
    """Return the numbers of the processes that a process has started."""
    return [int(child) for child in Path(f'/proc/{pid}/task/{pid}/children').read_text().split()]


def is_gone(pid: int) -> bool:
    """Return whether a process has ended."""
    try:
        status = Path(f'/proc/{pid}/stat').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return status.rpartition(')')[2].split()[0] == 'Z'


def command_line(*arguments: object) -> list[object]:
    """Return the words that run `spike-depth` with arguments."""
    return [sys.executable, '-m', 'spike_depth_ros.cli', *arguments]
