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

"""Analog baselines: shapes, fields, and the memory of the recurrent one."""

import math

import numpy as np
import pytest
import torch

from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.networks.baselines.convlstm import ConvLstm, E2Depth
from spike_depth_ros.training.networks.baselines.unet import UNet
from spike_depth_ros.training.networks.network import DepthNetwork
from spike_depth_ros.training.settings import SettingsError

BASELINES = (UNet, E2Depth)


def frames() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 3, (2, 4, 24, 40), generator=generator).float()


@pytest.mark.parametrize('baseline', BASELINES)
def test_every_weight_is_trained(baseline: type[DepthNetwork]) -> None:
    network = baseline(width=2)  # type: ignore[call-arg]  # of the subclasses
    output = network(frames())
    assert output.log_depth.shape == (1, 2, 1, 24, 40)
    (output.log_depth**2).mean().backward()
    assert all(weight.grad is not None for weight in network.parameters())


@pytest.mark.parametrize('baseline', BASELINES)
def test_what_cannot_be_is_refused(baseline: type[DepthNetwork]) -> None:
    with pytest.raises(SettingsError, match='channels is 3: use 4 for two cameras or 2 for one'):
        baseline(channels=3)  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match='width is 0: use a whole number from 1'):
        baseline(width=0)  # type: ignore[call-arg]
    with pytest.raises(SettingsError, match='baseline for tables, which only trains: export'):
        depth_model(baseline(width=2), 'float32', 16, 16)  # type: ignore[call-arg]


@torch.no_grad()
def test_convlstm_by_hand() -> None:
    cells = ConvLstm(1)
    torch.nn.init.zeros_(cells.gates.weight)
    cells.gates.bias.data = torch.tensor([0.0, math.log(3), 100.0, 1.0])
    x = torch.zeros(1, 1, 2, 2)
    first = 0.5 * math.tanh(1)  # half of the new value enters, and all leaves
    assert cells(x).numpy() == pytest.approx(np.full(x.shape, math.tanh(first)))
    second = 0.75 * first + first  # three quarters stay
    assert cells(x).numpy() == pytest.approx(np.full(x.shape, math.tanh(second)))


@torch.no_grad()
def test_memory_goes_on_for_images_whose_windows_follow() -> None:
    network = E2Depth(width=2).eval()
    alone = network(frames()).log_depth
    after = network(frames(), torch.tensor([50.0, math.inf])).log_depth
    assert torch.equal(after[:, 1], alone[:, 1])
    assert not torch.allclose(after[:, 0], alone[:, 0], atol=1e-6)
    assert torch.equal(network(frames()).log_depth, alone)
