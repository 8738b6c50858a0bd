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

"""MVSEC's two bags: events, images, true depth of two views, and the camchain beside them."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.recording import DepthStream, EventCamera, EventRecording
from testing.recordings import mvsec_bags
from testing.recordings.mvsec_bags import IMAGE_STEP_NS, expected_depth
from testing.recordings.read_back import assert_same_events, read_events
from testing.recordings.scene import HEIGHT, WIDTH, scene

SECONDS = 0.4


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write both bags of indoor_flying1."""
    folder = tmp_path_factory.mktemp('mvsec')
    mvsec_bags.write_bags(folder, scene(SECONDS))
    return folder


@pytest.fixture(scope='module')
def data_bag(folder: Path) -> Path:
    return folder / 'indoor_flying1_data.bag'


@pytest.fixture(scope='module')
def gt_bag(folder: Path) -> Path:
    return folder / 'indoor_flying1_gt.bag'


def sides(recording: EventRecording) -> list[EventCamera]:
    named = {camera.name: camera for camera in recording.cameras}
    return [named[f'/davis/{side}/events'] for side in ('left', 'right')]


def depth_stream(recording: EventRecording, name: str) -> DepthStream:
    return next(stream for stream in recording.depth_streams if stream.name == name)


def test_events_and_truth_of_two_bags(data_bag: Path, gt_bag: Path) -> None:
    with open_recording(data_bag, truth=[gt_bag]) as recording:
        assert recording.dataset == 'MVSEC'
        found = read_events(recording, sides(recording))
        for events, expected in zip(found, scene(SECONDS).cameras, strict=True):
            assert_same_events(events, expected)
        stream = depth_stream(recording, '/davis/left/depth_image_rect')
        assert (stream.side, stream.view, stream.frames) == (
            'left',
            'rectified',
            len(scene(SECONDS).depth),
        )
        frames = list(recording.depth(stream))
        assert not recording.losses
    for frame, expected_frame in zip(frames, scene(SECONDS).depth, strict=True):
        assert frame.t_ns == expected_frame.t_ns
        np.testing.assert_array_equal(frame.depth, expected_depth(expected_frame.depth))


def test_the_raw_view_is_kept_apart(gt_bag: Path, data_bag: Path) -> None:
    """Trap 5: depth_image_raw is of the distorted view; the fixture has it upside down."""
    with open_recording(data_bag, truth=[gt_bag]) as recording:
        raw = depth_stream(recording, '/davis/left/depth_image_raw')
        assert (raw.side, raw.view, raw.camera) == ('left', 'raw', None)
        assert depth_stream(recording, '/davis/right/depth_image_rect').side == 'right'
        frame = next(recording.depth(raw))
    np.testing.assert_array_equal(frame.depth, expected_depth(scene(SECONDS).depth[0].depth)[::-1])


def test_invalid_depth_is_nan(gt_bag: Path, data_bag: Path) -> None:
    """Trap 6: MVSEC has NaN where the lidar sees nothing, and some pixels 0."""
    with open_recording(data_bag, truth=[gt_bag]) as recording:
        stream = depth_stream(recording, '/davis/left/depth_image_rect')
        for frame in recording.depth(stream):
            assert np.isnan(frame.depth[5, ::3]).all()
            assert (frame.depth[np.isfinite(frame.depth)] > 0).all()


def test_depth_in_a_range_of_time(gt_bag: Path, data_bag: Path) -> None:
    times = [frame.t_ns for frame in scene(SECONDS).depth]
    with open_recording(data_bag, truth=[gt_bag]) as recording:
        stream = depth_stream(recording, '/davis/left/depth_image_rect')
        found = [frame.t_ns for frame in recording.depth(stream, times[1], times[3])]
    assert found == times[1:3]


def test_intensity_images(data_bag: Path) -> None:
    with open_recording(data_bag) as recording:
        streams = {stream.name: stream for stream in recording.image_streams}
        left = streams['/davis/left/image_raw']
        assert (left.width, left.height) == (WIDTH, HEIGHT)
        frames = list(recording.images(left))
    assert len(frames) > SECONDS * 1e9 / IMAGE_STEP_NS - 2
    for frame in frames:
        assert frame.image.shape == (HEIGHT, WIDTH)
        assert frame.image[3, 4] == (frame.t_ns // IMAGE_STEP_NS) % 256


def test_camera_info_gives_rig_and_view(data_bag: Path, gt_bag: Path) -> None:
    rig = scene(SECONDS).rig
    with open_recording(data_bag, truth=[gt_bag]) as recording:
        found = recording.calibration(sides(recording))
        assert found is not None
        assert found.rig.baseline_m == pytest.approx(rig.baseline_m)
        assert found.rig.cameras[0].camera_matrix[0, 0] == pytest.approx(rig.camera.f)
        assert 'camera_info' in found.origin
        assert depth_stream(recording, '/davis/left/depth_image_rect').camera == rig.camera
        one = recording.calibration(sides(recording)[:1])
        assert one is not None and len(one.rig.cameras) == 1


@pytest.mark.parametrize('place', ['.', 'indoor_flying_calib'])
def test_the_camchain_beside_the_bags_is_taken(
    data: Path, tmp_path: Path, folder: Path, place: str
) -> None:
    """Golden: MVSEC's published calibration."""
    bags = shutil.copytree(folder, tmp_path / 'bags')
    (bags / place).mkdir(exist_ok=True)
    shutil.copy(
        data / 'calibration' / 'mvsec_indoor_flying.yaml',
        bags / place / 'camchain-imucam-indoor_flying.yaml',
    )
    with open_recording(bags / 'indoor_flying1_data.bag') as recording:
        found = recording.calibration(sides(recording))
        assert found is not None
        assert found.rig.baseline_m == pytest.approx(0.099882, abs=1e-6)
        assert 'camchain-imucam-indoor_flying.yaml' in found.origin
        camera = depth_stream(recording, '/davis/left/depth_image_rect').camera
        assert camera is not None
        assert camera.f == pytest.approx(199.653, abs=1e-3)


def test_the_right_camera_may_be_missing(tmp_path: Path) -> None:
    """outdoor_day's right camera is corrupted, and absent in some copies."""
    path = tmp_path / 'outdoor_day2_data.bag'
    mvsec_bags.write_data(path, {'left': scene(SECONDS).left}, scene(SECONDS).rig)
    with open_recording(path) as recording:
        (camera,) = recording.cameras
        assert_same_events(read_events(recording)[0], scene(SECONDS).left)
        assert recording.calibration([camera]) is not None


def test_the_offset_of_old_files_is_noted(tmp_path: Path) -> None:
    """Trap 9: depth stamps of outdoor_day1 were 0.225 s off, and nothing in the file tells."""
    bag = tmp_path / 'outdoor_day1_data.bag'
    mvsec_bags.write_data(bag, {'left': scene(SECONDS).left}, scene(SECONDS).rig)
    truth = tmp_path / 'outdoor_day1_gt.bag'
    mvsec_bags.write_truth(truth, scene(SECONDS).depth[:2], scene(SECONDS).rig, ['left'])
    with open_recording(bag) as recording:
        assert any('0.225 s off' in note for note in recording.notes)


def test_truth_alone_is_no_recording_of_events(tmp_path: Path, gt_bag: Path) -> None:
    path = shutil.copy(gt_bag, tmp_path / 'truth.bag')
    with pytest.raises(RecordingError, match='has no event camera: give one that has'):
        open_recording(path)
