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

"""Commands in processes that have their modules already.

Importing PyTorch and Lightning takes 5 s of a core, importing rclpy and a node 0.5 s. A server of
multiprocessing imports them once, and forks a process for each command.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from subprocess import CompletedProcess
from tempfile import TemporaryDirectory

_forks = get_context('forkserver')
_modules: list[str] = []


def preload(*modules: str) -> None:
    """Add modules that the server imports when the first command runs."""
    _modules.extend(modules)
    _forks.set_forkserver_preload(_modules)


def run(function: str, words: Sequence[str], folder: Path) -> 'CompletedProcess[str]':
    """Run a function as a program; return its exit code and outputs.

    Args:
        function: module.name of a function without arguments that returns the exit code.
        words: command line, sys.argv of the process.
        folder: working folder, whose modules can be imported.
    """
    with TemporaryDirectory() as outputs:
        paths = [Path(outputs) / name for name in ('output', 'error')]
        arguments = (function, list(words), dict(os.environ), folder, *paths)
        process = _forks.Process(target=_call, args=arguments)
        process.start()
        try:
            process.join()
        finally:  # of a test whose time is up
            process.kill()
            process.join()
        output, error = (path.read_text() if path.exists() else '' for path in paths)
        return CompletedProcess(list(words), process.exitcode or 0, output, error)


def _call(
    function: str,
    words: list[str],
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    error: Path,
) -> None:
    for number, path in enumerate((output, error), start=1):
        with path.open('wb') as file:
            os.dup2(file.fileno(), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path.insert(0, str(folder))  # as of python -m
    sys.argv = words
    module, _, name = function.rpartition('.')
    sys.exit(getattr(import_module(module), name)())
