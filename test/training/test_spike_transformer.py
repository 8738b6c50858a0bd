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

"""The spike transformer: its blocks by hand, its gradients, and what it refuses."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from training.small_networks import edges, transformer

from spike_depth_ros.training.checkpoints import CheckpointError, check_fit
from spike_depth_ros.training.data.dataset import Preparation, read_dataset
from spike_depth_ros.training.data.pairs import pairs_of
from spike_depth_ros.training.estimation import DepthEstimation, start, weights_for
from spike_depth_ros.training.export.fanouts import fanouts
from spike_depth_ros.training.export.trace import trace
from spike_depth_ros.training.networks.normalised import Normalised, fold
from spike_depth_ros.training.networks.phase import PhasesToPixels
from spike_depth_ros.training.networks.spike_transformer import SpikeTransformer
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.networks.transformer.attention import (
    LinearAttention,
    SpikingSelfAttention,
)
from spike_depth_ros.training.settings import SettingsError

SIM_FLYING = Path(__file__).parents[2] / 'config/simulation/sim_flying.yaml'
TINY: dict[str, Any] = {'width': 32, 'blocks': 2, 'heads': 4, 'fused': (8, 8, 4, 4)}


def windows(channels: int = 4) -> Tensor:
    """Return counts of two windows, [2, channels, 96, 128]."""
    frame = torch.from_numpy(edges((96, 128))).permute(2, 0, 1)[:channels].float()
    return torch.stack([frame, frame.flip(-1)])


def zeros_and_ones(rate: float, *shape: int) -> Tensor:
    return (torch.rand(shape) < rate).float()


@pytest.mark.parametrize('kind', [SpikingSelfAttention, LinearAttention])
def test_attention_is_a_sum_over_tokens(kind: type[Any]) -> None:
    torch.manual_seed(0)
    width, heads, rows, columns = 6, 2, 3, 4
    attention, tokens, size = kind(width, heads), rows * columns, width // heads
    query, key, value = (zeros_and_ones(0.6, 1, width, rows, columns) for _ in range(3))
    found = attention(query, key, value)
    thresholds = attention.thresholds(tokens).tolist()
    q, k, v = (each.flatten(2)[0].int().tolist() for each in (query, key, value))
    for channel in range(width):
        head = range(channel // size * size, channel // size * size + size)
        for token in range(tokens):
            if kind is SpikingSelfAttention:
                count = sum(
                    q[j][token] * k[j][other] * v[channel][other]
                    for j in head
                    for other in range(tokens)
                )
                fires = count >= thresholds[channel // size]
            else:
                count = sum(k[channel][other] * v[channel][other] for other in range(tokens))
                fires = bool(q[channel][token]) and count >= thresholds[channel // size]
            assert bool(found.flatten(2)[0, channel, token]) == fires
    assert 0 < found.mean() < 1


def test_attention_fires_alike_in_crops_and_whole_frames() -> None:
    torch.manual_seed(0)
    attention = SpikingSelfAttention(48, 8)
    few, many = (zeros_and_ones(0.16, 3, 48, side, side) for side in (10, 30))
    rates = [attention(*each.split(1)).mean().item() for each in (few, many)]
    assert rates[0] == pytest.approx(rates[1], abs=0.1)
    assert attention.thresholds(900).tolist() == [round(900 * 1.5 * 6 * 0.16**3)] * 8


def test_thresholds_are_learned() -> None:
    attention = SpikingSelfAttention(8, 2)
    attention(*(zeros_and_ones(0.4, 1, 8, 5, 5) for _ in range(3))).sum().backward()
    assert attention.log_share.grad is not None and (attention.log_share.grad < 0).all()


def test_pooling_before_firing_is_pooling_spikes() -> None:
    torch.manual_seed(0)
    pooled = SpikingLayer(Normalised(nn.Conv2d(2, 6, 3, padding=1, bias=False), pools=True))
    whole = SpikingLayer(Normalised(pooled.synapses.convolution))
    counts = torch.poisson(torch.rand(2, 2, 16, 16))
    expected = functional.max_pool2d(whole(counts), 2)
    assert torch.equal(pooled(counts), expected)
    assert 0 < expected.mean() < 1


def test_a_folded_normalisation_computes_the_same() -> None:
    torch.manual_seed(0)
    layer = Normalised(nn.Conv2d(3, 5, 3, padding=1, bias=False))
    x = torch.rand(4, 3, 8, 8)
    for _ in range(20):
        layer(x)
    layer.eval()
    expected = layer(x)
    fold(layer)
    assert layer.norm is None
    torch.testing.assert_close(layer(x), expected, atol=1e-5, rtol=1e-4)


def test_pixels_of_channels_are_a_transposed_convolution() -> None:
    torch.manual_seed(0)
    kernel, x = torch.randn(3, 5, 2, 2), torch.randn(1, 3, 4, 6)
    channels = torch.einsum('ioab,nihw->nabohw', kernel, x).flatten(1, 3)
    expected = functional.conv_transpose2d(x, kernel, stride=2)
    torch.testing.assert_close(PhasesToPixels()(channels), expected)


@pytest.mark.parametrize('fields', [{}, {'residual': 'sew'}, {'cameras': 'matched'}, {'steps': 2}])
def test_every_layer_fires_at_the_start(fields: dict[str, Any]) -> None:
    torch.manual_seed(0)
    network = SpikeTransformer(**TINY | fields)
    output = network(windows())
    for name, layer in output.spikes.items():
        assert layer.count_nonzero() > 0.02 * layer.numel(), name
        assert layer.count_nonzero() < 0.98 * layer.numel(), name
        assert torch.equal(layer, layer.round())
    assert output.log_depth[-1].std() < 0.2
    assert len(output.log_depth) == 4


def test_membrane_layers_read_zeros_and_ones_and_sew_layers_counts() -> None:
    torch.manual_seed(0)
    for residual, most in (('membrane', 1), ('sew', 2 * 2 + 2)):
        spikes = SpikeTransformer(**TINY, residual=residual)(windows()).spikes
        assert 0 < spikes['block2_out'].max() <= most


def test_steps_carry_potentials() -> None:
    """IF neurons whose potential stays below 1 fire from the second step on."""
    torch.manual_seed(0)
    network = SpikeTransformer(**TINY, steps=2)
    once = network.eval()(windows()).spikes
    network.steps = 1
    assert (once['stage1'] - 2 * network(windows()).spikes['stage1'] > 0).any()


def test_fanouts_by_hand() -> None:
    network = SpikeTransformer(channels=2, width=32, blocks=1, heads=4, fused=(8, 8, 4, 4))
    found = fanouts(trace(network))
    assert found['input'] == 9 * 4
    assert found['stage1'] == 9 * 8
    # Of queries, keys and values the first two add rows of a head's 8 channels.
    assert found['block1_mixing'] == 2 / 3 * 8
    assert found['block1_attention'] == 32
    assert found['block1_between'] == 4 * 32
    # Reassembled at strides 16, 8, 4 and 2.
    assert found['block1_out'] == 8 + 4 * 8 + 16 * 4 + 64 * 4
    assert found['fused2'] == 9 * 4 + 1  # depth and its error


@pytest.mark.parametrize('channels', [4, 2])
def test_a_few_steps_lower_the_loss(channels: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    dataset, preparation = read_dataset(SIM_FLYING), Preparation(tmp_path, workers=1)
    dataset.prepare('train', 1, preparation)
    pair = pairs_of(dataset, 'train', 1, preparation)[0]
    area = slice(64, 192), slice(64, 224)
    spikes = torch.from_numpy(pair.spikes[area]).permute(2, 0, 1)[None]
    depth = torch.from_numpy(pair.event_depth[area])[None, None]
    module = DepthEstimation(SpikeTransformer(channels=channels, **TINY))
    optimizer = torch.optim.Adam(module.parameters(), 3e-3)
    losses = []
    for _ in range(30):
        loss = module.objective(spikes, depth)['loss']
        losses.append(float(loss))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert losses[-1] < 0.7 * losses[0]
    without = [
        name
        for name, weight in module.named_parameters()
        if weight.grad is None or not weight.grad.any()
    ]
    assert not without


@pytest.mark.parametrize(
    ('fields', 'message'),
    [
        ({'channels': 3}, 'channels is 3: use 4 for two cameras or 2 for one'),
        ({'stride': 4}, 'stride is 4: use 8 or 16'),
        ({'width': 24}, 'width is 24: use a positive multiple of 16'),
        ({'heads': 5}, 'heads is 5: use a number that divides width 32'),
        ({'steps': 0}, 'steps is 0: use a whole number from 1'),
        ({'fused': (8, 8, 4, 3)}, 'use four positive even numbers'),
        ({'residual': 'none'}, 'residual is none: use membrane or sew'),
        ({'first': 5}, 'first is 5: use a positive even number'),
        ({'head': 'linear', 'skips': True}, 'skips is true with head linear'),
        ({'channels': 2, 'cameras': 'matched'}, 'cameras is matched with channels 2'),
        ({'first': 128, 'cameras': 'matched'}, 'first is 128 with cameras .* use first 126 or'),
        (
            {'width': 512, 'stride': 8, 'cameras': 'matched'},
            'first is 128 by width and stride with cameras matched',
        ),
    ],
)
def test_wrong_fields_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        SpikeTransformer(**TINY | fields)


def test_the_same_network_with_folded_normalisation_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'int8.ckpt'
    rounded = DepthEstimation(transformer(), quantised=True)
    torch.save({'state_dict': rounded.state_dict()}, path)
    with pytest.raises(CheckpointError, match=r'of a training with model\.quantised, which'):
        start(SpikeTransformer(**TINY), path)
    with pytest.raises(CheckpointError, match=r'of a training with model\.quantised, which'):
        check_fit(path, rounded.state_dict(), DepthEstimation(transformer()).state_dict())
    with pytest.raises(CheckpointError, match='is of another network'):
        start(SpikeTransformer(**TINY | {'width': 48}), path)


def test_normalised_synapses_refuse_a_bias() -> None:
    with pytest.raises(SettingsError, match='have a bias'):
        Normalised(nn.Conv2d(2, 2, 1))


def test_the_small_network_of_other_tests_has_statistics() -> None:
    network = transformer()
    assert not network.training
    variances = [
        each.running_var for each in network.modules() if isinstance(each, nn.BatchNorm2d)
    ]
    assert variances and all((each != 1).any() for each in variances if each is not None)


@pytest.mark.parametrize('cameras', ['stacked', 'matched'])
def test_one_camera_begins_as_two_cameras_see_it_with_a_silent_right_one(cameras: str) -> None:
    both = transformer(cameras=cameras, skips=True)
    one = transformer(channels=2, skips=True)
    one.load_state_dict(weights_for(one, both.state_dict()))
    counts = torch.from_numpy(edges((64, 96)).transpose(2, 0, 1)[None].copy()).float()
    counts[:, 2:] = 0
    with torch.no_grad():
        torch.testing.assert_close(one(counts[:, :2]).log_depth, both(counts).log_depth)
