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

"""Providers over 200 windows of real events: the same potentials and spikes, bit for bit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from training.small_networks import coincidence

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.export.command import export
from spike_depth_ros.training.export.description import Provenance, spikes_of
from spike_depth_ros.units import MS_NS
from testing.providers import compare
from testing.recordings.scene import DEMO

RIG = StereoRig(PinholeCamera(112, 80, 65.0, 56.0, 40.0), 0.1)
PROVENANCE = Provenance(TrainingData(RIG, 50 * MS_NS, (0.5, 8.0), 'none'), 'random weights')
WINDOWS = 200


@pytest.fixture(scope='module')
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    network, path = coincidence(2), tmp_path_factory.mktemp('model') / 'leaky.onnx'
    network.remember(50.0)
    layers = len(spikes_of(network, torch.zeros(1, 4, 32, 32)))
    export(network, path, 'int8', PROVENANCE, (np.zeros(layers), np.ones(layers)))
    return path


@pytest.mark.parametrize('hop_ms', [50, 20, 10])
def test_potentials_and_spikes_are_equal_at_every_hop(model: Path, hop_ms: int) -> None:
    found = compare(model, DEMO, hop_ms * MS_NS, WINDOWS, ('cpu', 'openvino'))
    assert (found.windows, found.resets, found.states, found.spikes) == (WINDOWS, 0, 0, 0)
    assert found.potential > 0
    assert found.depth < 1e-5 and found.confidence < 1e-5
