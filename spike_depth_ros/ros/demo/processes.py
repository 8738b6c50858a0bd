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

"""Nodes as child processes, which end with their parent."""

import ctypes
import signal
import subprocess
import sys
from collections.abc import Mapping
from types import TracebackType

GRACE_S = 10.0
_PR_SET_PDEATHSIG = 1


def node_command(node: str) -> list[str]:
    """Return the command line of a node of this package, up to its ROS arguments."""
    return [sys.executable, '-m', 'spike_depth_ros.ros', node, '--ros-args']


class Processes:
    """Running nodes; leaving the context ends them."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None)
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, node: str, parameters: Mapping[str, object]) -> None:
        """Start a node of this package; parameters: values by name."""
        rows = [f'{name}:={_yaml(value)}' for name, value in parameters.items()]
        arguments = [argument for row in rows for argument in ('-p', row)]
        self._running[node] = subprocess.Popen(
            [*node_command(node), '--log-level', 'warn', *arguments],
            # In its own session Ctrl-C does not reach it; the parent ends its children.
            start_new_session=True,
            preexec_fn=self._die_with_parent,
        )

    def started(self) -> tuple[str, ...]:
        """Return the names of all nodes that were started."""
        return tuple(self._running)

    def exit_codes(self) -> dict[str, int]:
        """Return the exit codes of the nodes that have ended."""
        codes = {name: process.poll() for name, process in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def __enter__(self) -> 'Processes':
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the running nodes by SIGTERM, after GRACE_S by SIGKILL.

        SIGINT would make a starting Python write a traceback.
        """
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        for process in self._running.values():
            try:
                process.wait(GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _die_with_parent(self) -> None:
        """Ask Linux to end this child if its parent is killed."""
        self._libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _yaml(value: object) -> str:
    """Return a value as YAML of the same type; texts are quoted."""
    if isinstance(value, list):
        return f'[{", ".join(_yaml(item) for item in value)}]'
    if isinstance(value, bool):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
