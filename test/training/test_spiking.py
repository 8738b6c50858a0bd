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

"""Tests of the spiking layers."""

import torch
from spikingjelly.activation_based import neuron, surrogate

from spike_depth_ros.training.networks.spiking import spiking_neurons


def test_neurons_of_a_window_fire_and_learn_as_those_of_spikingjelly() -> None:
    whole = neuron.IFNode(v_threshold=1.0, v_reset=0.0, surrogate_function=surrogate.ATan())
    x = torch.linspace(-3, 3, 601).reshape(1, 1, 1, -1)  # the threshold among them
    found = []
    for neurons in (spiking_neurons(), whole):
        drive = x.clone().requires_grad_()
        spikes = neurons(drive)
        (gradient,) = torch.autograd.grad((spikes * x).sum(), drive)
        found.append((spikes, gradient))
    torch.testing.assert_close(*found, rtol=0, atol=0)
    assert 0 < found[0][0].mean() < 1
