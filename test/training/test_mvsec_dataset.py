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

"""MVSEC as a data set, on files in its layout."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from spike_depth_ros.frames.arrays import EventArrays, spike_frame
from spike_depth_ros.geometry.pixel_table import resize_table
from spike_depth_ros.recordings.recording import DepthFrame
from spike_depth_ros.training.data.clip import Clip
from spike_depth_ros.training.data.dataset import DepthWindow, Preparation, Split
from spike_depth_ros.training.data.mvsec import SPLITS, MvsecDataset
from spike_depth_ros.training.data.recordings import RecordingDataset
from spike_depth_ros.training.settings import SettingsError
from testing.recordings import mvsec_hdf5
from testing.recordings.mvsec_set import write_set
from testing.recordings.scene import scene

FIRST = {'indoor_flying1': 138, 'indoor_flying2': 158, 'indoor_flying3': 124}
VALIDATION = 5


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of three sequences, each with the scene at the start of its range."""
    return write_set(tmp_path_factory.mktemp('sets') / 'mvsec', scene(0.5), FIRST)


def windows(dataset: MvsecDataset, split: Split, to: Path) -> list[DepthWindow]:
    preparation = Preparation(to)
    count = dataset.count(split, preparation)
    dataset.prepare(split, count, preparation)
    found = dataset.windows(split, count, preparation)
    return [found[index] for index in range(count)]


def test_the_splits_are_those_that_are_published() -> None:
    published = {
        '1': ('indoor_flying1', 1061, 1420 + 1690),
        '2': ('indoor_flying2', 1301, 1180 + 1690),
        '3': ('indoor_flying3', 1543, 1180 + 1420),
    }
    for name, (tested, test_images, train_images) in published.items():
        train, test = SPLITS[name]
        assert list(test) == [tested] and tested not in train
        assert sum((last or 0) - first for first, last in test.values()) == test_images
        assert sum((last or 0) - first for first, last in train.values()) == train_images


def test_windows_end_at_the_images_of_the_range(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = MvsecDataset(folder=folder, split='1', validation=VALIDATION)
    described = dataset.description
    assert (described.name, described.channels, described.protocol) == ('MVSEC1', 4, 'MVSEC')
    assert described.rig.baseline_m == pytest.approx(0.0999)
    expected = scene(0.5)
    table = resize_table(346, 260, 346, 260)
    frames = {}
    for frame in expected.depth[2:]:  # numbers 140 and on
        counts = spike_frame(expected.cameras, [table, table], frame.t_ns - 50_000_000, 50_000_000)
        frames[counts.tobytes()] = frame.depth
    test, validation = (windows(dataset, split, tmp_path) for split in ('test', 'validation'))
    assert len(validation) == VALIDATION and len(test) + len(validation) == len(frames)
    assert {window.spikes.tobytes() for window in (*test, *validation)} == frames.keys()
    for window in test:
        truth = frames[window.spikes.tobytes()].copy()
        truth[:5], truth[5, ::3] = np.nan, np.nan  # no lidar in the fixture, NaN and 0
        np.testing.assert_array_equal(window.depth, truth)
        assert window.view is not None
        np.testing.assert_array_equal(window.view.depth, truth)
    assert 'test should have 1061 true depth images, but there are' in capsys.readouterr().err


def test_training_windows_are_of_the_other_sequences(folder: Path, tmp_path: Path) -> None:
    dataset = MvsecDataset(folder=folder, split='1', validation=VALIDATION)
    images = len(scene(0.5).depth)
    assert len(windows(dataset, 'train', tmp_path)) == (images - 2) + (images - 1)


def test_the_same_images_are_for_validation_every_time(folder: Path, tmp_path: Path) -> None:
    found = []
    for place in ('one', 'other'):
        dataset = MvsecDataset(folder=folder, split='3', validation=VALIDATION)
        found.append(windows(dataset, 'validation', tmp_path / place))
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one.spikes, other.spikes)


def test_another_number_of_validation_windows_leaves_others_for_the_test(
    folder: Path, tmp_path: Path
) -> None:
    of_test = []
    for validation in (VALIDATION, VALIDATION + 1):
        dataset = MvsecDataset(folder=folder, split='3', validation=validation)
        of_test.append(dataset.count('test', Preparation(tmp_path)))
    assert of_test[0] == of_test[1] + 1


def test_the_hood_of_the_car_is_no_truth(tmp_path: Path) -> None:
    sequences = {'outdoor_day1': 0, 'outdoor_day2': 0}
    folder = write_set(tmp_path / 'mvsec', scene(0.2), sequences)
    dataset = MvsecDataset(folder=folder, split='outdoor', validation=1)
    assert dataset.description.depth_m == (3.0, 80.0)
    [window, *_] = windows(dataset, 'test', tmp_path / 'windows')
    known = window.depth[np.isfinite(window.depth)]
    assert len(known) and known.min() > 3
    assert window.view is not None and not (window.view.depth <= 3).any()


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    dataset = MvsecDataset(folder=tmp_path, split='1')
    with pytest.raises(SettingsError, match=r'There is no indoor_flying2_data\.hdf5 or indoor_fl'):
        dataset.check('train', 1, Preparation(tmp_path))


def test_events_meet_the_depth_of_their_surface_through_the_real_lens(
    data: Path, tmp_path: Path
) -> None:
    # Raw (100, 100) of the left camera is (107.7, 97.5) of MVSEC's rectified view.
    shutil.copy(
        data / 'calibration/mvsec_indoor_flying.yaml',
        tmp_path / 'camchain-imucam-indoor_flying.yaml',
    )
    start_ns, place = 1_504_645_177_000_000_000, np.full(40, 100, np.uint16)
    t_ns = start_ns + np.arange(40) * 1_000_000
    events = EventArrays(t_ns, place, place, np.ones(40, np.uint8))
    mvsec_hdf5.write_data(tmp_path / 'indoor_flying1_data.hdf5', [events, events])
    depth = np.full((260, 346), 5, np.float32)
    depth[96:100, 106:110] = 2
    truth = [DepthFrame(start_ns + 50_000_000, depth)]
    mvsec_hdf5.write_truth(tmp_path / 'indoor_flying1_gt.hdf5', truth, ['left'])
    clip = Clip([tmp_path / 'indoor_flying1_data.hdf5'])
    dataset = RecordingDataset(name='Real', depth_m=(0.5, 10), train=[clip])
    assert dataset.description.rig.baseline_m == pytest.approx(0.099882, abs=1e-6)
    dataset.prepare('train', 1, Preparation(tmp_path / 'windows'))
    window = dataset.windows('train', 1, Preparation(tmp_path / 'windows'))[0]
    [[row, column]] = np.argwhere(window.spikes[..., 0])
    assert window.spikes[row, column, 0] == 40
    assert window.depth[row, column] == 2
    assert np.count_nonzero(window.depth == 2) == 16
