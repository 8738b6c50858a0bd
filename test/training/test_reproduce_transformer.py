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

"""Tables of the spike transformer: variants, energy and thirds by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from training.runs import ROOT

from spike_depth_ros.protocols import Errors, of_thirds, thirds
from spike_depth_ros.training import train
from spike_depth_ros.training.data.dataset import Preparation
from spike_depth_ros.training.networks.baselines.unet import UNet
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.picture_layers import AnalogBlock
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.reproduce.command import reproduce
from spike_depth_ros.training.reproduce.energy import (
    AS_ACCUMULATES,
    AS_MULTIPLIES,
    Energy,
    multiply_accumulates,
)
from spike_depth_ros.training.reproduce.measurable import measurable
from spike_depth_ros.training.reproduce.papers import Variant
from spike_depth_ros.training.reproduce.recipes import recipe
from spike_depth_ros.training.reproduce.runs import Run, Setup
from spike_depth_ros.training.reproduce.spike_transformer import SPIKE_TRANSFORMER
from spike_depth_ros.training.settings import SettingsError

VARIANTS = {
    str(row.variant): row.variant
    for table in SPIKE_TRANSFORMER.tables
    for row in table.rows
    if row.variant is not None
}


def setup(tmp_path: Path, data: str = 'sim_flying') -> Setup:
    settings = ROOT / SPIKE_TRANSFORMER.settings[data]
    return Setup(recipe(data, tmp_path), (settings,), None, tmp_path, Preparation(tmp_path / 'w'))


def test_every_variant_is_one_that_training_takes(tmp_path: Path) -> None:
    runs = [Run(setup(tmp_path), variant, '', 1) for variant in VARIANTS.values()]
    assert len(runs) == 15 and len({run.name for run in runs}) == 13
    for run in (run for run in runs if not run.teacher):  # whose checkpoint is read
        command = train.command(list(run.arguments()), run=False)
        network = command.config['model']['network']
        arguments = json.loads(json.dumps(network['init_args'].as_dict()))
        assert run.network_arguments.items() <= arguments.items()
        assert network['class_path'].endswith(run.variant.network_class or 'SpikeTransformer')


@pytest.mark.parametrize('data', ['sim_flying', 'sim_driving', 'dsec'])
def test_variants_that_the_settings_name_are_one_training(data: str, tmp_path: Path) -> None:
    is_short = data != 'dsec'
    given = replace(setup(tmp_path), settings=(ROOT / SPIKE_TRANSFORMER.settings[data],))
    same = Variant({'skips': is_short, 'cameras': 'matched' if is_short else 'stacked'})
    other = Variant({'skips': not is_short})
    names = [Run(given, variant, '', 1).name for variant in (Variant(), same, other)]
    assert names[0] == names[1] != names[2]
    assert names[0].startswith('default_seed=1-')


def test_recorded_data_has_no_pictures_for_a_teacher(tmp_path: Path) -> None:
    words = 'spike-transformer', 'distillation', f'dense={tmp_path}'
    with pytest.raises(SettingsError, match='use --data sim_driving or sim_flying'):
        reproduce(*words, output=tmp_path / 'runs')


def test_every_claim_is_about_cells_that_exist(tmp_path: Path) -> None:
    for table in SPIKE_TRANSFORMER.tables:
        columns, claims = measurable(table, recipe(table.data, tmp_path))
        names, rows = {column.name for column in columns}, {row.name for row in table.rows}
        assert len(names) == len(table.columns) and len(claims) == len(table.claims)
        for claim in claims:
            for row, column in claim.cells:
                assert row in rows and column in names


def test_accuracies_are_claimed_to_be_higher() -> None:
    table = SPIKE_TRANSFORMER.tables[0]
    pairs = {claim.column: (claim.lower, claim.higher) for claim in table.claims[:9]}
    assert pairs['AbsRel'] == ('spike transformer', 'U-Net')
    assert pairs['delta 3'] == ('U-Net', 'spike transformer')


def test_thirds_by_hand() -> None:
    assert thirds((0.5, 8.0)) == {'near': (0.5, 3.0), 'middle': (3.0, 5.5), 'far': (5.5, 8.0)}
    errors = Errors(of_thirds((0.5, 8.0)))
    truth = np.array([1.0, 3.0, 4.0, 8.0])
    predicted = np.array([1.5, 2.0, 4.0, 6.0])
    errors.add(predicted, truth, np.ones(4, bool), 20.0)
    expected = {'near third (cm)': 75, 'middle third (cm)': 0, 'far third (cm)': 200}
    assert errors.values() == pytest.approx(expected)


class OneLayer(DepthNetwork):
    """A 3x3 layer of two channels, and a readout of 3x3."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = 4
        self.layer = SpikingLayer(nn.Conv2d(4, 2, 3, padding=1, bias=False))
        self.readout = LogDepthReadout([2], [1])

    def predict(self, counts: Tensor) -> Output:
        spikes = self.layer(counts)
        return Output(self.readout([spikes]), {'layer': spikes})


def test_energy_of_a_spiking_network_by_hand() -> None:
    energy = Energy(OneLayer())
    counts = torch.zeros(1, 4, 16, 16)
    counts[0, 0, 8, 8:10] = torch.tensor([3.0, 1.0])  # 4 events
    spikes = torch.zeros(1, 2, 16, 16)
    spikes[0, :, 4, :5] = 1  # 10 spikes
    energy.add(counts, Output(torch.zeros(1, 1, 1, 16, 16), {'layer': spikes}))
    # An event reaches 2 x 9 synapses, a spike 9; the first layer has 4 x 16 x 16 inputs.
    as_multiplies = (4 * 256 * 18 * 4.6 + 10 * 9 * 0.9) / 1e9
    assert energy.values() == pytest.approx(
        {AS_ACCUMULATES: (4 * 18 + 10 * 9) * 0.9 / 1e9, AS_MULTIPLIES: as_multiplies}
    )


def test_all_operations_of_an_analog_network_multiply() -> None:
    network = UNet(4, 1)
    counts = torch.zeros(2, 4, 16, 16)
    # Two 3x3 layers at each of five resolutions down, a 2x2 transposed and two 3x3 ones up.
    down = sum(9 * (n + m) * m * 256 // m**2 for n, m in ((4, 1), (1, 2), (2, 4), (4, 8), (8, 16)))
    up = sum(256 // m**2 * (2 * m * m + 9 * (2 * m + m) * m) for m in (1, 2, 4, 8))
    assert multiply_accumulates(network, counts[:1]) == down + up + 9 * 256
    energy = Energy(network)
    energy.add(counts, network(counts))
    expected = (down + up + 9 * 256) * 4.6 / 1e9
    assert energy.values() == pytest.approx({AS_ACCUMULATES: expected, AS_MULTIPLIES: expected})


class OneBlock(DepthNetwork):
    """A block of softmax attention on the pixels, and a readout of 3x3."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = 4
        self.block = AnalogBlock(4, heads=2)
        self.readout = LogDepthReadout([4], [1])

    def predict(self, counts: Tensor) -> Output:
        return Output(self.readout([self.block(counts)]), {})


def test_softmax_attention_multiplies_queries_keys_and_values() -> None:
    tokens, width = 256, 4
    layers = width * (3 * width) + width * width + 2 * width * (4 * width)
    attention = 2 * tokens * tokens * width  # queries by keys, and the result by values
    counts = torch.zeros(1, 4, 16, 16)
    assert multiply_accumulates(OneBlock(), counts) == (
        tokens * layers + attention + 9 * tokens * width
    )
