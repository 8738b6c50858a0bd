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

"""MVSEC's HDF5 files: events, images, true depth, their traps and their defects."""

import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.cameras import choose_imu
from spike_depth_ros.recordings.chunks import OUTSIDE
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import ImuStream
from spike_depth_ros.recordings.times import seconds_to_ns
from testing.recordings.mvsec_hdf5 import GRAVITY, TURN, write_data, write_truth
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import scene


@pytest.fixture(scope='module')
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('mvsec')
    write_data(folder / 'indoor_flying1_data.hdf5', scene().cameras)
    write_truth(folder / 'indoor_flying1_gt.hdf5', scene().depth)
    return folder


def test_events_are_those_of_the_scene(files: Path) -> None:
    with open_recording(files / 'indoor_flying1_data.hdf5') as recording:
        assert (recording.kind, recording.dataset) == ('MVSEC HDF5', 'MVSEC')
        left, right = recording.cameras
        assert (left.name, right.name) == ('davis/left', 'davis/right')
        assert (left.width, left.height) == (346, 260)
        assert left.events == len(scene().left.t_ns)
        for found, expected in zip(read_events(recording), scene().cameras, strict=True):
            assert_same_events(found, expected)
        ends = [events.t_ns[[0, -1]] for events in scene().cameras]
        assert recording.start_ns <= min(first for first, _ in ends)
        assert recording.end_ns >= max(last for _, last in ends)


def test_a_range_of_time_is_half_open(files: Path) -> None:
    left = scene().left
    start, end = int(left.t_ns[5_000]), int(left.t_ns[20_000])
    with open_recording(files / 'indoor_flying1_data.hdf5') as recording:
        (found,) = read_events(recording, recording.cameras[:1], start, end)
    inside = (left.t_ns >= start) & (left.t_ns < end)
    assert_same_events(found, left.select(inside))


def test_trap_2_unix_seconds_keep_their_microseconds() -> None:
    """Trap 2: MVSEC's f8 Unix seconds in f4 would step by 128 s; f8 holds each microsecond."""
    t_us = 1_504_645_177_000_000 + np.arange(1_000_000, dtype=np.int64) * 7
    np.testing.assert_array_equal(seconds_to_ns(t_us / 1e6), t_us * 1000)


def test_trap_3_the_first_image_comes_before_the_first_event(files: Path) -> None:
    """Trap 3: image_raw_event_inds starts at -1; images have their own (record) times instead."""
    with open_recording(files / 'indoor_flying1_data.hdf5') as recording:
        stream = next(s for s in recording.image_streams if 'left' in s.name)
        images = list(recording.images(stream))
        (events,) = read_events(recording, recording.cameras[:1])
    with h5py.File(files / 'indoor_flying1_data.hdf5') as file:
        assert file['davis/left/image_raw_event_inds'][0] == -1
    assert images[0].t_ns < events.t_ns[0] < images[1].t_ns
    assert [int(image.image[0, 0]) for image in images] == list(range(len(images)))
    assert images[0].image.dtype == np.uint8 and images[0].image.shape == (260, 346)


def test_each_camera_has_its_imu_whose_acceleration_comes_first(files: Path) -> None:
    with open_recording(files / 'indoor_flying1_data.hdf5') as recording:
        left = ImuStream('davis/left/imu', has_camera_axes=True)
        assert recording.imu_streams == (left, replace(left, name='davis/right/imu'))
        assert choose_imu(recording, recording.cameras[0]) == left
        samples = list(recording.imu(left))
        part = list(recording.imu(left, samples[2].t_ns, samples[5].t_ns))
    assert {sample[1:] for sample in samples} == {(TURN, GRAVITY)}
    with h5py.File(files / 'indoor_flying1_data.hdf5') as file:
        times_ns = seconds_to_ns(file['davis/left/imu_ts'][:]).tolist()
    assert [sample.t_ns for sample in samples] == times_ns
    assert part == samples[2:5]


def test_trap_5_true_depth_has_its_view(data: Path, files: Path) -> None:
    """Trap 5: depth_image_raw is distorted, depth_image_rect is that of the rectified camera."""
    folder = files / 'calibrated'
    folder.mkdir()
    for name in ('indoor_flying1_data.hdf5', 'indoor_flying1_gt.hdf5'):
        shutil.copy(files / name, folder)
    camchain = folder / 'camchain-imucam-indoor_flying.yaml'
    shutil.copy(data / 'calibration/mvsec_indoor_flying.yaml', camchain)
    with open_recording(folder / 'indoor_flying1_data.hdf5') as recording:
        views = {stream.name: stream for stream in recording.depth_streams}
        assert views['davis/left/depth_image_raw'].view == 'raw'
        assert views['davis/left/depth_image_raw'].camera is None
        rectified = views['davis/left/depth_image_rect']
        assert rectified.view == 'rectified' and rectified.side == 'left'
        assert rectified.camera is not None
        assert rectified.camera.cx == pytest.approx(177.43276376)
        found = recording.calibration(recording.cameras)
        assert found is not None and 'camchain' in found.origin
        one = recording.calibration(recording.cameras[:1])
        assert one is not None and len(one.rig.cameras) == 1
        assert recording.calibration(recording.cameras[1:]) is None


def test_trap_6_nan_and_0_are_unknown(files: Path) -> None:
    """Trap 6: NaN and 0 of MVSEC's depth are unknown."""
    with open_recording(files / 'indoor_flying1_data.hdf5') as recording:
        stream = next(
            s for s in recording.depth_streams if s.name.endswith('left/depth_image_rect')
        )
        frames = list(recording.depth(stream))
        assert stream.frames == len(frames) == len(scene().depth)
        for found, expected in zip(frames, scene().depth, strict=True):
            assert abs(found.t_ns - expected.t_ns) < 1000
            assert np.isnan(found.depth[:5]).all() and np.isnan(found.depth[5, ::3]).all()
            np.testing.assert_array_equal(found.depth[6:], expected.depth[6:])
        part = recording.depth(stream, frames[2].t_ns, frames[4].t_ns)
        assert [frame.t_ns for frame in part] == [frame.t_ns for frame in frames[2:4]]


def test_trap_14_polarity_of_minus_1_is_off(files: Path) -> None:
    """Trap 14: astype(bool) would turn MVSEC's -1 into ON."""
    with open_recording(files / 'indoor_flying1_data.hdf5') as recording:
        for found, expected in zip(read_events(recording), scene().cameras, strict=True):
            assert int(found.polarity.sum()) == int(expected.polarity.sum()) < len(found.t_ns)


def test_trap_15_a_time_that_runs_back_is_repaired(tmp_path: Path) -> None:
    """Trap 15: negative jumps of the DAVIS are sorted or counted, never passed on."""
    events = scene().left
    t_ns = events.t_ns.copy()
    t_ns[3_000:3_010] -= 99_000_000
    path = tmp_path / 'a_data.hdf5'
    write_data(path, [events._replace(t_ns=t_ns)])
    with open_recording(path) as recording:
        (found,) = read_events(recording)
        assert len(found.t_ns) + sum(recording.losses.values()) == len(t_ns)
    assert np.all(np.diff(found.t_ns) >= 0)


def test_outdoor_day_has_no_right_images(tmp_path: Path) -> None:
    write_data(tmp_path / 'outdoor_day1_data.hdf5', scene().cameras, right_images=False)
    write_truth(tmp_path / 'outdoor_day1_gt.hdf5', scene().depth, sides=['left'])
    with open_recording(tmp_path / 'outdoor_day1_data.hdf5') as recording:
        assert [s.name for s in recording.image_streams] == ['davis/left/image_raw']
        assert {s.side for s in recording.depth_streams} == {'left'}
        assert any('0.225 s' in note for note in recording.notes)
        assert len(recording.cameras) == 2


def test_images_of_another_type_are_counted(tmp_path: Path) -> None:
    path = tmp_path / 'a_data.hdf5'
    write_data(path, [scene().left])
    with h5py.File(path, 'a') as file:
        images = file['davis/left/image_raw'][:3].astype('u2')
        del file['davis/left/image_raw']
        file['davis/left/image_raw'] = images
    with open_recording(path) as recording:
        assert list(recording.images(recording.image_streams[0])) == []
        assert recording.losses == {'damaged frames': 3}


def test_numbers_that_are_none_are_counted(tmp_path: Path) -> None:
    path = tmp_path / 'a_data.hdf5'
    write_data(path, [scene().left])
    with h5py.File(path, 'a') as file:
        table = file['davis/left/events']
        table[10, 0], table[20, 2], table[30, 1], table[40, 0] = np.nan, np.inf, 1e300, -3
    with open_recording(path) as recording:
        (found,) = read_events(recording)
        assert recording.losses == {OUTSIDE: 4}
    assert len(found.t_ns) == len(scene().left.t_ns) - 4


def test_a_camera_without_events(tmp_path: Path) -> None:
    nothing = EventArrays(*(column[:0] for column in scene().right))
    write_data(tmp_path / 'a_data.hdf5', [scene().left, nothing])
    with open_recording(tmp_path / 'a_data.hdf5') as recording:
        assert [camera.events for camera in recording.cameras] == [len(scene().left.t_ns), 0]
        left, right = read_events(recording, start_ns=recording.start_ns)
    assert len(left.t_ns) and not len(right.t_ns)
