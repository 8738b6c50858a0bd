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

"""Demo as a user runs it."""

import re
import signal
import sys
from pathlib import Path

import av
import pytest
from event_camera_msgs.msg import EventPacket
from PIL import Image as Picture
from sensor_msgs.msg import Image

from testing import preloaded
from testing.probe import Probe
from testing.processes import ChildProcess, children, command_line, is_gone
from testing.stripes import write_recording
from testing.waiting import wait_until


@pytest.fixture(scope='module')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp('demo') / 'stripes', 1_000_000)


preloaded.preload(*(f'spike_depth_ros.ros.demo.{name}' for name in ('command', 'run', 'drawing')))


def options(recording: Path | str, model: Path | str, output: Path | str) -> list[str]:
    return ['demo', f'--recording={recording}', f'--model={model}', f'--output={output}']


def start(
    recording: Path | str, model: Path | str, output: Path | str, *interpreter: str
) -> ChildProcess:
    arguments = options(recording, model, output)
    command = (
        [sys.executable, *interpreter, *arguments] if interpreter else command_line(*arguments)
    )
    return ChildProcess(command)


def wait_for_children(process: ChildProcess, count: int) -> list[int]:
    wait_until(lambda: len(children(process.pid)) >= count, 'the nodes to start')
    return children(process.pid)


def wait_until_gone(pids: list[int]) -> None:
    wait_until(lambda: all(is_gone(pid) for pid in pids), 'the nodes to end after the demo')


def test_table_picture_and_video(recording: Path, stereo_model: Path, tmp_path: Path) -> None:
    with start(recording, stereo_model, tmp_path) as process:
        done = process.finish()
    output, error = done.stdout, done.stderr

    assert 'Traceback' not in error
    assert output.startswith('left: /left/events, right: /right/events\nROS domain ')
    assert 'stripes (stereo, simulated)' in output
    rows = dict(line.split('  ', 1) for line in output.splitlines() if '  ' in line.strip())
    # A busy machine may lose packets, and with them windows: the report must agree with itself.
    assert 1 <= int(rows['windows in']) <= 20
    sentences = [line for line in error.splitlines() if line.startswith('demo: ')]
    # What a node reported is a warning, which does not fail the run.
    failures = [line for line in sentences if not re.match(r'demo: the \w+ reports: ', line)]
    assert (done.returncode == 0) == (not failures)
    compared = 'over' in rows['mean depth error']
    assert compared != any('compared with the true depth' in failure for failure in failures)
    if 'no picture and no video' in output:
        assert not compared
        return
    with Picture.open(tmp_path / 'depth.png') as picture:
        assert picture.width > 3 * 2 * 346
    with av.open(str(tmp_path / 'depth.mp4')) as video:
        assert 1 <= len(list(video.decode(video=0))) <= 20


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(
    recording: Path, stereo_model: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with start(recording, stereo_model, tmp_path) as process:
        pids = wait_for_children(process, count=2)
        code, error = process.end(number)

    wait_until_gone(pids)
    assert code == (-number if number == signal.SIGKILL else 128 + number)
    assert 'Traceback' not in error


@pytest.mark.parametrize('shown', ['left: ', 'ROS domain', 'starting'])
def test_an_interrupt_during_the_start(
    recording: Path, stereo_model: Path, tmp_path: Path, shown: str
) -> None:
    with start(recording, stereo_model, tmp_path) as process:
        process.lines(shown)
        code, error = process.interrupt()

    assert code == 130
    assert error == ''


@pytest.mark.parametrize(
    ('recording_name', 'model_name', 'output', 'message'),
    [
        ('nowhere', '{stereo}', 'out', "nowhere' does not exist"),
        ('{recording}', 'nowhere', 'out', "nowhere' does not exist"),
        ('{recording}', '~/nowhere', 'out', "home/nowhere' does not exist"),
        ('~/nowhere', '{stereo}', 'out', "home/nowhere' does not exist"),
        ('{recording}', '{mono}', 'out', 'takes one camera, but the recording is played as two'),
        ('{recording}', '{stereo}', '/dev/null/x', "'/dev/null/x' cannot be written to"),
        ('{recording}', '{stereo}', '/proc/x', "'/proc/x' cannot be written to"),
        ('{recording}', '{stereo}', '{stereo}', 'cannot be written to: it is a file'),
    ],
)
def test_wrong_arguments_are_one_sentence_before_the_run(
    recording: Path,
    stereo_model: Path,
    mono_model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    recording_name: str,
    model_name: str,
    output: str,
    message: str,
) -> None:
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    monkeypatch.chdir(tmp_path)
    known = {'recording': recording, 'stereo': stereo_model, 'mono': mono_model}
    names = (name.format(**known) for name in (recording_name, model_name, output))
    words = ['spike-depth', *options(*names)]
    done = preloaded.run('spike_depth_ros.cli.main', words, tmp_path)

    assert done.returncode == 1
    assert done.stderr.startswith('demo: ')
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_without_pyav_there_is_a_picture(
    recording: Path, stereo_model: Path, tmp_path: Path
) -> None:
    blocked = (
        "import sys; sys.modules['av'] = None; from spike_depth_ros.cli import main; "
        'sys.exit(main())'
    )
    with start(recording, stereo_model, tmp_path, '-c', blocked) as process:
        done = process.finish()

    assert 'Traceback' not in done.stderr
    if 'no picture and no video' not in done.stdout:  # a busy machine may lose all windows
        assert 'no video, as PyAV cannot be imported' in done.stdout
        assert [path.name for path in tmp_path.iterdir()] == ['depth.png']


@pytest.mark.parametrize(('kind', 'topic'), [(Image, 'spikes'), (EventPacket, 'left/events')])
def test_a_running_publisher_ends_the_demo_before_the_run(
    probe: Probe, recording: Path, stereo_model: Path, tmp_path: Path, kind: type, topic: str
) -> None:
    probe.node.create_publisher(kind, topic, 10)

    with start(recording, stereo_model, tmp_path) as process:
        code, error = process.wait()

    assert code == 1
    assert_names(probe, error, f'publishes /{topic}')


def test_a_subscriber_of_events_ends_the_demo_before_the_run(
    probe: Probe, recording: Path, stereo_model: Path, tmp_path: Path
) -> None:
    probe.collect(EventPacket, 'right/events')

    with start(recording, stereo_model, tmp_path) as process:
        code, error = process.wait()

    assert code == 1
    assert_names(probe, error, 'subscribes /right/events')


def test_a_publisher_that_joins_ends_the_demo(
    probe: Probe, recording: Path, stereo_model: Path, tmp_path: Path
) -> None:
    with start(recording, stereo_model, tmp_path) as process:
        pids = wait_for_children(process, count=2)
        probe.node.create_publisher(Image, 'depth/image_rect', 10)
        code, error = process.wait()

    wait_until_gone(pids)
    assert code == 1
    assert_names(probe, error, 'publishes /depth/image_rect')


def assert_names(probe: Probe, error: str, what: str) -> None:
    """Look for the sentence about the probe, whose name may not be discovered yet.

    On a busy machine it is found after the first nodes were started, which may have warned.
    """
    sentence = error.splitlines()[-1].replace(', /probe,', '')
    domain = probe.context.get_domain_id()
    assert sentence == (
        f'demo: another node on the ROS domain {domain} {what}: stop it, or set ROS_DOMAIN_ID to '
        'another domain'
    )
