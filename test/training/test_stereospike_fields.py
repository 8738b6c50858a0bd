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

"""Every combination of StereoSpike's fields: a step of training, and its exported files."""

from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
import torch
from training.exported_files import NOTHING, computed, rounded
from training.small_networks import frames

from spike_depth_ros.inference.session import load
from spike_depth_ros.training.data.pairs import Pair
from spike_depth_ros.training.estimation import DepthEstimation
from spike_depth_ros.training.export.command import exported
from spike_depth_ros.training.export.description import contract, firing_envelope
from spike_depth_ros.training.export.models import depth_model
from spike_depth_ros.training.export.weights import Precision
from spike_depth_ros.training.losses import LossWeights
from spike_depth_ros.training.networks.analog import is_analog
from spike_depth_ros.training.networks.stereospike import StereoSpike
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.train import check_export

SIZE = (32, 32)
pytestmark = pytest.mark.slow
PRECISIONS: tuple[Precision, ...] = ('int8', 'float32')
PAPER = LossWeights(0, 0.5, 1, 0.5, coarse=1, events=0, unit='metres', sobel=True)


PAIRS: list[Any] = [Pair(frame, np.ones(SIZE), np.ones(SIZE)) for frame in frames(SIZE)[:2]]


class Fields(NamedTuple):
    """Fields of StereoSpike."""

    channels: int
    heads: tuple[int, ...]
    skips: bool
    potential: Any
    branches: Any
    neurons: Any

    def __str__(self) -> str:
        return '-'.join(map(str, self))


CAMERAS = ((4, 'concatenated'), (4, 'summed'), (2, 'concatenated'))
HEADS = ((1, 2, 3, 4), (1, 2, 3), (1, 2), (1,))
NEURONS = ('spiking', 'sigmoid', 'tanh', 'leaky_relu')
EVERY = [
    Fields(channels, heads, skips, potential, branches, neurons)
    for (channels, branches), heads, skips, potential, neurons in product(
        CAMERAS, HEADS, (True, False), ('log_depth', 'metres'), NEURONS
    )
]


@pytest.mark.parametrize('fields', EVERY, ids=str)
def test_it_trains_and_exports(fields: Fields, tmp_path: Path) -> None:
    network = trained(fields)
    for precision in PRECISIONS if fields.neurons == 'spiking' else ('float32',):
        path = tmp_path / f'{precision}.onnx'
        onnx.save(depth_model(network, precision, *SIZE), path)
        for provider in ('cpu', 'openvino'):
            check(network, precision, path, provider)


def trained(fields: Fields) -> StereoSpike:
    """Return a network after a step with the paper's loss, with a readout that matters."""
    torch.manual_seed(0)
    network = StereoSpike(width=2, **fields._asdict())
    for head in network.readout.heads:
        torch.nn.init.normal_(head.weight, std=0.1)
    module = DepthEstimation(network, loss=PAPER)
    optimizer = torch.optim.Adam(module.parameters(), 1e-3)
    spikes = torch.poisson(torch.full((2, 4, *SIZE), 0.5)).to(torch.uint8)
    module.objective(spikes, 1 + torch.rand(2, 1, *SIZE))['loss'].backward()
    for name, weight in network.named_parameters():
        assert weight.grad is not None and weight.grad.isfinite().all(), name
    optimizer.step()
    return network.eval()


def check(network: StereoSpike, precision: Precision, path: Path, provider: str) -> None:
    """Compare a file with the network that it was made from: depth, and spikes of each layer."""
    reference = rounded(network) if precision == 'float32' else exported(network, precision)
    session = load(path, 0, provider).session
    for frame in frames(SIZE)[:2]:
        output = computed(reference, frame)
        counts = np.ascontiguousarray(frame[None, ..., : network.channels])
        depth, rates, means = session.run(
            ['depth', 'firing_rates', 'mean_spikes'], {'spikes': counts}
        )
        expected = np.exp(output.log_depth[-1][0, 0].numpy())
        np.testing.assert_allclose(depth[0, 0], expected, rtol=1e-4)
        layers = output.spikes.values()
        if is_analog(network):
            assert rates.tolist() == means.tolist() == [1.0] * len(layers)
            continue
        sizes = np.array([layer.numel() for layer in layers])
        assert np.rint(rates * sizes).tolist() == [layer.count_nonzero() for layer in layers]
        assert np.rint(means * sizes).tolist() == [layer.sum() for layer in layers]


def test_analog_layers_are_exported_in_float32_only() -> None:
    network = StereoSpike(width=2, neurons='tanh').eval()
    with pytest.raises(SettingsError, match='do not compute in int8: export with --precision'):
        depth_model(network, 'int8', *SIZE)
    envelope = firing_envelope(network, PAIRS)
    described = contract(network, NOTHING, envelope)
    assert described.analog and set(described.firing_rate_low) == {1.0}
    # Every value of a layer reaches its synapses, as in the spiking network.
    spiking = contract(StereoSpike(width=2), NOTHING, envelope)
    assert described.fanouts == spiking.fanouts and not spiking.analog
    assert described.operations == spiking.operations


def test_an_export_leaves_the_normalisation_alone() -> None:
    network = StereoSpike(width=2, neurons='sigmoid').train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    check_export(network)
    assert network.training and network.bottom.norm.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_analog_and_spiking_layers_do_not_mix() -> None:
    network = StereoSpike(width=2, neurons='sigmoid').eval()
    network.bottom = StereoSpike(width=2).bottom
    with pytest.raises(SettingsError, match='StereoSpike has analog and spiking layers'):
        depth_model(network, 'float32', *SIZE)


@pytest.mark.parametrize('heads', [(), (2, 3), (1, 1), (1, 5)])
def test_other_heads_are_refused(heads: tuple[int, ...]) -> None:
    with pytest.raises(SettingsError, match=r'heads is \[.*\]: use 1, alone or with some'):
        StereoSpike(width=2, heads=heads)


def test_a_potential_below_a_centimetre_is_a_centimetre() -> None:
    network = StereoSpike(width=2, potential='metres')
    network.readout.reset_potential.data.fill_(-1.0)
    output = network(torch.zeros(1, 4, *SIZE))
    torch.testing.assert_close(output.log_depth.exp(), torch.full((4, 1, 1, *SIZE), 0.01))
    assert output.metres is not None and (output.metres == -1).all()


def test_the_last_prediction_layer_alone_is_that_of_the_paper() -> None:
    network = StereoSpike(width=2, heads=(1,))
    (head,) = network.readout.heads
    assert head.weight.shape == (1, 2, 3, 3) and network.readout.scales == (1,)


@pytest.mark.parametrize(
    ('field', 'sentence'),
    [
        ({'width': 0}, 'width is 0: use a whole number from 1'),
        ({'potential': 'meters'}, 'potential is meters: use log_depth or metres'),
        ({'branches': 'added'}, 'branches is added: use concatenated or summed'),
        ({'neurons': 'relu'}, 'neurons is relu: use spiking, sigmoid, tanh or leaky_relu'),
    ],
)
def test_wrong_fields_are_refused(field: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        StereoSpike(**field)
