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

"""AEDAT4: events equal dv-processing's and the scene's, damage is counted or refused."""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from recordings.aedat.reading import assert_events, read_all

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.aedat4 import DAMAGED
from spike_depth_ros.recordings.cameras import choose_imu
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import ImageFrame
from testing.processes import ChildProcess, is_gone
from testing.recordings.aedat import LZ4, NONE, ZSTD, write_aedat4
from testing.recordings.scene import HEIGHT, WIDTH, scene
from testing.waiting import wait_until

SIZE = WIDTH, HEIGHT
SCENE = scene(0.2)
NAMES = 'DAVIS346_00000007', 'DAVIS346_00000003'
CAMERAS = dict(zip(NAMES, SCENE.cameras, strict=True))
IMAGES = [
    ImageFrame(SCENE.start_ns + 10**7, np.full((HEIGHT, WIDTH), 9, np.uint8)),
    ImageFrame(
        SCENE.start_ns + 5 * 10**7,
        np.arange(HEIGHT * WIDTH * 3, dtype=np.uint32).astype(np.uint8).reshape(HEIGHT, WIDTH, 3),
    ),
]


pytest.importorskip('dv_processing')


def by_dv(path: Path, camera: str) -> EventArrays:
    """Return the events that dv-processing reads."""
    io = importlib.import_module('dv_processing').io
    reader = io.MonoCameraRecording(str(path), camera)
    stores = []
    while (store := reader.getNextEventBatch()) is not None:
        stores.append(store.numpy())
    events = np.concatenate(stores)
    columns = (events[name] for name in ('x', 'y', 'polarity'))
    return EventArrays(events['timestamp'] * 1000, *columns)


def test_the_real_recording_has_the_events_and_frames_of_dv_processing(data: Path) -> None:
    path = data / 'davis346.aedat4'
    with open_recording(path) as recording:
        (camera,) = recording.cameras
        assert (camera.name, camera.width, camera.height) == ('DAVIS346_00000002', 346, 260)
        (events,) = read_all(recording)
        assert len(events.t_ns) == 6676
        assert_events(events, by_dv(path, camera.name))
        assert recording.end_ns == events.t_ns[-1]
        frames = list(recording.images(*recording.image_streams))
        assert [frame.image.shape for frame in frames] == [(260, 346)] * 4
        assert frames[0].t_ns == recording.start_ns == 1_589_163_147_364_965_000
        assert not recording.losses


def test_the_real_recording_has_the_imu_samples_of_dv_processing(data: Path) -> None:
    path = data / 'davis346.aedat4'
    reader = importlib.import_module('dv_processing').io.MonoCameraRecording(str(path))
    expected = []
    while (batch := reader.getNextImuBatch()) is not None:
        expected += [(s.timestamp * 1000, s.getAngularVelocities().tolist()) for s in batch]
    with open_recording(path) as recording:
        (stream,) = recording.imu_streams
        assert choose_imu(recording, recording.cameras[0]) == stream
        assert stream.has_camera_axes
        samples = list(recording.imu(stream))
        assert [(s.t_ns, list(s.angular_velocity)) for s in samples] == expected
        assert len(samples) > 50
        # The camera stands: gravity points down its y axis, and what is measured points up.
        x, y, z = np.mean([s.linear_acceleration for s in samples], 0)
        assert y < -9 and abs(x) < 1 and abs(z) < 4
        middle, end = samples[10].t_ns, samples[40].t_ns
        assert list(recording.imu(stream, middle, end)) == samples[10:40]
        assert not recording.losses


@pytest.mark.parametrize('with_table', [True, False])
@pytest.mark.parametrize('compression', [NONE, LZ4, ZSTD])
def test_both_cameras_of_a_stereo_file_are_found_by_their_sources(
    tmp_path: Path, compression: int, with_table: bool
) -> None:
    """Trap 12: a stereo file opened as one camera silently gives the first camera."""
    path = tmp_path / 'stereo.aedat4'
    write_aedat4(
        path,
        CAMERAS,
        SIZE,
        frames={NAMES[0]: IMAGES},
        compression=compression,
        with_table=with_table,
    )
    with open_recording(path) as recording:
        assert tuple(camera.name for camera in recording.cameras) == NAMES
        assert [(c.width, c.height) for c in recording.cameras] == [SIZE, SIZE]
        for found, expected in zip(read_all(recording), SCENE.cameras, strict=True):
            assert_events(found, expected)
        frames = list(recording.images(*recording.image_streams))
        for frame, image in zip(frames, IMAGES, strict=True):
            assert frame.t_ns == image.t_ns
            np.testing.assert_array_equal(frame.image, image.image)
    for name, expected in CAMERAS.items():
        assert_events(by_dv(path, name), expected)  # the fixture is what DV writes


def test_reading_again_begins_at_the_start(tmp_path: Path) -> None:
    """Trap 12: a reader made anew for each batch would give the first batch forever."""
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE)
    with open_recording(path) as recording:
        first, second = iter(read_all(recording)), iter(read_all(recording))
        for one, other in zip(first, second, strict=True):
            assert_events(one, other)


def test_a_range_of_time_is_half_open(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE)
    start_ns, end_ns = SCENE.start_ns + 55 * 10**6, SCENE.start_ns + 120 * 10**6 + 1000
    with open_recording(path) as recording:
        for found, every in zip(read_all(recording, start_ns, end_ns), SCENE.cameras, strict=True):
            inside = (every.t_ns >= start_ns) & (every.t_ns < end_ns)
            assert_events(found, every.select(inside))


def test_two_event_streams_of_one_camera_have_different_names(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE)
    content = path.read_bytes().replace(NAMES[1].encode(), NAMES[0].encode())
    first, name, last = content.rpartition(b'>events<')
    path.write_bytes(first + name.replace(b'events', b'medium') + last)
    with open_recording(path) as recording:
        assert {camera.name for camera in recording.cameras} == {
            f'{NAMES[0]}/events',
            f'{NAMES[0]}/medium',
        }
        names = [camera.name[18:] for camera in recording.cameras]
        found = dict(zip(names, read_all(recording), strict=True))
        assert_events(found['events'], SCENE.left)
        assert_events(found['medium'], SCENE.right)


def test_a_recording_that_was_not_closed_gives_what_lies_before_the_end(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE, with_table=False)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_recording(path) as recording:
        left, right = read_all(recording)
        assert 1000 < len(left.t_ns) < len(SCENE.left.t_ns)
        assert_events(left, SCENE.left.select(slice(0, len(left.t_ns))))
        assert_events(right, SCENE.right.select(slice(0, len(right.t_ns))))


def test_a_cut_copy_is_one_sentence(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(RecordingError, match=r'truncated/corrupt file\): copy it again'):
        open_recording(path)


def damaged(tmp_path: Path, *, with_table: bool = True) -> Path:
    """Return a file with a packet that dv-processing does not return from."""
    path = tmp_path / 'a.aedat4'
    write_aedat4(path, {NAMES[0]: SCENE.left}, SIZE, with_table=with_table)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(64)
    path.write_bytes(content)
    return path


def test_a_damaged_packet_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    with open_recording(damaged(tmp_path)) as recording:
        (events,) = read_all(recording)
        assert recording.losses == {DAMAGED: 1}
        assert len(SCENE.left.t_ns) * 0.8 < len(events.t_ns) < len(SCENE.left.t_ns)
        assert np.all(np.isin(events.t_ns, SCENE.left.t_ns))
        last_ns = SCENE.start_ns + 190 * 10**6
        late = read_all(recording, last_ns)[0]
        assert_events(late, SCENE.left.select(SCENE.left.t_ns >= last_ns))


def test_a_damaged_recording_that_was_not_closed_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match='dv-processing does not come to an end'):
        open_recording(damaged(tmp_path, with_table=False))


def test_unknown_compression_and_versions_are_refused(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE, compression=LZ4)
    content = bytearray(path.read_bytes())
    content[14 + 4 + 40] = 9
    path.write_bytes(content)
    with pytest.raises(RecordingError, match='cannot be read'):
        open_recording(path)
    path.write_bytes(b'#!AER-DAT4.1\r\n' + bytes(100))
    with pytest.raises(RecordingError, match=r'unknown version #!AER-DAT4\.1'):
        open_recording(path)


def test_a_file_without_events_is_refused(tmp_path: Path) -> None:
    empty = {NAMES[0]: SCENE.left.select(slice(0))}
    for with_table in (True, False):
        path = write_aedat4(tmp_path / 'a.aedat4', empty, SIZE, with_table=with_table)
        with pytest.raises(RecordingError, match='holds no event'):
            open_recording(path)


def children() -> set[str]:
    """Return the processes whose parent is this one, those that nobody waits for included."""
    return {
        stat.parent.name
        for stat in Path('/proc').glob('[0-9]*/stat')
        if parent_of(stat) == os.getpid()
    }


def parent_of(stat: Path) -> int:
    try:
        return int(stat.read_text().rpartition(')')[2].split()[1])
    except OSError:  # it has ended meanwhile
        return 0


def test_closing_ends_the_children(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE, frames={NAMES[0]: IMAGES})
    before = children()
    with open_recording(path) as recording:
        waiting = children() - before
        assert len(waiting) == 1
        first, second = (recording.images(*recording.image_streams) for _ in range(2))
        next(first)
        assert children() - before == waiting
        next(second)
        assert len(children() - before) == 2
    assert children() == before


def test_the_child_ends_with_a_killed_parent(tmp_path: Path) -> None:
    """Reading waits in the middle, so that no broken pipe would end it."""
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE)
    code = (
        'import signal, sys\nfrom pathlib import Path\n'
        'from spike_depth_ros.recordings.aedat.dv_process import DvProcess\n'
        'child = DvProcess("events", Path(sys.argv[1]), "", "events", "")\n'
        'child.read()\nprint(child._process.pid, flush=True)\nsignal.pause()\n'
    )
    with ChildProcess([sys.executable, '-c', code, path]) as parent:
        child = int(parent.lines('')[0])
        parent.end(signal.SIGKILL)
        wait_until(lambda: is_gone(child), 'the end of the child')
    assert is_gone(child)


def test_a_missing_extra_is_named(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', CAMERAS, SIZE)
    code = (
        'import sys\nfrom pathlib import Path\nsys.modules["dv_processing"] = None\n'
        'from spike_depth_ros.recordings.open import open_recording\n'
        'open_recording(Path(sys.argv[1]))'
    )
    done = subprocess.run([sys.executable, '-c', code, path], capture_output=True, text=True)
    assert "No module named 'dv_processing'" in done.stderr
