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

"""Pictures in the training data: stored, cropped with depth, and refused where there are none."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from training.runs import SIM_FLYING

from spike_depth_ros.training.data.crops import AugmentedCrops, collate
from spike_depth_ros.training.data.dataset import DepthWindow, Preparation, read_dataset
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.data.pairs import Pairs
from spike_depth_ros.training.data.sample import Sample
from spike_depth_ros.training.data.simulated import SPLITS
from spike_depth_ros.training.data.training_sequences import SingleWindows, windows_of
from spike_depth_ros.training.settings import SettingsError

SIZE = 20, 30


def numbered() -> DepthWindow:
    """Return a window in which depth, pictures and events of a pixel follow from its number."""
    number = np.arange(SIZE[0] * SIZE[1], dtype=np.float32).reshape(SIZE)
    left, right = (number % 251).astype(np.uint8), (number % 241).astype(np.uint8)
    spikes = np.stack([left, left, right, right], 2)
    return DepthWindow(spikes, number, number, left, right_image=right)


def test_crops_keep_pictures_with_their_depth() -> None:
    torch.manual_seed(0)
    crops = AugmentedCrops(SingleWindows(Pairs([numbered()], 1.0, 2)), 8, 12)
    silent = 0
    for _ in range(60):
        crop = crops[0]
        assert crop.pictures is not None
        assert crop.pictures.shape == (1, 8, 12, 2)
        for camera, modulus in enumerate((251, 241)):
            np.testing.assert_array_equal(crop.pictures[..., camera], crop.depth % modulus)
        silent += not crop.spikes[..., 2:].any()
    assert silent  # the right camera's picture stays where its events are left out


def test_batches_hold_pictures_only_if_asked() -> None:
    with_pictures, without = (
        SingleWindows(Pairs([numbered()], 1.0, cameras)) for cameras in (1, 0)
    )
    batch = collate([with_pictures[0], with_pictures[0]])
    assert batch.pictures is not None
    assert batch.pictures.shape == (2, 1, 1, *SIZE)
    (window,) = windows_of(batch)
    assert window.pictures is not None
    assert torch.equal(window.pictures[1, 0].float(), window.depth[1, 0] % 251)
    assert collate([without[0]]).pictures is None


def test_windows_without_pictures_are_refused() -> None:
    window = numbered()._replace(right_image=None)
    Pairs([window], 1.0, 1)[0]
    with pytest.raises(SettingsError, match='have 1 pictures, but the network or its teacher'):
        Pairs([window], 1.0, 2)[0]


def test_data_sets_without_pictures_are_refused_before_training(tmp_path: Path) -> None:
    spikes, depth = np.zeros((1, 20, 30, 4), np.uint8), np.ones((1, 20, 30), np.float32)
    arrays = {f'{split}_spikes': spikes for split in SPLITS}
    np.savez(tmp_path / 'mine.npz', **arrays, **{f'{split}_depth': depth for split in SPLITS})
    fields = {'file': f'{tmp_path}/mine.npz', 'f': 20, 'cx': 15, 'cy': 10}
    fields |= {'baseline_m': 0.1, 'window_ms': 50}
    file = tmp_path / 'mine.yaml'
    described = {'class_path': 'training.array_dataset.ArrayDataset', 'init_args': fields}
    file.write_text(json.dumps(described))
    data = DepthData({str(file): 1}, validation_samples=1, crop_height=8, crop_width=8)
    data.prepare_data()
    data.use_pictures(1)
    with pytest.raises(SettingsError, match='Windows of mine have 0 pictures, but the network'):
        data.prepare_data()


def test_sequences_have_no_pictures() -> None:
    data = DepthData({str(SIM_FLYING): 1}, windows=2)
    data.use_pictures(0)
    with pytest.raises(SettingsError, match=r'data\.windows is 2, but sequences have no pictures'):
        data.use_pictures(2)


@pytest.fixture(scope='module')
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a stored window."""
    folder = tmp_path_factory.mktemp('stored')
    read_dataset(SIM_FLYING).prepare('train', 1, Preparation(folder, workers=0))
    return folder


def test_both_pictures_show_the_scene_from_their_camera(stored: Path) -> None:
    window = read_dataset(SIM_FLYING).windows('train', 1, Preparation(stored))[0]
    assert window.image is not None
    assert window.right_image is not None
    assert window.right_image.shape == window.image.shape == window.depth.shape
    left, right = (each.astype(np.float32) for each in (window.image, window.right_image))
    # The right camera sees the same scene displaced to the left: some displacement fits better
    # than none, and better than the same one to the right.
    difference = {
        shift: float(np.abs(left[:, 60:-60] - np.roll(right, shift, 1)[:, 60:-60]).mean())
        for shift in range(-40, 41)
    }
    best = min(difference, key=difference.__getitem__)
    assert best > 0
    assert difference[best] < 0.9 * difference[-best]


def test_windows_stored_without_the_right_picture_are_made_again(stored: Path) -> None:
    dataset = read_dataset(SIM_FLYING)
    file = stored / 'SimFlying/train/000000.npz'
    with np.load(file) as arrays:
        before = Sample(**arrays)
    np.savez_compressed(file, **{k: v for k, v in before._asdict().items() if k != 'right_image'})
    old = file.read_bytes()
    for cameras in (0, 1):  # nothing that is read is missing
        preparation = Preparation(stored, workers=0, pictures=cameras)
        dataset.prepare('train', 1, preparation)
        assert file.read_bytes() == old
        assert dataset.windows('train', 1, preparation)[0].right_image is None
    both = dataclasses.replace(preparation, pictures=2)
    dataset.prepare('train', 1, both)
    with np.load(file) as arrays:
        again = Sample(**arrays)
    for one, other in zip(before, again, strict=True):
        np.testing.assert_array_equal(one, other)
