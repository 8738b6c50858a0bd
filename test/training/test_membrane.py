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

"""Leaky membranes: potentials by hand, resets, and the same states in exported files."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from spikingjelly.activation_based import functional as spiking
from training.small_networks import coincidence, edges, stereospike, tiny, transformer

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.geometry.stereo_rig import StereoRig
from spike_depth_ros.inference import event_shares
from spike_depth_ros.inference.memory import COMMON_SHARE, LEAST_SHARE
from spike_depth_ros.training.data.training_data import TrainingData
from spike_depth_ros.training.export.description import Provenance
from spike_depth_ros.training.networks import membrane as membrane_module
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.membrane import LeakyMembrane, set_window
from spike_depth_ros.training.networks.network import DepthNetwork
from spike_depth_ros.training.settings import SettingsError

SIZE = (64, 112)
RIG = StereoRig(PinholeCamera(112, 64, 200.0, 56.0, 32.0), 0.1)
PROVENANCE = Provenance(TrainingData(RIG, 50_000_000, (0.5, 8.0), 'none'), 'random weights')
HOPS_MS = (math.inf, 50.0, 20.0, 10.0, 130.0, 1.0, math.inf, 10.0)


def test_potentials_by_hand() -> None:
    membrane, evidence = LeakyMembrane(50.0), torch.full((1, 2, 1, 1), 8.0)
    membrane.elapsed_ms = math.inf
    assert torch.equal(membrane(evidence), evidence)
    membrane.elapsed_ms = 50.0
    torch.testing.assert_close(membrane(evidence), 1.5 * evidence)
    membrane.elapsed_ms = 25.0
    gain = (1 - 0.5**0.5) / 0.5
    torch.testing.assert_close(membrane(evidence), evidence * (1.5 * 0.5**0.5 + gain))


@pytest.mark.parametrize('averages', [False, True])
@pytest.mark.parametrize('half_life_ms', [10.0, 50.0, 400.0])
@pytest.mark.parametrize('hop_ms', [10.0, 12.5, 20.0, 50.0])
def test_constant_evidence_gives_the_same_potentials_at_every_hop(
    averages: bool, half_life_ms: float, hop_ms: float
) -> None:
    membrane = LeakyMembrane(half_life_ms, averages=averages)
    membrane(torch.full((1, 1, 1, 1), 3.0))
    membrane.elapsed_ms = hop_ms
    for _ in range(round(100 / hop_ms)):
        potentials = membrane(torch.full((1, 1, 1, 1), 8.0))
    # 100 ms later, whatever the hops: what is left of 3, and of the way to the final potential.
    left, final = 0.5 ** (100 / half_life_ms), 8.0
    if not averages:
        final /= 1 - 0.5 ** (50 / half_life_ms)
    assert potentials.item() == pytest.approx(left * 3.0 + (1 - left) * final, rel=1e-5)


def test_each_image_of_a_batch_has_its_own_time() -> None:
    membrane, evidence = LeakyMembrane(50.0), torch.full((2, 1, 1, 1), 8.0)
    membrane(evidence)
    membrane.elapsed_ms = torch.tensor([50.0, math.inf])
    torch.testing.assert_close(membrane(evidence).flatten(), torch.tensor([12.0, 8.0]))


def test_the_time_constant_is_learned() -> None:
    membrane, evidence = LeakyMembrane(50.0), torch.ones(1, 1, 1, 1)
    membrane(evidence)
    membrane.elapsed_ms = 50.0
    membrane(evidence).sum().backward()
    # d/dlog_tau of exp(-t / tau) is exp(-t / tau) * t / tau = 0.5 * log 2.
    assert membrane.log_tau_ms.grad is not None
    torch.testing.assert_close(membrane.log_tau_ms.grad, torch.tensor([0.5 * math.log(2)]))


def test_many_events_leak_faster() -> None:
    membrane = LeakyMembrane(50.0, averages=True, events_exponent=1.0)
    membrane(torch.full((2, 1, 1, 1), 8.0))
    membrane.elapsed_ms = 50.0
    shares = torch.tensor([1.0, 2.0]) * COMMON_SHARE - LEAST_SHARE
    membrane.event_shares = shares[:, None, None]
    v = membrane(torch.zeros(2, 1, 1, 1))
    torch.testing.assert_close(v.flatten(), torch.tensor([4.0, 2.0]))
    v.sum().backward()
    assert membrane.events_exponent is not None and membrane.events_exponent.grad is not None
    # d/dexponent of 8 * exp(-t / tau * 2^exponent) at 1: 2 * -log(2) * 2 * log(2).
    expected = torch.tensor(-4 * math.log(2) ** 2)
    torch.testing.assert_close(membrane.events_exponent.grad, expected)


def test_where_many_events_are_potentials_leak_faster() -> None:
    membrane = LeakyMembrane(50.0, averages=True, events_exponent=1.0)
    membrane(torch.full((1, 2, 6, 8), 8.0))
    membrane.elapsed_ms = 50.0
    shares = torch.tensor([[[1.0, 2.0]]]) * COMMON_SHARE - LEAST_SHARE
    membrane.event_shares = shares  # cells of 8 x 8 pixels, which are 4 x 4 potentials
    v = membrane(torch.zeros(1, 2, 6, 8))
    torch.testing.assert_close(v[..., :4], torch.full((1, 2, 6, 4), 4.0))
    torch.testing.assert_close(v[..., 4:], torch.full((1, 2, 6, 4), 2.0))


def test_shares_of_pixels_with_events_are_those_of_the_engine() -> None:
    frame = np.random.default_rng(0).integers(0, 2, (50, 90, 4)).astype(np.uint8)
    expected = torch.from_numpy(event_shares.event_shares(frame))[None]
    assert torch.equal(membrane_module.event_shares(counts(frame)), expected)


def test_what_a_membrane_does_needs_a_half_life() -> None:
    for settings in ({'averages': True}, {'events_exponent': 0.4}):
        with pytest.raises(SettingsError, match='need half_life_ms: give it, such as 50'):
            CoincidenceNetwork(2, 16, **settings)
    with pytest.raises(SettingsError, match='events_exponent is -1: use a number from 0 to 4'):
        LeakyMembrane(50.0, events_exponent=-1.0)


@pytest.mark.parametrize('half_life_ms', [0.0, -1.0, math.inf, math.nan])
def test_impossible_half_lives(half_life_ms: float) -> None:
    with pytest.raises(SettingsError, match=r'half_life_ms is .*: use a number from'):
        LeakyMembrane(half_life_ms)


def test_a_network_without_leaky_readout_says_so() -> None:
    with pytest.raises(SettingsError, match='TinyNetwork has no readout that remembers'):
        tiny().remember(50.0)


@pytest.mark.parametrize('network', [stereospike, transformer])
def test_log_depth_is_averaged_in_any_case(network: Callable[[], DepthNetwork]) -> None:
    with pytest.raises(SettingsError, match='log depth is averaged in any case'):
        network().remember(50.0, averages=True)


def test_memory_changes_nothing_after_a_reset_and_something_later() -> None:
    network, frame = coincidence(2), counts(edges((32, 64)))
    expected = network(frame)
    network.remember(50.0)
    first, second, again = network(frame), network(frame, 50.0), network(frame)
    torch.testing.assert_close(first.log_depth, expected.log_depth)
    assert not torch.equal(second.log_depth[-1], first.log_depth[-1])
    assert torch.equal(again.log_depth, first.log_depth)
    for name, spikes in second.spikes.items():
        assert torch.equal(spikes, first.spikes[name]), name
    network(counts(edges((48, 64))))  # images of another size


def test_a_readout_averages_log_depth() -> None:
    network, frame = stereospike(width=2), counts(edges((32, 64)))
    nothing = torch.zeros_like(frame)
    now, before = network(frame).log_depth[-1], network(nothing).log_depth[-1]
    network.remember(50.0)
    first, second = network(nothing).log_depth, network(frame, 50.0).log_depth
    torch.testing.assert_close(first[-1], before)
    torch.testing.assert_close(second[-1], (now + before) / 2)
    assert torch.equal(second[:-1], network(frame).log_depth[:-1])


def test_detached_potentials_have_no_gradient() -> None:
    network = CoincidenceNetwork(2, 16, half_life_ms=50.0)
    network(counts(edges((32, 64))))
    membrane = network.readout.membrane
    assert membrane is not None and membrane.v is not None and membrane.v.requires_grad
    spiking.detach_net(network)
    assert not membrane.v.requires_grad


def counts(frame: NDArray[np.uint8]) -> torch.Tensor:
    return torch.from_numpy(frame.transpose(2, 0, 1)[None].copy()).float()


def test_the_share_of_new_events_is_that_of_the_data_s_windows() -> None:
    network = CoincidenceNetwork(2, 16, half_life_ms=50.0)
    set_window(network, 100.0)
    membrane = network.readout.membrane
    assert membrane is not None
    evidence = torch.full((1, 1, 1, 1), 8.0)
    membrane(evidence)
    membrane.elapsed_ms = 50.0
    gain = membrane.described('state').gain(50.0, 100.0).item()
    torch.testing.assert_close(membrane(evidence), evidence * (0.5 + gain))
