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

"""Depth node with a spike transformer, exported in eight bits."""

from pathlib import Path

import numpy as np
import pytest
import torch

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.export.command import export, exported
from spike_depth_ros.training.export.description import Provenance, spikes_of
from spike_depth_ros.training.networks.spike_transformer import SpikeTransformer
from testing.depth_input import answer
from testing.probe import Probe


@pytest.fixture(scope='module')
def network() -> SpikeTransformer:
    torch.manual_seed(0)
    network = SpikeTransformer(4, width=16, blocks=2, heads=2, fused=(8, 8, 4, 4))
    for head in network.head.readout.heads:
        torch.nn.init.normal_(head.weight, std=0.02)
    with torch.no_grad():
        for _ in range(10):
            network(torch.poisson(torch.full((2, 4, 64, 96), 0.5)))
    return network.eval()


@pytest.fixture(scope='module')
def model(network: SpikeTransformer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('model') / 'transformer.onnx'
    data = TrainingData(MVSEC_RIG, 50_000_000, (0.5, 10.0), 'none')
    layers = len(spikes_of(network, torch.zeros(1, 4, 16, 16)))
    envelope = np.zeros(layers), np.ones(layers)
    export(network, path, 'int8', Provenance(data, 'random weights'), envelope)
    return path


def test_its_depth_is_that_of_torch(probe: Probe, network: SpikeTransformer, model: Path) -> None:
    frame, depth, values = answer(probe, model, 'firing rate')
    with torch.no_grad():
        spikes = torch.from_numpy(frame.transpose(2, 0, 1)[None].astype(np.float32))
        expected = exported(network, 'int8')(spikes).log_depth[-1, 0, 0].exp().numpy()
    # The rig's baseline is twice the model's; no sensor pixel looks at the first column.
    np.testing.assert_allclose(depth[:, 1:], 2 * expected[:, 1:], rtol=1e-4)
    assert float(values['mean spikes block2_attention']) >= 0
    assert 0 < float(values['firing rate']) < 1
