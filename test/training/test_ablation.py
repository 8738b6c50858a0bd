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

"""Windows of several lengths of the same scenes, as the ablations join and unpack them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from spikingjelly.activation_based.functional import reset_net

from bench.ablation import held_out
from bench.ablation.__main__ import table
from bench.ablation.networks import OneScale, PerPolarity, SeparateEncoders, Stacked
from bench.ablation.windows import (
    JoinedDataset,
    Joining,
    QuarterDataset,
    stacked,
    whole,
)
from spike_depth_ros.frames.spike_frame import LEFT
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.sample import Sample, event_depth
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.evaluate import read
from spike_depth_ros.training.evaluation.scores import scores
from spike_depth_ros.training.networks.coincidence import Encoder
from spike_depth_ros.training.networks.stereospike import StereoSpike

COUNTS = torch.poisson(torch.full((1, 4, 64, 80), 0.3), torch.Generator().manual_seed(1))


def test_frames_add_up() -> None:
    frames = np.array([[3, 200], [4, 100]], np.uint8)
    assert whole(frames).tolist() == [7, 255]
    assert stacked(frames).tolist() == [11 * 3 + 4, 11 * 10 + 10]  # older, newer, at most 10


def test_halves_are_channels_of_their_own() -> None:
    torch.manual_seed(1)
    network = Stacked(8).eval()
    older, newer = torch.randint(0, 11, (2, 1, 4, 32, 48)).float()
    spikes = network.encode(11 * older + newer)
    left, right = (torch.cat([older[:, at], newer[:, at]], 1) for at in (slice(2), slice(2, 4)))
    assert isinstance(network.encoder, Encoder)
    reset_net(network)
    for name, layer in network.encoder(left, right).items():
        assert torch.equal(spikes[name], layer) and layer.any()


def test_the_other_scales_are_silent() -> None:
    torch.manual_seed(1)
    spikes = OneScale(8).eval()(COUNTS).spikes
    assert spikes['cooperation2'].any() and spikes['conv4'].any()
    assert not spikes['cooperation3'].any() and not spikes['cooperation4'].any()


def test_each_camera_has_its_encoder() -> None:
    torch.manual_seed(1)
    network = SeparateEncoders(8).eval()
    before = network(COUNTS).spikes['same1'].chunk(3)
    network.right_encoder.bottom.synapses.weight.data.neg_()
    after = network(COUNTS).spikes['same1'].chunk(3)
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1]) and not torch.equal(before[2], after[2])


def test_polarities_do_not_meet() -> None:
    torch.manual_seed(1)
    network = PerPolarity(8).eval()
    only_on = COUNTS * torch.tensor([1, 0, 1, 0])[:, None, None]
    both, on = (network(counts).spikes['same1'].chunk(2, 1) for counts in (COUNTS, only_on))
    assert torch.equal(both[0], on[0]) and both[1].any() and not on[1].any()


@pytest.mark.slow
def test_test_splits_are_measured_as_files_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    dataset = read_dataset(Path('config/simulation/sim_driving.yaml'))
    torch.manual_seed(1)
    module = DepthEstimation(StereoSpike(4, width=2))
    found = held_out.errors(module, dataset, 1)
    windows = dataset.windows('test', 1, Preparation(tmp_path / 'runs/simulated'))
    spikes, truth = read(windows, dataset.description)
    with torch.no_grad():
        depth = module(torch.from_numpy(spikes.transpose(0, 3, 1, 2)))[:, 0].numpy()
    expected = scores(depth * np.float32(0.6 / MVSEC_RIG.baseline_m), truth)
    for name in held_out.COLUMNS:
        assert found[f'SimDriving test {name}'] == pytest.approx(expected[name], abs=1e-3)


def test_a_table_has_means_and_how_far_any_seed_is_from_them() -> None:
    row = {'name': 'wide', 'steps': 600, 'seed': 1, 'parameters': 2_000_000, 'seconds': 0.4}
    rows = [
        {**row, 'Sim_error': 9.0},  # of an older run
        {**row, 'Sim_error': 1.0},
        {**row, 'seed': 2, 'seconds': 0.6, 'Sim_error': 2.0},
        {**row, 'name': 'one', 'Sim_error': 3.0},
    ]
    *_, wide, one = table(rows).splitlines()
    assert wide == '| wide | 600 | 1 2 | 2.00 | 0.50 | 1.500 ± 0.500 |'
    assert one == '| one | 600 | 1 | 2.00 | 0.40 | 3.000 |'


def test_windows_of_all_lengths_are_judged_alike(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    frames = random.poisson(0.3, (4, 6, 8, 4)).astype(np.uint8)
    nearest = random.uniform(1, 9, (4, 6, 8)).astype(np.float16)
    image = np.zeros((6, 8), np.uint8)
    path = tmp_path / 'Quarters' / 'validation' / '000000.npz'
    path.parent.mkdir(parents=True)
    np.savez(path, spikes=frames, depth=nearest[-1], nearest=nearest, image=image)
    scenes = QuarterDataset('Quarters', 9, MVSEC_RIG.baseline_m, (0.5, 8.0))
    joinings = (Joining(1), Joining(2), Joining(4), Joining(2, stacked))
    datasets = [JoinedDataset(scenes, joining) for joining in joinings]
    lengths = [dataset.description.window_ns // 1_000_000 for dataset in datasets]
    assert lengths == [25, 50, 100, 50]
    windows = [dataset.windows('validation', 1, Preparation(tmp_path))[0] for dataset in datasets]
    one, two, four, halves = (window.spikes for window in windows)
    assert np.array_equal(one, frames[3]) and np.array_equal(four, frames.sum(0))
    assert np.array_equal(two, frames[2:].sum(0))
    assert np.array_equal(halves, 11 * frames[2] + frames[3])
    newest = Sample(frames[3], nearest[3], nearest[3], image)
    expected = np.where(frames[3][..., LEFT].any(-1), event_depth(newest), np.nan)
    for window in windows:
        assert np.array_equal(window.depth, nearest[3])
        assert np.array_equal(window.event_depth, expected, equal_nan=True)


def test_joined_windows_are_trained_on_the_depth_of_all_their_events(tmp_path: Path) -> None:
    frames = np.ones((4, 6, 8, 4), np.uint8)
    nearest = np.random.default_rng(0).uniform(1, 9, (4, 6, 8)).astype(np.float16)
    image = np.zeros((6, 8), np.uint8)
    path = tmp_path / 'Quarters' / 'train' / '000000.npz'
    path.parent.mkdir(parents=True)
    np.savez(path, spikes=frames, depth=nearest[-1], nearest=nearest, image=image)
    scenes = QuarterDataset('Quarters', 9, MVSEC_RIG.baseline_m, (0.5, 8.0))
    window = JoinedDataset(scenes, Joining(2)).windows('train', 1, Preparation(tmp_path))[0]
    joined = Sample(frames[2:].sum(0), nearest[3], nearest[2:].min(0), image)
    assert np.array_equal(window.event_depth, event_depth(joined))
