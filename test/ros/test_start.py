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

"""Nodes start where little can be written, and end without a word when interrupted meanwhile."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from node_harness import LIMIT_S, NodeProcess, Probe, one_sentence

STATUS = 'binner'


class Started:
    """A binner with other environment variables; log: its outputs so far."""

    def __init__(self, log: Path, environment: dict[str, str | None], *arguments: str) -> None:
        given = {**os.environ, **environment}
        self._log = log
        with log.open('w') as output:
            self.process = subprocess.Popen(
                [sys.executable, '-m', 'spike_depth_ros.ros', 'binner', *arguments],
                env={key: value for key, value in given.items() if value is not None},
                stdout=output,
                stderr=output,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def until(self, words: str) -> None:
        """Wait until it has logged some words."""
        deadline = time.monotonic() + LIMIT_S
        while words not in self.log:
            assert time.monotonic() < deadline and self.process.poll() is None, self.log
            time.sleep(0.01)

    def end(self, number: int) -> None:
        """Send a signal; it must end with exit code 0 and without a word on it."""
        self.process.send_signal(number)
        assert self.process.wait(LIMIT_S) == 0, self.log
        assert 'Traceback' not in self.log
        assert 'Exception ignored' not in self.log


@pytest.fixture
def probe() -> Iterator[Probe]:
    probe = Probe()
    yield probe
    probe.close()


@pytest.mark.parametrize(
    ('environment', 'says'),
    [
        ({'HOME': None}, "the folder '~/.ros/log' cannot be (HOME is not set)"),
        ({'HOME': '/proc/x'}, "the folder '/proc/x/.ros/log' cannot be (No such file"),
        ({'ROS_LOG_DIR': '/proc/x'}, "the folder '/proc/x' cannot be (No such file"),
        ({'ROS_HOME': '/dev/null'}, "the folder '/dev/null/log' cannot be (Not a directory)"),
    ],
)
def test_without_a_log_folder(
    tmp_path: Path, probe: Probe, environment: dict[str, str | None], says: str
) -> None:
    plain: dict[str, str | None] = {'ROS_LOG_DIR': None, 'ROS_HOME': None}
    started = Started(tmp_path / 'log', plain | environment)
    probe.until(lambda: any(STATUS in name for name in probe.status), 'the binner reports')
    started.end(signal.SIGINT)

    assert f'binner: no log file is written, as {says}' in started.log
    assert 'set ROS_LOG_DIR to a folder that can' in started.log


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_first_compilation(tmp_path: Path, number: int) -> None:
    started = Started(tmp_path / 'log', {'NUMBA_CACHE_DIR': str(tmp_path / 'cache')})
    started.until('compiling the event decoders for this processor, once: about 15 s')
    started.end(number)


@pytest.mark.parametrize('delay_s', [0.3, 0.5, 0.7, 0.9])
def test_a_signal_while_the_node_starts(tmp_path: Path, delay_s: float) -> None:
    started = Started(tmp_path / 'log', {})
    time.sleep(delay_s)  # a moment of the start, whichever it is
    started.end(signal.SIGINT)


def test_errors_of_rcl_name_no_source_line(tmp_path: Path) -> None:
    started = Started(tmp_path / 'log', {}, '--ros-args', '-p', 'window_ms')

    assert started.process.wait(LIMIT_S) == 1
    assert one_sentence(started.log).startswith('binner: failed to initialize rcl: ')
    assert '.c:' not in one_sentence(started.log)


@pytest.mark.parametrize(
    ('variable', 'value', 'said'),
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
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(variable, value)
    with NodeProcess('binner') as process:
        code, error = process.wait()
    assert code == 1
    assert one_sentence(error).startswith(f'binner: {said}')
