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

"""Nodes of the package as child processes."""

import os
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from typing import IO

from spike_depth_ros.ros.demo.processes import node_command
from testing.waiting import LIMIT_S

PIPE = subprocess.PIPE
GRACE_S = 10.0


class NodeProcess:
    """A running node; leaving the context ends it.

    Args:
        name: binner, depth, pipeline or replay.
        parameters: values by name, as text that ROS parses as YAML.
        arguments: further ROS arguments, such as remappings.
        output: PIPE for a node that `wait` or `interrupt` ends; a file for one that writes much;
            None for this process's own output.
        environment: variables that differ from this process's; None removes a variable.
    """

    def __init__(
        self,
        name: str,
        parameters: Mapping[str, object] | None = None,
        *arguments: str,
        output: int | IO[str] | None = PIPE,
        environment: Mapping[str, str | None] | None = None,
    ) -> None:
        command = node_command(name)
        for key, value in (parameters or {}).items():
            command += ['-p', f'{key}:={value}']
        variables = os.environ | (environment or {})
        self.process = subprocess.Popen(
            [*command, *arguments],
            env={key: value for key, value in variables.items() if value is not None},
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
        """Return whether the node still runs."""
        return self.process.poll() is None

    def wait(self) -> tuple[int, str]:
        """Return exit code and standard error, '' without a pipe, once the node has ended."""
        _, error = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode, error or ''

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; return exit code and standard error once the node has ended."""
        self.process.send_signal(number)
        return self.wait()

    def interrupt(self) -> tuple[int, str]:
        """End the node as Ctrl-C does; return exit code and standard error."""
        return self.end(signal.SIGINT)

    def __enter__(self) -> 'NodeProcess':
        return self

    def __exit__(self, *_: object) -> None:
        """End the node by SIGTERM, after GRACE_S by SIGKILL.

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


def is_quiet(ended: tuple[int, str]) -> bool:
    """Return whether a node ended with exit code 0 and wrote nothing but information."""
    code, error = ended
    return code == 0 and all('[INFO]' in line for line in error.splitlines())


def one_sentence(error: str) -> str:
    """Return the last line of an error output, which must not hold a traceback."""
    assert 'Traceback' not in error, error
    return error.strip().splitlines()[-1]
