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

"""Fan-outs of a network's layers, from a trace of its forward pass."""

import pytest
import torch
from torch import Tensor, nn
from training.small_networks import SiameseNetwork, TinyNetwork

from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.training.export.fanouts import fanouts
from spike_depth_ros.training.export.trace import trace
from spike_depth_ros.training.networks.coincidence import CoincidenceNetwork
from spike_depth_ros.training.networks.network import DepthNetwork, Output
from spike_depth_ros.training.networks.phase import UpsampledConv2d
from spike_depth_ros.training.networks.readout import LogDepthReadout
from spike_depth_ros.training.networks.spiking import SpikingLayer
from spike_depth_ros.training.networks.stereospike import StereoSpike


def test_fanouts_of_a_tiny_network_by_hand() -> None:
    assert fanouts(trace(TinyNetwork())) == {
        'input': 25 * 6 / 4,
        # 3x3 of stride 2 to 8 channels, and 3x3 to 6; the sum with deconv2 is a layer of its own
        'conv1': 9 * 8 / 4 + 9 * 6,
        # 5x5 after upsampling by 2 to 6 channels, and a prediction layer that upsamples by 4
        'conv2': 25 * 6 * 4 + 9 * 16,
        'deconv2': 9 * 6,
        'mixed': 25 * 4 * 4 + 9 * 4,
        'deconv1': 9,
    }


def test_fanouts_of_layers_that_both_cameras_share() -> None:
    found = fanouts(trace(SiameseNetwork()))
    assert found['input'] == 9 * 4
    assert found['bottom'] == 25 * 6 / 4  # the left half is also added to deconv1, no synapse
    assert found['conv1'] == 8 + 9 * 6  # of either camera: detectors, and a layer that reads both
    assert found['match'] == 9 * 6


class Parts(DepthNetwork):
    """Network in which one layer reads a camera's channels, and another all six."""

    channels = 4

    def __init__(self) -> None:
        super().__init__()
        self.first = SpikingLayer(nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False))
        self.some = SpikingLayer(nn.Conv2d(2, 5, 3, padding=1, bias=False))
        self.all = SpikingLayer(nn.Conv2d(6, 5, 1, bias=False))
        self.readout = LogDepthReadout((5,), (2,))

    def predict(self, counts: Tensor) -> Output:
        first = self.first(counts)
        _, some = first.split([4, 2], 1)
        last = self.some(some) + self.all(first)
        return Output(self.readout([last]), {'first': first, 'last': last})


def test_a_layer_read_in_parts_has_the_mean_of_its_fanouts() -> None:
    found = fanouts(trace(Parts()))
    assert found['first'] == pytest.approx(9 * 5 * 2 / 6 + 5)
    assert found['last'] == 9 * 4


def test_fanouts_of_stereospike_by_hand() -> None:
    found = fanouts(trace(StereoSpike(4, width=8)))
    # bottom feeds 5x5 stride 2 to twice its 8 channels; deconv4 feeds 5x5 after upsampling to a
    # quarter of its channels' count 64 / 2 = 32, and the prediction layer by 8.
    assert found['input'] == 25 * 8
    assert found['bottom'] == 25 * 16 / 4
    assert found['deconv4'] == 25 * 32 * 4 + 9 * 64
    assert found['deconv1'] == 9


def test_multiply_accumulates_of_the_papers_network() -> None:
    network = StereoSpike(4, width=32).eval()
    found, sizes = fanouts(trace(network)), sizes_of(network, 272, 352)
    padded = (
        352 * 272 / (MVSEC_RIG.camera.width * MVSEC_RIG.camera.height)
    )  # the authors' network pads nothing
    operations = sum(size * found[name] for name, size in sizes.items())
    assert operations / 1e9 == pytest.approx(27.5 * padded, rel=0.02)


def sizes_of(network: DepthNetwork, height: int, width: int) -> dict[str, int]:
    counts = torch.zeros(1, network.channels, height, width)
    with torch.no_grad():
        spikes = network(counts).spikes
    return {'input': counts.numel()} | {name: layer.numel() for name, layer in spikes.items()}


def test_fanouts_add_up_to_the_work_of_all_convolutions() -> None:
    network = CoincidenceNetwork(width=4)
    work = []
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, UpsampledConv2d)):
            module.register_forward_hook(
                lambda layer, _, out: work.append(out.numel() * layer.weight[0].numel())
            )
    sizes = sizes_of(network, 64, 96)
    half = 32 * 48
    detectors = 8 * 48 * half  # of two synapses each
    pairs = 48 * 9 - 2 * (1 + 2 + 3 + 4)  # of disparities at most 4 apart
    places = 2 * half + half / 4 + half / 16  # of two layers, and one each at 1/4 and 1/8
    cooperation = pairs * 5 * 5 * places
    done = sum(work)
    found = fanouts(trace(network))
    reached = sum(size * found[name] for name, size in sizes.items())
    beyond = 3 * 8 * 32 * 2 * 5 * 5  # a column more than conv1 keeps
    assert reached == pytest.approx(done - beyond + 2 * detectors + cooperation)
