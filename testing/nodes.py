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

from collections.abc import Mapping
from pathlib import Path
from typing import IO

from spike_depth_ros.ros.demo.processes import node_command
from testing import preloaded
from testing.processes import PIPE, ChildProcess

# A replay on a busy machine warns of this; its packets and their stamps are the same.
BEHIND = 'behind its schedule'
PROGRAM = 'spike_depth_ros.ros.__main__'
NODES = ('binner_node', 'camera.node', 'depth_node', 'replay_node')
preloaded.preload(PROGRAM, *(f'spike_depth_ros.ros.{module}' for module in NODES))


class NodeProcess(ChildProcess):
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
        command = [*_command(name, parameters), *arguments]
        super().__init__(command, output=output, environment=environment)


def run_to_the_end(
    name: str, parameters: Mapping[str, object] | None = None, *arguments: str
) -> tuple[int, str]:
    """Run a node that ends by itself; return its exit code and standard error.

    Args:
        name: see NodeProcess.
        parameters: see NodeProcess.
        arguments: see NodeProcess.
    """
    words = [*_command(name, parameters), *arguments]
    done = preloaded.run(f'{PROGRAM}.main', words[words.index('-m') + 1 :], Path.cwd())
    return done.returncode, done.stderr


def _command(name: str, parameters: Mapping[str, object] | None) -> list[str]:
    rows = [f'{key}:={value}' for key, value in (parameters or {}).items()]
    return node_command(name) + [word for row in rows for word in ('-p', row)]


def is_quiet(ended: tuple[int, str]) -> bool:
    """Return whether a node ended with exit code 0 and wrote nothing but information."""
    code, error = ended
    return code == 0 and not complaints(error)


def complaints(error: str) -> list[str]:
    """Return the lines of an error output that are no information."""
    return [line for line in error.splitlines() if '[INFO]' not in line and BEHIND not in line]


def one_sentence(error: str) -> str:
    """Return the last line of an error output, which must not hold a traceback."""
    assert 'Traceback' not in error, error
    return error.strip().splitlines()[-1]
