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

"""Conversion: every event and every depth image as in the source, or nothing at all."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  # registers Blosc
import numpy as np
import pytest
from rosbags.rosbag2 import Reader

from spike_depth_ros.events.messages import EVENT_PACKET, read_packet
from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.geometry.calibration import CameraCalibration, RigCalibration
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.cdr import CAMERA_INFO, IMAGE, message_types
from spike_depth_ros.recordings.chunks import CELL_NS
from spike_depth_ros.recordings.convert.conversion import Span, convert
from spike_depth_ros.recordings.convert.formats import FORMATS, find_format, new_output
from spike_depth_ros.recordings.decoded import as_arrays
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.progress import Progress
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, FoundCalibration
from spike_depth_ros.recordings.writers.writer import Contents
from stress.readers import samples
from testing.recordings.memory_recording import MemoryRecording
from testing.recordings.read_back import assert_same_events, joined
from testing.recordings.scene import HEIGHT, WIDTH, scene

OUTPUTS = {'rosbag2': 'out', 'mcap': 'out.mcap', 'aedat4': 'out.aedat4', 'dsec': 'out'}
ALL = Span()


def source(cameras: int = 2) -> MemoryRecording:
    """Return the scene as a recording, calibrated."""
    camera = scene().rig.camera
    matrix = np.array([[camera.f, 0, camera.cx], [0, camera.f, camera.cy], [0, 0, 1.0]])
    lens = CameraCalibration(WIDTH, HEIGHT, matrix, 'plumb_bob', np.zeros(4), np.eye(3))
    baseline_m = scene().rig.baseline_m if cameras == 2 else 0.0
    found = FoundCalibration(RigCalibration((lens,) * cameras, baseline_m), 'the scene')
    return MemoryRecording(scene().cameras[:cameras], scene().depth, found)


def write(recording: MemoryRecording, path: Path, name: str, span: Span = ALL) -> None:
    """Convert a recording to a format."""
    found = recording.calibration(recording.cameras)
    contents = Contents(
        recording.cameras,
        tuple(camera.name for camera in recording.cameras),
        recording.depth_streams,
        found.rig if found else None,
        {'simulated': 'true'},
    )
    with new_output(path, FORMATS[name], contents) as writer:
        convert(recording, recording.cameras, writer, span, Progress(''))


def events_of(*paths: Path) -> list[EventArrays]:
    """Return the events of each camera of a recording."""
    with open_recording(paths) as recording:
        cameras = choose_cameras(recording)
        blocks: list[list[EventArrays]] = [[] for _ in cameras]
        chunks = recording.events(cameras)
        for chunk in as_arrays(chunks, cameras, recording.losses):
            assert isinstance(chunk.events, EventArrays)
            blocks[chunk.camera].append(chunk.events)
        assert not recording.losses
        return [joined(each) for each in blocks]


@pytest.mark.parametrize('name', ['rosbag2', 'mcap', 'aedat4', 'dsec'])
def test_every_event_of_two_cameras_is_equal(name: str, tmp_path: Path) -> None:
    path = tmp_path / OUTPUTS[name]
    write(source(), path, name)
    for found, expected in zip(events_of(path), scene().cameras, strict=True):
        assert_same_events(found, expected)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize('name', ['rosbag2', 'aedat4', 'h5'])
def test_every_event_of_one_camera_is_equal(name: str, tmp_path: Path) -> None:
    path = tmp_path / f'out.{name}'
    write(source(1), path, name)
    assert_same_events(events_of(path)[0], scene().left)


@pytest.mark.parametrize('name', samples.SAMPLES)
def test_events_of_every_format_are_equal(name: str, tmp_path: Path) -> None:
    sample = samples.write(name, tmp_path)
    expected = events_of(*sample.paths)
    with open_recording(sample.paths, sample.truth) as recording:
        cameras = choose_cameras(recording)
        names = tuple(f'camera_{camera}' for camera in range(len(cameras)))
        contents = Contents(cameras, names, recording.depth_streams, None, {})
        with new_output(tmp_path / 'out', FORMATS['rosbag2'], contents) as writer:
            convert(recording, cameras, writer, ALL, Progress(''))
    for found, events in zip(events_of(tmp_path / 'out'), expected, strict=True):
        assert_same_events(found, events._replace(t_ns=events.t_ns // 1000 * 1000))


def test_a_part_has_the_events_of_its_time(tmp_path: Path) -> None:
    start_ns = scene().start_ns + 3 * CELL_NS + 1000
    write(source(1), tmp_path / 'out.h5', 'h5', Span(start_ns, start_ns + 2 * CELL_NS))
    t_ns = scene().left.t_ns
    inside = (t_ns >= start_ns) & (t_ns < start_ns + 2 * CELL_NS)
    assert_same_events(events_of(tmp_path / 'out.h5')[0], scene().left.select(inside))


def test_nanoseconds_become_whole_microseconds(tmp_path: Path) -> None:
    times = np.array([1_999, 2_000, 2_001], np.int64)
    ones = np.ones(3, np.uint8)
    write(MemoryRecording([EventArrays(times, ones, ones, ones)]), tmp_path / 'out.h5', 'h5')
    assert events_of(tmp_path / 'out.h5')[0].t_ns.tolist() == [1000, 2000, 2000]


def test_rosbags_reads_packets_calibration_and_depth(tmp_path: Path) -> None:
    write(source(), tmp_path / 'out', 'rosbag2')
    types, depths, infos = message_types(), [], []
    with Reader(tmp_path / 'out') as reader:
        assert {connection.topic: connection.msgtype for connection in reader.connections} == {
            '/left/events': EVENT_PACKET,
            '/right/events': EVENT_PACKET,
            '/left/camera_info': CAMERA_INFO,
            '/right/camera_info': CAMERA_INFO,
            '/left/depth_image_rect': IMAGE,
        }
        for connection, log_time_ns, cdr in reader.messages():
            if connection.msgtype == EVENT_PACKET:
                packet = read_packet(cdr)
                assert packet.encoding == 'evt3'
                assert 0 <= log_time_ns - packet.stamp_ns < CELL_NS
            elif connection.msgtype == IMAGE:
                image = types.deserialize_cdr(cdr, IMAGE)
                assert (image.encoding, image.header.frame_id) == ('32FC1', 'left_camera')
                depths.append(image.data.view('<f4').reshape(image.height, image.width))
            else:
                infos.append((connection.topic, types.deserialize_cdr(cdr, CAMERA_INFO)))
    for found, frame in zip(depths, scene().depth, strict=True):
        np.testing.assert_array_equal(found, frame.depth)
    rig = scene().rig
    right = next(info for topic, info in infos if topic == '/right/camera_info')
    assert right.p[3] == pytest.approx(-rig.camera.f * rig.baseline_m)
    assert (right.width, right.k[2]) == (WIDTH, rig.camera.cx)


def test_h5py_reads_the_layout_of_dsec(tmp_path: Path) -> None:
    write(source(), tmp_path / 'out', 'dsec')
    for side, expected in zip(('left', 'right'), scene().cameras, strict=True):
        with h5py.File(tmp_path / 'out' / 'events' / side / 'events.h5') as file:
            t_us, index = file['events/t'][:].astype(np.int64), file['ms_to_idx'][:]
            np.testing.assert_array_equal(t_us + file['t_offset'][()], expected.t_ns // 1000)
            assert [file[f'events/{name}'].dtype for name in 'xytp'] == ['u2', 'u2', 'u4', 'u1']
            assert file['events/x'].id.get_create_plist().get_filter(0)[0] == 32001
        assert (index[0], len(index)) == (0, t_us[-1] // 1000 + 1)
        for ms, first in enumerate(index.tolist()):
            assert t_us[first] >= 1000 * ms and (first == 0 or t_us[first - 1] < 1000 * ms)


def test_dv_processing_reads_the_aedat4_file(tmp_path: Path) -> None:
    dv = pytest.importorskip('dv_processing')
    write(source(), tmp_path / 'out.aedat4', 'aedat4')
    recording = dv.io.StereoCameraRecording(str(tmp_path / 'out.aedat4'), 'left', 'right')
    readers = recording.getLeftReader(), recording.getRightReader()
    for reader, expected in zip(readers, scene().cameras, strict=True):
        assert reader.getEventResolution() == (WIDTH, HEIGHT)
        batches = iter(reader.getNextEventBatch, None)
        found = np.concatenate([batch.numpy() for batch in batches])
        np.testing.assert_array_equal(found['timestamp'], expected.t_ns // 1000)
        for name in ('x', 'y', 'polarity'):
            np.testing.assert_array_equal(found[name], getattr(expected, name))


class Interrupted(MemoryRecording):
    """Recording whose reader is interrupted by Ctrl-C after some chunks."""

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield some chunks and raise KeyboardInterrupt."""
        for number, chunk in enumerate(super().events(cameras, start_ns, end_ns)):
            if number == 20:
                raise KeyboardInterrupt
            yield chunk


@pytest.mark.parametrize('name', OUTPUTS)
def test_an_interrupt_leaves_nothing(name: str, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        write(Interrupted(scene().cameras, scene().depth), tmp_path / OUTPUTS[name], name)
    assert not list(tmp_path.iterdir())


def test_an_output_that_exists_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / 'out.mcap').touch()
    with pytest.raises(RecordingError, match='exists: remove it'):
        find_format(tmp_path / 'out.mcap', None)


def test_an_ending_without_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r'use one of \.mcap, \.aedat4, \.h5'):
        find_format(tmp_path / 'out.txt', None)
    assert find_format(tmp_path / 'out', None) == FORMATS['rosbag2']


def test_two_cameras_do_not_fit_into_one_h5_file(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match='--format dsec'):
        write(source(), tmp_path / 'out.h5', 'h5')
    assert not list(tmp_path.iterdir())


def test_events_of_two_hours_do_not_fit_into_dsec(tmp_path: Path) -> None:
    times = np.array([0, 7200 * 10**9], np.int64)
    ones = np.ones(2, np.uint8)
    with pytest.raises(RecordingError, match='71 minutes'):
        write(MemoryRecording([EventArrays(times, ones, ones, ones)]), tmp_path / 'out.h5', 'h5')
