"""Leaving out silent neurons changes nothing else."""

import numpy as np
import torch

from spike_depth_ros.training.data.simulated import Sample
from spike_depth_ros.training.export import folded
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.pruning import Places, silence


def test_spikes_go_to_their_places_by_hand() -> None:
    places = Places(torch.tensor([False, True, False, True]))
    spikes = torch.tensor([5.0, 7.0]).reshape(1, 2, 1, 1)
    assert places(spikes).flatten().tolist() == [0, 5, 0, 7]


def test_a_network_without_its_silent_neurons_computes_the_same() -> None:
    torch.manual_seed(1)
    network = StereoSpike(2, width=4).double().eval()
    for layer in (network.encoder[2], network.bottleneck[1].second, network.decoder[1]):
        layer.synapses.weight.data[::3] = 0
    network.decoder[3].synapses.weight.data[:] = 0  # a decoder layer that never fires at all
    smaller = folded(network)
    counts = torch.poisson(torch.full((1, 2, 64, 80), 0.4, dtype=torch.float64))
    with torch.no_grad():
        whole, pruned = network(counts), smaller(counts)
    assert torch.allclose(whole.log_depth, pruned.log_depth, rtol=0, atol=1e-12)
    assert all(torch.equal(whole.spikes[name], pruned.spikes[name]) for name in whole.spikes)
    assert sum(p.numel() for p in smaller.parameters()) < sum(
        p.numel() for p in network.parameters()
    )


def test_only_neurons_that_hardly_fire_are_silenced() -> None:
    torch.manual_seed(2)
    network = StereoSpike(2, width=2).eval()
    network.bottom.synapses.weight.data[0] = -1.0  # no count can make it fire
    before = {name: weight.clone() for name, weight in network.named_parameters()}
    frame = np.random.default_rng(0).poisson(0.5, (64, 80, 4)).astype(np.uint8)
    silence(network, [Sample(frame, np.ones((64, 80), np.float32))], rate=1e-4)
    assert not network.bottom.synapses.weight[0].any()
    assert torch.equal(network.bottom.synapses.weight[1], before['bottom.synapses.weight'][1])
