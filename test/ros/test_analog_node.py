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

"""Depth node with an analog twin of StereoSpike, exported in float32."""

from pathlib import Path

import numpy as np
import pytest
import torch

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.export.command import export
from spike_depth_ros.training.export.description import Provenance
from spike_depth_ros.training.networks.stereospike import StereoSpike
from testing.depth_input import answer
from testing.probe import Probe

LAYERS = 13


@pytest.fixture(scope='module')
def network() -> StereoSpike:
    torch.manual_seed(0)
    return StereoSpike(4, width=2, neurons='tanh').eval()


@pytest.fixture(scope='module')
def model(network: StereoSpike, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp('model') / 'analog.onnx'
    data = TrainingData(MVSEC_RIG, 50_000_000, (0.5, 10.0), 'none')
    ones = np.ones(LAYERS)
    export(network, path, 'float32', Provenance(data, 'random weights'), (ones, ones))
    return path


def test_its_depth_and_its_firing_rates(probe: Probe, network: StereoSpike, model: Path) -> None:
    frame, depth, values = answer(probe, model, 'layers')
    with torch.no_grad():
        spikes = torch.from_numpy(frame.transpose(2, 0, 1)[None].astype(np.float32))
        expected = network(spikes).log_depth[-1, 0, 0].exp().numpy()
    # The rig's baseline is twice the model's; no sensor pixel looks at the first column.
    np.testing.assert_allclose(depth[:, 1:], 2 * expected[:, 1:], rtol=1e-4)
    assert values['layers'].startswith('analog: all send in each window')
    assert float(values['firing rate']) == float(values['mean spikes deconv1']) == 1.0
    assert 'as they never did in validation' not in str(values)
    energy, dense = (
        float(values[f'energy estimate{kind} (mJ a window)']) for kind in ('', ', dense network')
    )
    assert energy > 0.5 * dense  # each value multiplies; the input is sparse
