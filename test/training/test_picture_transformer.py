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

"""Picture transformer: what it matches, what exposure does to it, and the fields it refuses."""

from typing import Any

import pytest
import torch
from torch import Tensor

from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.networks.picture_layers import local_contrast
from spike_depth_ros.training.networks.picture_transformer import PictureTransformer
from spike_depth_ros.training.settings import SettingsError

SMALL: dict[str, Any] = {'width': 32, 'blocks': 2, 'heads': 4, 'fused': (8, 8, 4, 4)}


def stereo(disparity: int) -> Tensor:
    """Return a texture in both cameras, float [1, 2, 64, 160], 0 to 255, at a disparity."""
    torch.manual_seed(disparity)
    wide = 255 * torch.rand(1, 64, 160 + disparity)
    return torch.stack([wide[..., :160], wide[..., disparity:]], 1)


@pytest.mark.parametrize('disparity', [0, 6, 7, 30])
def test_features_match_at_the_disparity_before_training(disparity: int) -> None:
    torch.manual_seed(0)
    network = PictureTransformer(cameras='matched', **SMALL).eval()
    with torch.no_grad():
        output = network(stereo(disparity))
    assert output.log_disparity is not None
    assert output.log_disparity.shape == (2, 1, 48, 32, 80)
    inner = output.log_disparity[0, 0, :, 4:-4, 24:-4].argmax(0)
    assert (inner == disparity).float().mean() > 0.9


@pytest.mark.parametrize('cameras', ['stacked', 'matched'])
@pytest.mark.parametrize('skips', [False, True])
@pytest.mark.parametrize('stride', [8, 16])
def test_depth_has_the_size_of_the_pictures_and_features_that_of_tokens(
    cameras: Any, stride: int, skips: bool
) -> None:
    network = PictureTransformer(cameras=cameras, stride=stride, skips=skips, **SMALL)
    output = network(torch.rand(2, 2, 60, 90))
    assert output.log_depth.shape == (4, 2, 1, 60, 90)
    assert [each.shape for each in output.features] == [(2, 32, 64 // stride, 96 // stride)] * 2
    assert not output.spikes


def test_contrast_does_not_change_with_exposure_and_gain() -> None:
    torch.manual_seed(0)
    grey = 0.3 + 0.4 * torch.rand(1, 1, 40, 40)
    brighter = 0.1 + 1.2 * grey
    inner = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    difference = (local_contrast(grey) - local_contrast(brighter))[inner].abs()
    assert difference.max() < 0.1
    assert local_contrast(torch.full((1, 1, 20, 20), 0.7)).abs().max() < 1e-3


def test_a_few_steps_lower_the_loss() -> None:
    torch.manual_seed(0)
    module = DepthEstimation(PictureTransformer(cameras='matched', **SMALL)).train()
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    pictures = torch.cat([stereo(6), stereo(24)]).to(torch.uint8)
    spikes = torch.ones(2, 4, 64, 160, dtype=torch.uint8)
    depth = torch.tensor([2.8, 0.7]).reshape(2, 1, 1, 1).expand(2, 1, 64, 160)
    losses = []
    for _ in range(8):
        terms = module.objective(spikes, depth, pictures=pictures)
        assert 'firing' not in terms and 'shifts' in terms
        optimizer.zero_grad()
        terms['loss'].backward()
        optimizer.step()
        losses.append(terms['loss'].item())
    assert losses[-1] < 0.8 * losses[0]


@pytest.mark.parametrize(
    ('fields', 'sentence'),
    [
        ({'pictures': 3}, r'pictures is 3: use 2 for two cameras or 1 for one\.'),
        ({'pictures': 1, 'cameras': 'matched'}, 'cameras is matched with pictures 1: use'),
        ({'stride': 4}, r'stride is 4: use 8 or 16\.'),
        ({'width': 20}, 'width is 20: use a positive multiple of 16'),
        ({'cameras': 'both'}, r'cameras is both: use stacked or matched\.'),
    ],
)
def test_wrong_fields_are_refused(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        PictureTransformer(**SMALL | fields)
