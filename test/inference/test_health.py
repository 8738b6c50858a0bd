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

"""Meters of rate, latency and activity, on times by hand."""

import math

import numpy as np
import pytest

from spike_depth_ros.inference.contract import ModelContract
from spike_depth_ros.inference.health import (
    ActivityMeter,
    LatencyMeter,
    RateMeter,
    outside_envelope,
)


def test_rate() -> None:
    meter = RateMeter(now_ns=1_000_000_000)
    meter.add()
    meter.add(4)
    assert meter.take(3_000_000_000) == 2.5
    assert meter.take(4_000_000_000) == 0.0


def test_rate_when_time_stands_or_runs_back() -> None:
    meter = RateMeter(now_ns=5_000_000_000)
    meter.add()
    assert meter.take(5_000_000_000) == 0.0
    meter.add()
    assert meter.take(1_000_000_000) == 0.0
    meter.add(3)
    assert meter.take(2_000_000_000) == 3.0


def test_latency() -> None:
    meter = LatencyMeter()
    assert math.isnan(meter.percentile_ms(50))
    for latency_ms in range(1, 102):
        meter.add(latency_ms * 1_000_000)
    assert meter.percentile_ms(50) == 51.0
    assert meter.percentile_ms(99) == 100.0
    meter.reset()
    assert math.isnan(meter.percentile_ms(99))


def test_latency_forgets_the_oldest() -> None:
    meter = LatencyMeter()
    meter.add(10**12)
    for _ in range(1200):
        meter.add(1_000_000)
    assert meter.percentile_ms(100) == 1.0


def test_activity(contract: ModelContract) -> None:
    meter = ActivityMeter(contract)
    assert meter.take() is None
    meter.add(10, np.array([0.1, 0.2], np.float32), np.array([0.1, 0.4], np.float32))
    meter.add(13, np.array([0.3, 0.2], np.float32), np.array([0.3, 0.2], np.float32))
    meter.add(99, np.zeros(0, np.float32), np.zeros(0, np.float32))  # was not computed
    activity = meter.take()
    assert activity is not None
    assert activity.events == 11.5
    assert activity.firing_rates == pytest.approx({'bottom': 0.2, 'conv1': 0.2})
    assert activity.mean_spikes == pytest.approx({'bottom': 0.2, 'conv1': 0.3})
    assert meter.take() is None


def test_envelope(contract: ModelContract) -> None:
    assert outside_envelope(contract, {'bottom': 0.01, 'conv1': 0.3}) == ''
    assert outside_envelope(contract, {'bottom': 0.0091, 'conv1': 0.32}) == ''
    assert outside_envelope(contract, {'bottom': 0.0, 'conv1': 0.1}) == (
        '1 of 2 layers fire as they never did in validation (bottom at 0.0% instead of 1.0% to '
        '20.0%): the events are unlike the training data'
    )
    assert outside_envelope(contract, {'bottom': 0.5, 'conv1': 0.34}).startswith('2 of 2 layers')
