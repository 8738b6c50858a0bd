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

"""`spike-depth info` and `spike-depth convert` as a user starts them."""

import json
import resource
import subprocess
from pathlib import Path

import pytest

from testing import preloaded
from testing.processes import command_line
from testing.recordings.dsec import write_calibration
from testing.recordings.scene import DEMO, scene

LARGEST_FILE = 100_000


preloaded.preload(
    'spike_depth_ros.recordings.info.command',
    'spike_depth_ros.recordings.convert.command',
    'spike_depth_ros.ros.demo.command',
)


def run(*arguments: str | Path) -> 'subprocess.CompletedProcess[str]':
    """Run a command."""
    words = ['spike-depth', *map(str, arguments)]
    return preloaded.run('spike_depth_ros.cli.main', words, Path.cwd())


def run_on_a_full_disk(*arguments: str | Path) -> 'subprocess.CompletedProcess[str]':
    """Run a command that can write LARGEST_FILE bytes to a file."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_FILE, LARGEST_FILE))

    return subprocess.run(
        list(map(str, command_line(*arguments))), text=True, capture_output=True, preexec_fn=limit
    )


def test_info_of_the_demo_recording() -> None:
    done = run('info', DEMO)
    assert (done.returncode, done.stderr) == (0, '')
    assert '1,328,299 events (52% ON)' in done.stdout
    assert '0.55 m to 6.80 m on 100% of the pixels' in done.stdout
    assert done.stdout.endswith('nothing looks wrong\n')


def test_converted_recordings_have_the_same_contents(tmp_path: Path) -> None:
    done = run('convert', DEMO, tmp_path / 'out.mcap', '--start', '1', '--duration', '1')
    assert (done.returncode, done.stderr) == (0, '')
    assert '200 packets of 2 cameras, 20 depth images' in done.stdout
    fields = json.loads(run('info', tmp_path / 'out.mcap', '--json').stdout)
    assert [camera['packets'] for camera in fields['cameras']] == [100, 100]
    assert fields['depth'][0]['frames'] == 20


@pytest.mark.parametrize('output', ['out', 'out.mcap', 'out.aedat4', 'out.dsec'])
def test_a_full_disk_leaves_nothing(output: str, tmp_path: Path) -> None:
    options = ['--format', 'dsec'] if output == 'out.dsec' else []
    done = run_on_a_full_disk('convert', DEMO, tmp_path / output, *options)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert 'cannot be written' in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_recording_that_is_none_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / 'empty').touch()
    for command in (['info', tmp_path / 'empty'], ['convert', tmp_path / 'empty', tmp_path / 'o']):
        done = run(*command)
        assert (done.returncode, done.stdout) == (1, '')
        assert len(done.stderr.splitlines()) == 1 and 'is empty' in done.stderr


@pytest.mark.parametrize('time', ['nan', 'inf', '-1', '1e9', 'soon'])
def test_a_time_that_is_none_is_refused(time: str, tmp_path: Path) -> None:
    for command in (['run'], ['view'], ['convert', tmp_path / 'out']):
        done = run(command[0], DEMO, *command[1:], '--start', time)
        assert done.returncode == 2
        assert f"'{time}' is no time: give a number of seconds from 0 to 1e+06" in done.stderr


def test_a_calibration_of_other_sensors_is_refused(tmp_path: Path) -> None:
    write_calibration(tmp_path / 'vga.yaml', scene())
    output = tmp_path / 'out'
    for command in (['run'], ['view'], ['convert', output]):
        done = run(command[0], DEMO, *command[1:], '--calibration', tmp_path / 'vga.yaml')
        assert done.returncode == 1
        assert 'has 346 x 260 pixels, but its calibration' in done.stderr
    assert not output.exists()
