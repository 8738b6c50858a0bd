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

"""The coincidence network: detectors by hand, disparities found, statelessness, gradients."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_unshuffle

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.networks.coincidence import EVIDENCE, CoincidenceNetwork
from spike_depth_ros.training.networks.matching import Cooperation, coincidences
from spike_depth_ros.training.networks.network import Trust, disparity_scale


def random_counts(*size: int) -> Tensor:
    return torch.poisson(torch.full(size, 0.05), generator=torch.Generator().manual_seed(0))


def matching_counts(height: int, width: int, disparity: int = 7) -> Tensor:
    """Return counts of a plane of that disparity, [1, 4, height, width]."""
    counts = random_counts(1, 2, height, width + disparity) * 4
    return torch.cat([counts[..., :-disparity], counts[..., disparity:]], 1)


def test_coincidences_by_hand() -> None:
    # Two channels on one row of four pixels.
    left = torch.tensor([[1, 0, 1, 1], [0, 0, 1, 0]]).reshape(1, 2, 1, 4).float()
    right = torch.tensor([[1, 1, 0, 0], [1, 0, 0, 1]]).reshape(1, 2, 1, 4).float()
    expected = [[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 2, 1]]
    assert coincidences(left, right, 3)[0, :, 0].tolist() == expected


def test_coincidences_are_shifted_products() -> None:
    generator = torch.Generator().manual_seed(1)
    left, right = (torch.rand(2, 2, 3, 5, 9, generator=generator) < 0.5).float()
    found = coincidences(left, right, 12)  # more disparities than columns
    for shift in range(12):
        shifted = torch.zeros_like(right)
        shifted[..., shift:] = right[..., : max(0, 9 - shift)]
        torch.testing.assert_close(found[:, shift], (left * shifted).sum(1))


@pytest.mark.parametrize('scale', [2, 4])
@pytest.mark.parametrize('disparity', [6, 7])
def test_a_shifted_frame_coincides_at_its_disparity(disparity: int, scale: int) -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=8 // scale, scale=scale)  # eight features each
    output = network(matching_counts(32, 128, disparity))
    inner = slice(64 // scale, -8 // scale)  # away from the border
    found = output.spikes['coincidences'][..., inner].mean((0, 2, 3))
    assert int(found.argmax()) == disparity
    assert output.log_disparity is not None
    detected = output.log_disparity[0][..., inner].exp().mean((0, 2, 3))
    assert int(detected.argmax()) == disparity


def test_cooperation_by_hand() -> None:
    cooperation = Cooperation(disparities=3, nearby=1, size=1)
    cooperation.weight.data = torch.tensor([2.0, 3.0, 5.0]).reshape(1, 3, 1, 1)
    found = torch.tensor([1.0, 10.0, 100.0]).reshape(1, 3, 1, 1)
    # Weights from the disparity before, the same one and the next one: 2, 3 and 5.
    assert cooperation(found).flatten().tolist() == [3 + 50, 2 + 30 + 500, 20 + 300]


def test_cooperation_of_every_second_place_by_hand() -> None:
    cooperation = Cooperation(disparities=1, nearby=0, size=3, stride=2)
    cooperation.weight.data = torch.arange(9.0).reshape(1, 1, 3, 3)
    found = torch.zeros(1, 1, 4, 4)
    found[0, 0, 1, 2] = 1.0
    # (0, 2) and (2, 2) read the pixel below and the one above: the kernel's 7 and 1.
    assert cooperation(found)[0, 0].tolist() == [[0, 7], [0, 1]]
    assert cooperation.fanout() == 9 / 4


@pytest.mark.parametrize('factors', [{'evidence': -1.0}, {'prior': float('nan')}])
def test_trust_is_a_finite_factor(factors: dict[str, float]) -> None:
    with pytest.raises(ValueError, match='use a finite number of at least 0'):
        Trust(**factors)


def test_cooperation_is_the_same_for_every_disparity() -> None:
    torch.manual_seed(0)
    cooperation = Cooperation(disparities=12, nearby=2)
    nn.init.normal_(cooperation.weight)
    found = torch.zeros(1, 12, 7, 7)
    found[:, 2:6] = torch.rand(1, 4, 7, 7)
    torch.testing.assert_close(cooperation(found).roll(4, 1), cooperation(found.roll(4, 1)))


def test_trust_weighs_detectors_and_prior() -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=2)
    spikes = network(random_counts(1, 4, 64, 96)).spikes
    rest = {name: layer * (name not in EVIDENCE) for name, layer in spikes.items()}
    before, silent = (network.readout.potentials(features)[-1] for features in (spikes, rest))
    prior = network.readout.prior.detach().clone()
    network.trust(Trust(evidence=3.0, prior=0.5))
    after = network.readout.potentials(spikes)[-1]
    expected = before[:, :-1] + 2 * (before - silent)[:, :-1] - 0.5 * prior
    torch.testing.assert_close(after[:, :-1], expected)
    torch.testing.assert_close(after[:, -1], before[:, -1])  # of the spread


def test_the_median_by_hand() -> None:
    readout = CoincidenceNetwork(width=2, reach=6).readout
    at_three = [0.0, 0, 0, 1, 0, 0]
    between_two_and_four = [0.0, 0, 0.5, 0, 0.5, 0]
    from_one_to_two = [0.0, 0.25, 0.75, 0, 0, 0]  # a third of those at 2 lie below the median
    at_none = [1.0, 0, 0, 0, 0, 0]
    probability = torch.tensor([at_three, between_two_and_four, from_one_to_two, at_none]).log()
    log_depth = readout.median_log_depth(probability[..., None, None])
    disparity = torch.exp(readout.log_focal_baseline - log_depth)
    expected = torch.tensor([3.0, 2.5, 1.5 + 1 / 3, 0.5])
    torch.testing.assert_close(disparity.flatten(), expected, atol=1e-5, rtol=0)


def test_depth_of_a_disparity_is_that_of_the_networks_cameras() -> None:
    readout = CoincidenceNetwork(width=2, reach=6).readout
    probability = torch.tensor([0.0, 0, 0, 0, 1, 0]).log()[None, :, None, None]
    four_pixels = MVSEC_RIG.focal_baseline / 4
    for depth in (
        readout.median_log_depth(probability).exp(),
        readout.mean_log_depth(probability).exp(),
    ):
        assert float(depth) == pytest.approx(four_pixels)


@pytest.mark.parametrize('scale', [2, 4])
def test_every_window_stands_alone_and_sizes_need_no_grid(scale: int) -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=2, scale=scale)
    one, other = random_counts(1, 4, 33, 50), random_counts(1, 4, 33, 50) + 1
    first = network(one)
    network(other)
    again = network(one)
    assert first.log_depth.shape == (3, 1, 1, 33, 50)
    assert first.log_spread is not None and first.log_spread.shape == (1, 1, 33, 50)
    assert disparity_scale(first) == scale
    assert torch.equal(first.log_depth, again.log_depth)


@pytest.mark.parametrize('scale', [2, 4])
def test_layers_fire_and_send_small_whole_numbers(scale: int) -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=8, scale=scale)
    spikes = network(matching_counts(96, 128)).spikes
    largest = {'coincidences': 8 * scale, **dict.fromkeys(EVIDENCE, 15)}
    assert len(spikes) == (16 if scale == 2 else 14)
    for name, layer in spikes.items():
        assert torch.equal(layer, layer.round())
        assert 0.003 < float((layer > 0).float().mean()) < 0.9, name
        assert layer.max() <= largest.get(name, 3), name


@pytest.mark.parametrize('scale', [2, 4])
def test_depth_and_its_disparities_have_the_readouts_resolution(scale: int) -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=4, scale=scale)
    output = network(matching_counts(48, 64))
    assert output.log_disparity is not None
    assert output.log_disparity.shape == (2, 1, 48, 48 // scale, 64 // scale)
    squares = pixel_unshuffle(output.log_depth[-1], scale)
    assert torch.equal(squares, squares[:, :1].expand_as(squares))
    assert squares.std() > 0


@pytest.mark.parametrize('scale', [2, 4])
def test_gradients_reach_every_parameter(scale: int) -> None:
    torch.manual_seed(0)
    network = CoincidenceNetwork(width=4, scale=scale)
    output = network(matching_counts(64, 96))
    assert output.log_spread is not None and output.log_disparity is not None
    probability = output.log_disparity[:, :, 7].sum()
    (output.log_depth.sum() + output.log_spread.sum() + probability).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and parameter.grad.any(), name


def test_an_odd_reach_is_refused() -> None:
    with pytest.raises(ValueError, match='reach is 47'):
        CoincidenceNetwork(width=2, reach=47)
    with pytest.raises(ValueError, match='reach is 46: use a positive multiple of 4'):
        CoincidenceNetwork(8, 46, scale=4)


def test_scales_are_two_and_four() -> None:
    with pytest.raises(ValueError, match='scale is 3: use 2 or 4'):
        CoincidenceNetwork(width=2, scale=3)
