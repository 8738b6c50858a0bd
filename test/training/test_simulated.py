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

"""Simulated data sets: fixed by their descriptions, without common seeds, of mapped rigs."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from spike_depth_ros.frames.spike_frame import LEFT, RIGHT
from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.pixel_table import pixel_table
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG, StereoRig
from spike_depth_ros.training.data.crops import AugmentedCrops
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.pairs import Pair, pairs_of
from spike_depth_ros.training.data.sample import Sample, event_depth
from spike_depth_ros.training.data.sample_folder import SampleFolder
from spike_depth_ros.training.data.simulated import SPLITS, SimulatedDataset
from spike_depth_ros.training.data.training_sequences import SingleWindows
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.simulate import SEED
from spike_depth_ros.training.simulator.rigs import RigRanges, random_rig

NETWORK = MVSEC_RIG.camera
CONFIG = Path(__file__).parents[2] / 'config/simulation'
# Counts of the four channels of test window 3.
GOLDEN = {
    'sim_flying': [68199, 140455, 92576, 184940],
    'sim_driving': [3088, 2055, 2888, 2051],
    'sim_sparse': [2230, 2041, 2419, 3290],
    'sim_standing': [2006, 1940, 1360, 1376],
    'sim_turning': [17627, 5590, 15489, 5801],
    'sim_rooms': [4747, 4341, 4415, 5931],
}
NAMES = tuple(GOLDEN)


@pytest.fixture(scope='module', params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope='module')
def dataset(name: str) -> SimulatedDataset:
    return read_dataset(CONFIG / f'{name}.yaml')


def test_no_two_splits_of_any_data_set_share_a_seed() -> None:
    datasets = [read_dataset(CONFIG / f'{name}.yaml') for name in NAMES]
    # torch keeps 32 bits of a seed.
    first = [one.first_seed(split) % 2**32 for one in datasets for split in SPLITS]
    assert np.diff(sorted([*first, SEED % 2**32])).min() > 10**7  # windows of each


@pytest.mark.slow
def test_an_index_is_one_window(name: str, dataset: SimulatedDataset) -> None:
    bank = dataset.bank('test')
    one, again, other = (dataset.sample('test', index, bank) for index in (3, 3, 4))
    for array, same in zip(one, again, strict=True):
        np.testing.assert_array_equal(array, same)
    assert not np.array_equal(one.spikes, other.spikes)
    assert one.spikes.shape == (NETWORK.height, NETWORK.width, 4) and one.image.any()
    # Changes with SIMULATOR; another processor may round a few crossings otherwise.
    assert one.spikes.sum((0, 1)).tolist() == pytest.approx(GOLDEN[name], rel=0.01)


def test_the_packages_data_sets_are_found_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_dataset(Path('config/simulation/sim_flying.yaml')).name == 'SimFlying'
    with pytest.raises(SettingsError, match=r'sim_flown\.yaml'):
        read_dataset(Path('config/simulation/sim_flown.yaml'))


def test_windows_of_before_a_setting_existed_are_those_without_it(tmp_path: Path) -> None:
    dataset = read_dataset(CONFIG / 'sim_flying.yaml')
    SampleFolder(tmp_path, dataset, 'test', Sample).begin(())
    (file,) = tmp_path.rglob('benchmark.json')
    assert 'texel_px' in file.read_text() and 'texel_m' not in file.read_text()
    rooms = read_dataset(CONFIG / 'sim_rooms.yaml')
    assert rooms.ranges.scene.texel_m == (0.03, 0.05)
    SampleFolder(tmp_path, rooms, 'test', Sample).begin(())
    assert 'texel_m' in (tmp_path / 'SimRooms/test/benchmark.json').read_text()


@pytest.mark.slow
def test_windows_see_depth_in_the_range(dataset: SimulatedDataset) -> None:
    bank = dataset.bank('train')
    near, far = dataset.depth_m
    shares = []
    for index in range(6):
        sample = dataset.sample('train', index, bank)
        known = sample.depth[np.isfinite(sample.depth)].astype(np.float32)
        shares.append(((known >= near) & (known <= far)).mean())
        assert np.all(~(sample.nearest > sample.depth))
        assert np.array_equal(np.isnan(sample.nearest), np.isnan(sample.depth))
    assert np.mean(shares) > 0.7


def test_training_has_event_depth_in_metres_of_the_network(
    tmp_path: Path,
) -> None:
    dataset, preparation = read_dataset(CONFIG / 'sim_driving.yaml'), Preparation(tmp_path, 0)
    dataset.prepare('train', 1, preparation)
    sample = dataset.folder('train', preparation).samples(1)[0]
    pair = pairs_of(dataset, 'train', 1, preparation)[0]
    scale = MVSEC_RIG.baseline_m / 0.6
    np.testing.assert_array_equal(pair.depth, sample.depth.astype(np.float32) * scale)
    np.testing.assert_array_equal(pair.event_depth, event_depth(sample) * scale)
    assert not np.array_equal(pair.event_depth, pair.depth, equal_nan=True)


def test_events_beside_an_edge_have_the_depth_of_the_nearer_surface() -> None:
    nearest = np.full((5, 7), 8, np.float16)
    nearest[1:4, 2] = 4  # left the pixel within the window
    nearest[1:4, 5] = 7.5  # the same surface, aslant
    nearest[:, 6] = np.nan
    depth = np.where(np.isnan(nearest), nearest, np.float16(8)).astype(np.float16)
    spikes = np.zeros((5, 7, 4), np.uint8)
    spikes[2, :, 0] = 1
    spikes[4, :, 2] = 1  # of the right camera
    found = event_depth(Sample(spikes, depth, nearest, np.zeros((5, 7), np.uint8)))
    np.testing.assert_array_equal(found[2], [8, 4, 4, 4, 8, 7.5, np.nan])
    np.testing.assert_array_equal(found[[0, 1, 3, 4]], depth[[0, 1, 3, 4]])


def test_crops_stay_aligned() -> None:
    rows, columns = np.mgrid[:20, :30]
    place = (100 * rows + columns).astype(np.float32)
    spikes = np.stack([rows, columns, rows, columns], 2).astype(np.uint8)
    crops = AugmentedCrops(SingleWindows([Pair(spikes, place, -place)]), 8, 12)
    turned, silent = set(), 0
    torch.manual_seed(0)
    for _ in range(400):
        crop = Pair(*(array[0] for array in crops[0][:3]))
        swapped = not np.array_equal(crop.spikes[..., 0], crop.depth // 100)
        row, column = crop.spikes[..., 1 if swapped else 0], crop.spikes[..., 0 if swapped else 1]
        np.testing.assert_array_equal(100 * row.astype(int) + column, crop.depth)
        np.testing.assert_array_equal(crop.event_depth, -crop.depth)
        turned.add((swapped, bool(crop.depth[0, 0] > crop.depth[-1, 0])))
        if crop.spikes[..., RIGHT].any():
            np.testing.assert_array_equal(crop.spikes[..., RIGHT], crop.spikes[..., LEFT])
        else:
            silent += 1
    assert len(turned) == 4  # both, either and neither
    assert 5 <= silent <= 40  # 20 expected
    assert spikes[..., RIGHT].any()  # the pair itself is unchanged


def test_a_folder_of_another_description_is_refused(tmp_path: Path) -> None:
    dataset = read_dataset(CONFIG / 'sim_flying.yaml')
    SampleFolder(tmp_path, dataset, 'test', Sample).prepare(0, workers=0)
    changed = dataclasses.replace(dataset, baseline_m=0.2)
    with pytest.raises(ValueError, match='another description of SimFlying'):
        SampleFolder(tmp_path, changed, 'test', Sample).prepare(0, workers=0)


def test_other_rigs_land_where_they_look() -> None:
    # The first pixel right of another rig's axis looks 1 / 300 aside: two thirds of a pixel.
    rig = PinholeCamera(201, 101, 1.5 * NETWORK.f, 100.0, 50.0)
    table = pixel_table(rig, NETWORK)
    centre = 130 * NETWORK.width + 173
    assert table.index[50, 100:104].tolist() == [centre, centre + 1, centre + 1, centre + 2]
    assert table.index[50 + 15, 100] == centre + 10 * NETWORK.width
    columns = table.mapped.any(0).nonzero()[0]
    assert (columns[0], columns[-1]) == (173 - 67, 173 + 67)


def test_random_rigs_look_the_same_way() -> None:
    generator = torch.Generator().manual_seed(0)
    rigs = [random_rig(RigRanges(other=0.5), 0.2, generator) for _ in range(40)]
    same = [rig for rig in rigs if rig == StereoRig(NETWORK, 0.2)]
    assert 10 < len(same) < 30
    assert all(0.79 < rig.camera.f / NETWORK.f < 1.61 and rig.baseline_m == 0.2 for rig in rigs)
    assert all(pixel_table(rig.camera, NETWORK).mapped.mean() > 0.2 for rig in rigs)


def test_depth_without_a_known_pixel_at_the_border_overflows_nothing() -> None:
    nearest = np.full((3, 4), np.nan, np.float16)
    nearest[1, 3] = 2.0
    spikes = np.ones((3, 4, 4), np.uint8)
    found = event_depth(Sample(spikes, nearest, nearest, np.zeros((3, 4), np.uint8)))
    np.testing.assert_array_equal(found, nearest.astype(np.float32))
