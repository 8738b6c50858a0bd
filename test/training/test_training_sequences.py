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

"""Training on sequences: missing windows and cuts, the loss of later windows, frozen weights."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import Dataset

from spike_depth_ros.training.data.crops import AugmentedCrops, collate
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.interruptions import Interrupted
from spike_depth_ros.training.data.module import DepthData
from spike_depth_ros.training.data.pairs import Pair
from spike_depth_ros.training.data.parts import SequencePart, WindowPart
from spike_depth_ros.training.data.sequence import SimulatedSequence
from spike_depth_ros.training.data.simulated import SPLITS
from spike_depth_ros.training.data.training_sequences import (
    Batch,
    ConsecutiveWindows,
    InMemory,
    SingleWindows,
    TrainingSequence,
)
from spike_depth_ros.training.estimation import DepthEstimation, freeze, weights_for
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.settings import SettingsError

HOP_MS = 20
SIDES = (32, 48)


def numbered(first: int, windows: int = 6) -> TrainingSequence:
    """Return a sequence whose windows hold their numbers, from `first` on."""
    number = np.arange(first, first + windows)
    depth = np.tile(number[:, None, None], (1, 4, 6)).astype(np.float32)
    spikes = np.tile(number[:, None, None, None], (1, 4, 6, 4)).astype(np.uint8)
    elapsed_ms = np.full(windows, HOP_MS, np.float32)
    elapsed_ms[0] = math.inf
    return TrainingSequence(spikes, depth, -depth, elapsed_ms)


def random_batch(sequences: int, windows: int) -> Batch:
    generator = torch.Generator().manual_seed(0)
    shape = (sequences, windows, 1, *SIDES)
    rates = torch.full((sequences, windows, 4, *SIDES), 0.2)
    spikes = torch.poisson(rates, generator=generator).to(torch.uint8)
    depth = 1 + torch.rand(shape, generator=generator)
    return Batch(spikes, depth, depth, torch.full((sequences, windows), 50.0))


def estimation(**settings: int) -> DepthEstimation:
    torch.manual_seed(0)
    module = DepthEstimation(CoincidenceNetwork(2, 16, half_life_ms=50), **settings)
    module.log = lambda *_, **__: None  # type: ignore[method-assign]  # no trainer
    return module


def test_windows_that_are_missing_lengthen_the_time() -> None:
    torch.manual_seed(0)
    sequences = Interrupted([numbered(0)], 4)
    seen, cuts = set(), 0
    for _ in range(300):
        found = sequences[0]
        number = found.depth[:, 0, 0]
        np.testing.assert_array_equal(found.spikes[:, 0, 0, 0], number)
        np.testing.assert_array_equal(found.event_depth, -found.depth)
        assert found.elapsed_ms[0] == math.inf and len(number) == 4
        if (number[1:] <= number[:-1]).any():
            cuts += 1
            continue
        if np.isinf(found.elapsed_ms[1:]).any():
            continue  # cut, and later windows of the same sequence follow
        seen.add(tuple(number))
        np.testing.assert_array_equal(found.elapsed_ms[1:], HOP_MS * np.diff(number))
    assert 20 <= cuts <= 120
    assert {(0, 1, 2, 3), (0, 2, 3, 4)} <= seen


def test_cuts_to_another_scene_are_told_or_not() -> None:
    torch.manual_seed(1)
    sequences = Interrupted([numbered(0), numbered(100)], 4)
    told = {True: 0, False: 0}
    for _ in range(400):
        found = sequences[0]
        (cut,) = np.nonzero(found.depth[:, 0, 0] >= 100)
        if len(cut):
            assert cut[-1] == 3 and cut[0] > 0  # to the end, after a beginning
            others = np.delete(found.elapsed_ms, [0, cut[0]])
            assert np.isfinite(others).all()
            told[bool(np.isinf(found.elapsed_ms[cut[0]]))] += 1
    assert min(told.values()) > 10  # 25 expected of each kind


def test_a_single_window_is_a_sequence_without_past() -> None:
    frame, depth = np.ones((4, 6, 4), np.uint8), np.ones((4, 6), np.float32)
    single = SingleWindows([Pair(frame, depth, 2 * depth)])[0]
    assert single.spikes.shape == (1, 4, 6, 4)
    assert single.event_depth.shape == (1, 4, 6) and single.event_depth[0, 0, 0] == 2
    assert single.elapsed_ms.tolist() == [math.inf]


def test_consecutive_windows_are_scaled_and_timed() -> None:
    shape, two = (2, 4, 6), np.zeros(2, np.float32)
    depth = np.full(shape, 3, np.float16)
    spikes = np.zeros((*shape, 4), np.uint8)
    end_us = np.array([50_000, 70_000])
    stored = SimulatedSequence(spikes, depth, depth, depth, two, two, two, end_us)
    found = ConsecutiveWindows([stored], 0.5)[0]
    assert found.elapsed_ms.tolist() == [math.inf, 20]
    assert np.all(found.depth == 1.5) and np.all(found.event_depth == 1.5)


def test_all_windows_of_a_sequence_are_cropped_alike() -> None:
    torch.manual_seed(0)
    rows, columns = np.mgrid[:20, :30].astype(np.float32)
    place = np.stack([100 * rows + columns] * 3)
    spikes = np.zeros((3, 20, 30, 4), np.uint8)
    crops = AugmentedCrops(
        [TrainingSequence(spikes, place, -place, np.full(3, 50, np.float32))], 8, 12
    )
    batch = collate([crops[0], crops[0]])
    assert batch.spikes.shape == (2, 3, 4, 8, 12)
    assert batch.depth.shape == batch.event_depth.shape == (2, 3, 1, 8, 12)
    for each in batch.depth:
        assert (each == each[0]).all() and each.unique().numel() == 96


def test_the_loss_is_that_of_the_later_windows_with_their_past() -> None:
    batch = random_batch(2, 4)
    module = estimation(unscored=2)
    loss = module.training_step(batch)
    losses = []
    for number in range(4):
        elapsed_ms: float | Tensor = batch.elapsed_ms[:, number] if number else math.inf
        window = module.objective(
            batch.spikes[:, number], batch.event_depth[:, number], elapsed_ms
        )
        losses.append(window['loss'])
    torch.testing.assert_close(loss, torch.stack(losses[2:]).mean())
    alone = module.objective(batch.spikes[:, 3], batch.event_depth[:, 3])['loss']
    assert not torch.equal(alone, losses[3])


def test_time_constants_learn_from_the_past() -> None:
    module = estimation(unscored=1)
    module.training_step(random_batch(1, 3)).backward()
    (log_tau_ms,) = (
        weight for name, weight in module.network.named_parameters() if 'log_tau_ms' in name
    )
    assert log_tau_ms.grad is not None and log_tau_ms.grad.abs().sum() > 0


def test_the_past_does_not_reach_over_a_cut() -> None:
    batch, module = random_batch(2, 2), estimation()
    batch.elapsed_ms[0, 1] = math.inf
    module.network(module.inputs(batch.spikes[:, 0], None))
    with torch.no_grad():
        after = module(batch.spikes[:, 1], batch.elapsed_ms[:, 1])
        alone = module(batch.spikes[:, 1])
    assert torch.equal(after[0], alone[0]) and not torch.equal(after[1], alone[1])


def test_frozen_weights_stay() -> None:
    network = CoincidenceNetwork(2, 16, half_life_ms=50)
    freeze(network, ['encoder', 'cooperation', 'readout.heads'])
    trained = {name for name, each in network.named_parameters() if each.requires_grad}
    assert not any(
        name.startswith(('encoder', 'cooperation', 'readout.heads')) for name in trained
    )
    assert {'conv2.synapses.weight', 'readout.prior'} <= trained
    with pytest.raises(SettingsError, match="'decoder', with which no weight begins: use encoder"):
        freeze(network, ['decoder'])
    with pytest.raises(SettingsError, match='holds all weights'):
        freeze(network, [''])


def test_a_checkpoint_without_memory_starts_one_with_memory() -> None:
    stateless = CoincidenceNetwork(2, 16)
    network = CoincidenceNetwork(2, 16, half_life_ms=80)
    saved = {f'network.{name}': weight for name, weight in stateless.state_dict().items()}
    network.load_state_dict(weights_for(network, saved))
    tau_ms = network.readout.membrane.log_tau_ms.exp().item()
    assert tau_ms * math.log(2) == pytest.approx(80)
    assert torch.equal(network.readout.prior, stateless.readout.prior)


def test_sequences_in_memory_are_read_once_and_stay_as_they_are() -> None:
    read: list[int] = []

    class Numbered(Dataset[TrainingSequence]):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> TrainingSequence:
            read.append(index)
            return numbered(10 * index)

    sequences = InMemory(Numbered())
    crops = AugmentedCrops(sequences, 2, 3)
    for _ in range(20):  # some are flipped, swapped or silent
        assert [crops[index].depth.shape for index in range(2)] == [(6, 2, 3)] * 2
    assert read == [0, 1]
    assert all(np.array_equal(*pair) for pair in zip(sequences[1], numbered(10), strict=True))


def test_training_windows_alone_are_kept_in_memory(tmp_path: Path) -> None:
    data = DepthData({'config/simulation/sim_sparse.yaml': 1}, str(tmp_path), in_memory=True)
    preparation = data.preparation
    dataset = data.datasets[0]
    kept = [
        isinstance(WindowPart(dataset, split, 1).sequences(preparation), InMemory)
        for split in SPLITS
    ]
    assert kept == [True, False, False]


def test_recordings_have_no_sequences() -> None:
    dataset = read_dataset(Path('config/datasets/mvsec.yaml'))
    with pytest.raises(SettingsError, match='has no sequences of windows: use simulated data'):
        SequencePart(dataset, 'train', 1, 4, 50).check(Preparation(Path()))


def test_sequences_are_longer_than_their_part_without_loss() -> None:
    data = DepthData({'config/simulation/sim_flying.yaml': 1}, windows=4)
    data.check_scored(3)
    with pytest.raises(SettingsError, match='unscored is 4, but sequences have 4 windows'):
        data.check_scored(4)
