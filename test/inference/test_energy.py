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

"""Energy estimate, computed by hand."""

from dataclasses import replace

import pytest

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.energy import estimate
from spike_depth_ros.inference.health import Activity


def test_operations_and_energy(contract: ModelContract) -> None:
    contract = replace(contract, operations=2_000_000_000)
    activity = Activity(
        events=1000.0,
        firing_rates={'bottom': 0.1, 'conv1': 0.2},
        mean_spikes={'bottom': 0.1, 'conv1': 0.5},
    )
    result = estimate(contract, activity)
    # 1000 events * 25 + 10 spikes * 400 + 25 spikes * 800
    assert result.synaptic_operations == pytest.approx(49_000)
    assert result.energy_mj == pytest.approx(49_000 * 0.9e-9)
    assert result.dense_mj == pytest.approx(9.2)  # 2e9 * 4.6 pJ


def test_analog_layers_multiply(contract: ModelContract) -> None:
    contract = replace(contract, analog=True)
    ones = {'bottom': 1.0, 'conv1': 1.0}
    result = estimate(contract, Activity(0.0, ones, ones))
    # 100 values * 400 + 50 values * 800
    assert result.synaptic_operations == pytest.approx(80_000)
    assert result.energy_mj == pytest.approx(80_000 * 4.6e-9)


def test_silence_costs_nothing(contract: ModelContract) -> None:
    silence = {'bottom': 0.0, 'conv1': 0.0}
    result = estimate(contract, Activity(0.0, silence, silence))
    assert (result.synaptic_operations, result.energy_mj) == (0.0, 0.0)
    assert result.dense_mj == pytest.approx(123 * 4.6e-9)
