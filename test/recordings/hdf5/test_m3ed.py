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

"""M3ED's files: events, true depth of the raw view, calibration in the file."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from spike_depth_ros.recordings.cameras import choose_imu
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.imu_samples import DAMAGED_SAMPLES
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import ImuStream
from testing.recordings.m3ed import (
    IMU_SAMPLES,
    LOST_SAMPLE,
    T_LEFT_IMU,
    write_data,
    write_poses,
    write_truth,
)
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import scene


@pytest.fixture(scope='module')
def data_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('m3ed')
    path = folder / 'car_urban_day_data.h5'
    write_data(path, scene().cameras, scene().rig, scene().start_ns)
    write_truth(folder / 'car_urban_day_depth_gt.h5', scene().depth, scene().start_ns)
    return path


def test_events_start_at_0(data_file: Path) -> None:
    with open_recording(data_file) as recording:
        assert (recording.kind, recording.dataset) == ('M3ED HDF5', 'M3ED')
        assert [(c.name, c.width, c.height) for c in recording.cameras] == [
            ('prophesee/left', 1280, 720),
            ('prophesee/right', 1280, 720),
        ]
        for found, own in zip(read_events(recording), scene().cameras, strict=True):
            assert_same_events(found, own._replace(t_ns=own.t_ns - scene().start_ns))


def test_trap_5_true_depth_is_in_the_raw_view(data_file: Path) -> None:
    """Trap 5: M3ED's depth is in the distorted view of the left camera."""
    with open_recording(data_file) as recording:
        (stream,) = recording.depth_streams
        assert (stream.view, stream.side, stream.camera) == ('raw', 'left', None)
        assert stream.frames == len(scene().depth)


def test_trap_6_infinite_depth_is_unknown(data_file: Path) -> None:
    """Trap 6: +Inf of M3ED is unknown."""
    with open_recording(data_file) as recording:
        frames = list(recording.depth(recording.depth_streams[0]))
    for found, expected in zip(frames, scene().depth, strict=True):
        assert found.t_ns == expected.t_ns - scene().start_ns
        np.testing.assert_array_equal(found.depth[:260, :346], expected.depth)
        assert np.isnan(found.depth[260:]).all() and np.isnan(found.depth[:, 346:]).all()


def test_calibration_in_the_file(data_file: Path) -> None:
    """The right camera stands to the right: T_to_prophesee_left leads to the left camera."""
    with open_recording(data_file) as recording:
        found = recording.calibration(recording.cameras)
        assert found is not None and 'calib' in found.origin
        assert found.rig.baseline_m == pytest.approx(scene().rig.baseline_m)
        assert found.rig.cameras[0].distortion_model == 'plumb_bob'
        one = recording.calibration(recording.cameras[:1])
        assert one is not None and one.rig.baseline_m == 0
        assert recording.calibration(recording.cameras[1:]) is None


def test_the_imu_of_the_rig_is_calibrated(data_file: Path) -> None:
    with open_recording(data_file) as recording:
        (stream,) = recording.imu_streams
        assert choose_imu(recording, recording.cameras[0]) == stream == ImuStream('ovc/imu')
        samples = list(recording.imu(stream))
        assert recording.losses == {DAMAGED_SAMPLES: 1}
        found = recording.calibration(recording.cameras)
    known = [number for number in range(IMU_SAMPLES) if number != LOST_SAMPLE]
    assert [sample.t_ns for sample in samples] == [2_500_000 * number for number in known]
    assert [sample.angular_velocity[2] for sample in samples] == [0.01 * n for n in known]
    assert {sample.linear_acceleration for sample in samples} == {(0.0, 0.0, 9.81)}
    assert found is not None
    np.testing.assert_array_equal(found.rig.imu_rotation, T_LEFT_IMU[:3, :3])


def test_a_bad_calibration_is_a_note(data_file: Path, tmp_path: Path) -> None:
    path = tmp_path / 'a_data.h5'
    path.write_bytes(data_file.read_bytes())
    with h5py.File(path, 'a') as file:
        del file['prophesee/right/calib']
        file['prophesee/left/calib/intrinsics'][0] = -1
    with open_recording(path) as recording:
        assert recording.calibration(recording.cameras) is None
        for _ in range(2):
            assert recording.calibration(recording.cameras[:1]) is None
        assert sum('calibration in the file' in note for note in recording.notes) == 2


def test_images(data_file: Path) -> None:
    with open_recording(data_file) as recording:
        assert [(s.name, s.width, s.height) for s in recording.image_streams] == [
            ('ovc/left', 1280, 800),
            ('ovc/right', 1280, 800),
        ]
        images = list(recording.images(recording.image_streams[1]))
        assert [image.t_ns for image in images] == [0, 40_000_000, 80_000_000]
        assert images[0].image.shape == (800, 1280) and images[0].image[0, 0] == 8


def test_poses_are_refused(tmp_path: Path) -> None:
    write_poses(tmp_path / 'a_pose_gt.h5')
    with pytest.raises(RecordingError, match='has poses alone: give the file of the events'):
        open_recording(tmp_path / 'a_pose_gt.h5')
