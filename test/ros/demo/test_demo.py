"""The demo as a user runs it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import pytest
from node_harness import LIMIT_S, STEP_S
from PIL import Image
from synthetic_stream import write_recording


@pytest.fixture(scope='module')
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp('demo') / 'stripes', 1_000_000)


def start(recording: Path, model: Path, output: Path) -> subprocess.Popen[str]:
    command = [sys.executable, '-m', 'spike_depth_ros.cli', 'demo', '--recording', str(recording)]
    return subprocess.Popen(
        [*command, '--model', str(model), '--output', str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(process: subprocess.Popen[str]) -> list[int]:
    path = Path(f'/proc/{process.pid}/task/{process.pid}/children')
    return [int(pid) for pid in path.read_text().split()]


def wait_for_children(process: subprocess.Popen[str], count: int) -> list[int]:
    deadline = time.monotonic() + LIMIT_S
    while len(children(process)) < count:
        assert time.monotonic() < deadline, 'the nodes did not start'
        time.sleep(STEP_S)
    return children(process)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] == 'Z'


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not all(is_gone(pid) for pid in pids):
        assert time.monotonic() < deadline, 'a node outlives the demo'
        time.sleep(STEP_S)


def test_table_picture_and_video(recording: Path, stereo_model: Path, tmp_path: Path) -> None:
    process = start(recording, stereo_model, tmp_path)
    output, error = process.communicate(timeout=LIMIT_S)

    assert 'Traceback' not in error
    assert 'stripes (stereo, simulated)' in output
    rows = dict(line.split('  ', 1) for line in output.splitlines() if '  ' in line.strip())
    # A busy machine may lose packets, and with them windows: the report must agree with itself.
    assert 1 <= int(rows['windows in']) <= 20
    failures = [line for line in error.splitlines() if line.startswith('demo: ')]
    assert (process.returncode == 0) == (not failures)
    compared = 'over' in rows['mean depth error']
    assert compared != any('compared with the true depth' in failure for failure in failures)
    if 'no picture and no video' in output:
        assert not compared
        return
    with Image.open(tmp_path / 'depth.png') as picture:
        assert picture.width > 3 * 2 * 346
    with av.open(str(tmp_path / 'depth.mp4')) as video:
        assert 1 <= len(list(video.decode(video=0))) <= 20


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_behind(
    recording: Path, stereo_model: Path, tmp_path: Path, number: signal.Signals
) -> None:
    process = start(recording, stereo_model, tmp_path)
    pids = wait_for_children(process, count=2)

    process.send_signal(number)
    _, error = process.communicate(timeout=LIMIT_S)

    wait_until_gone(pids)
    assert process.returncode != 0
    assert 'Traceback' not in error


def test_wrong_arguments_are_one_sentence(stereo_model: Path, tmp_path: Path) -> None:
    process = start(tmp_path / 'nowhere', stereo_model, tmp_path)
    _, error = process.communicate(timeout=LIMIT_S)

    assert process.returncode == 1
    assert error.startswith('demo: ')
    assert 'does not exist' in error
    assert len(error.splitlines()) == 1
