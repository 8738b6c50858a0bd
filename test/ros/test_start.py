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

"""Start where files cannot be written, and interrupts during the start."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from testing.nodes import NodeProcess, one_sentence
from testing.probe import Probe
from testing.waiting import wait_until

STATUS = 'binner'


class Started(NodeProcess):
    """A binner with other environment variables, whose outputs go to a file."""

    def __init__(self, log: Path, environment: dict[str, str | None], *arguments: str) -> None:
        self._log = log
        with log.open('w') as output:
            super().__init__('binner', {}, *arguments, output=output, environment=environment)

    @property
    def log(self) -> str:
        """Outputs so far."""
        return self._log.read_text()

    def until(self, words: str) -> None:
        """Wait until the node has logged some words."""
        wait_until(lambda: words in self.log or not self.is_running, words)
        assert self.is_running, self.log

    @property
    def handles_signals(self) -> bool:
        """Return whether the node has installed its handler of SIGTERM."""
        (mask,) = re.findall(r'SigCgt:\s*(\w+)', Path(f'/proc/{self.pid}/status').read_text())
        return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)

    def errors(self) -> list[str]:
        """Return the lines of the log that Python writes about exceptions."""
        marks = ('Traceback', 'Exception ignored')
        return [line for line in self.log.splitlines() if any(mark in line for mark in marks)]


@pytest.mark.parametrize(
    ('environment', 'part'),
    [
        ({'HOME': None}, "the folder '~/.ros/log' is not writable (HOME is not set)"),
        ({'HOME': '/proc/x'}, "the folder '/proc/x/.ros/log' is not writable (No such file"),
        ({'ROS_LOG_DIR': '/proc/x'}, "the folder '/proc/x' is not writable (No such file"),
        (
            {'ROS_HOME': '/dev/null'},
            "the folder '/dev/null/log' is not writable (Not a dir",
        ),
    ],
)
def test_without_a_log_folder(
    tmp_path: Path, probe: Probe, environment: dict[str, str | None], part: str
) -> None:
    plain: dict[str, str | None] = {'ROS_LOG_DIR': None, 'ROS_HOME': None}
    with Started(tmp_path / 'log', plain | environment) as started:
        probe.until(lambda: any(STATUS in name for name in probe.status), 'the binner reports')
        assert started.interrupt()[0] == 0, started.log
    assert started.errors() == []
    assert f'binner: no log file is written, as {part}' in started.log
    assert 'set ROS_LOG_DIR to a writable folder' in started.log


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_first_compilation(tmp_path: Path, number: int) -> None:
    with Started(tmp_path / 'log', {'NUMBA_CACHE_DIR': str(tmp_path / 'cache')}) as started:
        started.until('compiling the event decoders for this processor, once: about 15 s')
        assert started.end(number)[0] == 0, started.log
    assert started.errors() == []


@pytest.mark.parametrize('delay_s', [0.0, 0.2, 0.4, 0.6])
def test_a_signal_while_the_node_starts(tmp_path: Path, delay_s: float) -> None:
    with Started(tmp_path / 'log', {}) as started:
        wait_until(lambda: started.handles_signals, 'the handlers of signals', lambda: None)
        time.sleep(delay_s)  # any moment of the start
        assert started.interrupt()[0] == 0, started.log
    assert started.errors() == []


def test_errors_of_rcl_name_no_source_line(tmp_path: Path) -> None:
    with Started(tmp_path / 'log', {}, '-p', 'window_ms') as started:
        assert started.wait()[0] == 1
    assert one_sentence(started.log).startswith('binner: failed to initialize rcl: ')
    assert '.c:' not in one_sentence(started.log)


@pytest.mark.parametrize(
    ('variable', 'value', 'sentence'),
    [
        (
            'RMW_IMPLEMENTATION',
            'rmw_nonsense_cpp',
            "RMW_IMPLEMENTATION is 'rmw_nonsense_cpp', but",
        ),
        ('ROS_DOMAIN_ID', '300', "ROS_DOMAIN_ID is '300', but must be a whole number from 0 to"),
        ('ROS_DOMAIN_ID', 'abc', "ROS_DOMAIN_ID is 'abc', but must be a whole number from 0 to"),
    ],
)
def test_an_environment_that_rcl_cannot_take_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(variable, value)
    with NodeProcess('binner') as process:
        code, error = process.wait()
    assert code == 1
    assert one_sentence(error).startswith(f'binner: {sentence}')


def test_the_depth_node_does_not_load_the_compiler() -> None:
    """numba doubles the memory of a process; only the binner needs it."""
    code = "import sys, spike_depth_ros.ros.depth_node; sys.exit('numba' in sys.modules)"
    subprocess.run([sys.executable, '-c', code], check=True)
