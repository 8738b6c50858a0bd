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


"""Inputs of a run: what is found in recordings of several formats."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.geometry.errors import CalibrationError
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.inference.model_file import ModelError
from spike_depth_ros.recordings import mvsec
from spike_depth_ros.recordings.cameras import choose_cameras
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.open import open_recording
from spike_depth_ros.recordings.rosbag2_writer import RecordingWriter
from spike_depth_ros.ros.demo.source import Inputs, open_source
from testing.recordings import dsec, mvsec_bags
from testing.recordings.aedat import write_aedat4
from testing.recordings.scene import HEIGHT, WIDTH, scene


@pytest.fixture(scope='module')
def bags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp('mvsec')
    mvsec_bags.write_bags(folder, scene())
    return folder


def test_mvsecs_two_bags_are_one_recording(bags: Path) -> None:
    for path in (bags, bags / 'indoor_flying1_data.bag'):
        source = open_source(Inputs((path,)))
        assert [camera.name for camera in source.cameras] == [
            '/davis/left/events',
            '/davis/right/events',
        ]
        assert source.dataset == 'MVSEC'
        assert source.truth is not None and source.truth.stream.view == 'rectified'
        assert source.calibration is not None
        assert source.tested is None  # the scene ends before the range of the split
        assert source.binner_parameters()['calibration'] == 'camera_info'
        assert any('indoor_flying1_gt.bag' in sentence for sentence in source.about())


def test_only_the_true_depths_of_mvsecs_split_count(
    bags: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mvsec, 'TEST_RANGES', {'indoor_flying1': (5, 9)})
    assert open_source(Inputs((bags,))).tested == range(5, 9)
    assert open_source(Inputs((bags,), start_s=0.22)).tested == range(1, 5)
    assert open_source(Inputs((bags,), start_s=0.9)).tested is None


def test_dsec_is_calibrated_by_the_file_beside_it(tmp_path: Path) -> None:
    source = open_source(Inputs((dsec.write_tree(tmp_path / 'zurich_city_00_a', scene()),)))
    assert source.dataset == 'DSEC'
    assert source.truth is not None and source.truth.stream.disparity_focal_baseline
    assert source.focal_baseline == pytest.approx(199.65 * 0.0999, rel=1e-3)


def test_an_uncalibrated_recording_says_so_and_one_camera_is_monocular(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', {'DAVIS_1': scene().left}, (WIDTH, HEIGHT))
    source = open_source(Inputs((path,)))
    assert (source.truth, source.no_truth) == (None, '')
    assert source.model.name == 'stereospike_monocular.onnx'
    text = ' '.join(source.about())
    assert 'the scale of the depth is unknown: give one with --calibration' in text
    assert 'one camera: depth is from a monocular model' in text
    assert source.binner_parameters()['calibration'] == ''


def test_a_part_beyond_the_end_is_one_sentence(bags: Path) -> None:
    with pytest.raises(RecordingError, match=r'ends [01].* s after its first event'):
        open_source(Inputs((bags,), start_s=50.0))


@pytest.mark.parametrize('part', [{'start_s': -1.0}, {'duration_s': float('nan')}])
def test_a_part_that_is_none_is_one_sentence(bags: Path, part: dict[str, float]) -> None:
    with pytest.raises(RecordingError, match='must not be negative'):
        open_source(Inputs((bags,), **part))


def test_windows_follow_each_other_by_the_hop(bags: Path) -> None:
    source, short = (open_source(Inputs((bags,), hop_ms=hop_ms)) for hop_ms in (None, 20.0))
    assert (source.hop_ns, short.hop_ns) == (50_000_000, 20_000_000)
    assert short.binner_parameters()['hop_ms'] == 20.0
    assert short.most_windows == pytest.approx(2.5 * source.most_windows, abs=2)


@pytest.mark.parametrize('hop_ms', [0.5, 51.0, float('nan')])
def test_a_hop_beyond_the_windows_is_one_sentence(bags: Path, hop_ms: float) -> None:
    with pytest.raises(ModelError, match=rf'hop_ms is {hop_ms:g}, but must be from 1 to 50'):
        open_source(Inputs((bags,), hop_ms=hop_ms))


def test_cameras_have_the_same_names_in_the_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ('left', 'right'):  # two files with a camera of the same name
        write_aedat4(tmp_path / f'{side}.aedat4', {'DAVIS': scene().left}, (WIDTH, HEIGHT))
    monkeypatch.chdir(tmp_path)
    parameters = open_source(
        Inputs((Path('left.aedat4'), Path('right.aedat4')))
    ).replay_parameters()
    paths = [Path(path) for path in parameters['recording']]
    with open_recording(paths) as recording:
        names = [camera.name for camera in choose_cameras(recording)]
    assert [parameters['left'], parameters['right']] == names


def test_true_depth_that_was_named_must_be_comparable(tmp_path: Path) -> None:
    path = write_aedat4(tmp_path / 'a.aedat4', {'DAVIS_1': scene().left}, (WIDTH, HEIGHT))
    small = tmp_path / 'small'
    with RecordingWriter(small, about={}) as writer:
        depth = np.ones((100, 100), np.float32)
        writer.write_depth('/left/depth_image_rect/compressedDepth', 1, 1, depth, 'camera0')
    advice = 'give other true depth, or leave out --truth'
    with pytest.raises(RecordingError, match=f'view of 100 x 100 of an unknown camera.*{advice}'):
        open_source(Inputs((path,), truth=(small,)))
    other = write_aedat4(tmp_path / 'b.aedat4', {'DAVIS_1': scene().left}, (WIDTH, HEIGHT))
    with pytest.raises(RecordingError, match=f"'{other}' holds no true depth: {advice}"):
        open_source(Inputs((path,), truth=(other,), left=f'{path}/DAVIS_1'))


def test_a_calibration_of_other_sensors_in_the_recording_is_refused(tmp_path: Path) -> None:
    rig = StereoRig(replace(MVSEC_RIG.camera, width=640, height=480), MVSEC_RIG.baseline_m)
    mvsec_bags.write_bags(tmp_path, replace(scene(), rig=rig))
    with pytest.raises(CalibrationError, match=r'has 346 x 260 pixels, .* is for 640 x 480'):
        open_source(Inputs((tmp_path,)))
