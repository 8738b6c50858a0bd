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

"""Confidence: the share near the median by hand, and calibration that finds known weights."""

import numpy as np
import pytest
import torch
from training.small_networks import coincidence, edges, tiny, transformer

from spike_depth_ros.training.data.pairs import Pair
from spike_depth_ros.training.export.calibration import Observations, calibrate, fitted
from spike_depth_ros.training.networks.posterior import (
    Calibration,
    confidence,
    posterior,
    share_near_median,
)


def log_disparity(*probability: float) -> torch.Tensor:
    return torch.tensor(probability).reshape(1, -1, 1, 1).log()


def test_the_share_near_the_median_by_hand() -> None:
    # Disparities 9 to 11 have a third each, uniform from 8.5 to 11.5: the median is 10, and
    # 10 / 1.1 = 9.09 to 11 are 1.909 of the 3 pixels.
    found = log_disparity(*[1e-9] * 9, *[1 / 3] * 3, *[1e-9] * 4)
    assert posterior(found).median().item() == pytest.approx(10)
    assert share_near_median(found).item() == pytest.approx((11 - 10 / 1.1) / 3, rel=1e-5)


def test_the_share_ends_with_the_disparities() -> None:
    # All probability lies from 14.5 to 15.5, the end: the median is 15, the share from 13.6 on.
    found = log_disparity(*[1e-9] * 15, 1.0)
    assert share_near_median(found).item() == pytest.approx(1, abs=1e-5)
    # It lies from -0.5 to 0.5: depth is that of 0.5, and the share is from 0.4545 to 0.5.
    found = log_disparity(1.0, *[1e-9] * 15)
    assert share_near_median(found).item() == pytest.approx(0.5 - 0.5 / 1.1, abs=1e-5)


def test_a_share_is_a_probability() -> None:
    torch.manual_seed(0)
    shares = share_near_median((9 * torch.randn(1, 48, 20, 20)).log_softmax(1))
    assert 0 <= shares.min() < 0.2 and 0.9 < shares.max() <= 1 + 1e-5


def test_confidence_falls_as_potentials_leak_to_the_prior() -> None:
    evidence = 12 * torch.nn.functional.one_hot(torch.tensor(20), 48).float()[:, None, None]
    prior = -torch.arange(48.0).clamp(min=0.5).log()[:, None, None]
    potentials = torch.stack([prior + 0.5**age * evidence for age in range(8)])
    found = confidence(
        share_near_median(potentials.log_softmax(1)).flatten(), torch.zeros(8), Calibration()
    )
    assert (found[1:] < found[0]).all() and found[-1] < 0.5 * found[0]


def test_calibration_finds_the_weights_that_made_the_data() -> None:
    random = np.random.default_rng(0)
    share, spread = random.random(100_000), random.normal(-1, 1, 100_000)
    odds = 1.5 * share - 0.6 * spread - 2
    is_right = (random.random(100_000) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    found = fitted(Observations(share, spread, is_right))
    np.testing.assert_allclose(found, (1.5, -0.6, -2), atol=0.08)
    sure = 1 / (1 + np.exp(-(found.share * share + found.spread * spread + found.bias)))
    assert sure.mean() == pytest.approx(is_right.mean(), abs=1e-3)


def test_calibration_of_pixels_that_are_all_right_stays_finite() -> None:
    found = fitted(Observations(np.full(99, 0.5), np.full(99, -1.0), np.ones(99)))
    assert np.isfinite(found).all() and found.bias > Calibration().bias


def test_a_network_is_calibrated_on_its_own_depth() -> None:
    network, frame = coincidence(2), edges((64, 112))
    counts = torch.from_numpy(frame.transpose(2, 0, 1)[None].copy()).float()
    with torch.no_grad():
        depth = network(counts).log_depth[-1][0, 0].exp().numpy()
    pairs = [Pair(frame, scale * depth, depth) for scale in (np.float32(1.05), np.float32(1.5))]
    right, wrong = (calibrate(network, [[pair]], 50.0) for pair in pairs)
    assert right is not None and wrong is not None and right.bias > wrong.bias
    half = calibrate(network, [[pairs[0]], [pairs[1]]], 50.0)
    assert half is not None
    network.readout.calibration = half
    with torch.no_grad():
        output = network(counts)
        assert output.log_disparity is not None and output.log_spread is not None
        sure = network.readout.confidence(output.log_disparity[-1], output.log_spread)
    assert sure.mean().item() == pytest.approx(0.5, abs=0.1)


def test_a_network_without_confidence_has_no_calibration() -> None:
    frame = edges((32, 64))
    depth = np.ones((32, 64), np.float32)
    assert calibrate(tiny(), [[Pair(frame, depth, depth)]], 50.0) is None


def test_a_network_without_a_posterior_is_calibrated_on_its_expected_error() -> None:
    network, frame = transformer(), edges((64, 112))
    with torch.no_grad():
        counts = torch.from_numpy(frame.transpose(2, 0, 1)[None].copy()).float()
        depth = network(counts).log_depth[-1][0, 0].exp().numpy()
    pairs = [Pair(frame, scale * depth, depth) for scale in (np.float32(1.05), np.float32(1.5))]
    right, wrong = (calibrate(network, [[pair]], 50.0) for pair in pairs)
    assert right is not None and wrong is not None and right.bias > wrong.bias
    assert right.share == wrong.share == 0
