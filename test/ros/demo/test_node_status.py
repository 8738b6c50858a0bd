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

"""Numbers in the nodes' reports, read by the demo."""

import math
from pathlib import Path

from spike_depth_ros.frames.binner import Binner
from spike_depth_ros.frames.counters import BinnerCounters, CameraCounters
from spike_depth_ros.inference.engine import DepthEngine
from spike_depth_ros.ros.binner_report import BinnerReport
from spike_depth_ros.ros.demo.node_status import BinnerStatus, DepthStatus, ReplayStatus
from spike_depth_ros.ros.depth_counters import DepthCounters
from spike_depth_ros.ros.depth_report import DepthReport
from spike_depth_ros.ros.diagnostics import Report, key_values
from testing.stripes import HEIGHT, WIDTH, packets


def values(report: Report) -> dict[str, str]:
    return {pair.key: pair.value for pair in key_values(report.values)}


def test_counters_of_the_binner() -> None:
    binner = Binner(2, 50_000_000, 50_000_000, 10**9, WIDTH, HEIGHT)
    report = BinnerReport(binner, 0)
    for left, right in zip(packets(0, 300_000), packets(1, 300_000), strict=True):
        binner.push(0, left, now_ns=0)
        binner.push(1, right, now_ns=0)

    status = BinnerStatus.from_values(values(report.make(10**9, '')))

    assert status.counters == binner.counters
    assert status.counters.windows_closed > 0
    assert status.packets_hz == tuple(camera.packets for camera in binner.counters.cameras)
    assert status.events_hz == sum(camera.events for camera in binner.counters.cameras)
    assert status.is_working


def test_one_silent_camera_is_not_working() -> None:
    rates = {'left packets (1/s)': '30.5', 'right packets (1/s)': '0'}
    assert not BinnerStatus.from_values(rates).is_working
    assert not BinnerStatus.from_values({}).is_working


def test_counters_of_the_depth_node(stereo_model: Path) -> None:
    report = DepthReport(DepthEngine(stereo_model).contract, 0)
    report.window_in(0)
    report.window_in(0)
    report.without_depth('windows_skipped', cameras=(3, 4))

    status = DepthStatus.from_values(values(report.make(10**9, '', '', 500, {})))

    assert status.counters == DepthCounters(windows_in=2, windows_skipped=1)
    assert (status.input_hz, status.output_hz) == (2.0, 0.0)
    assert math.isnan(status.latency_median_ms)
    assert status.firing_rates == {}


def test_a_report_without_values_counts_nothing() -> None:
    empty = BinnerStatus.from_values({})
    assert empty.counters == BinnerCounters((CameraCounters(), CameraCounters()))
    assert empty.subscribers == 0


def test_the_start_of_a_replay_by_its_report() -> None:
    started = {'header stamp less time of the recording (ns)': '-12', 'paused (s)': '0.5'}
    assert ReplayStatus.from_values(started) == ReplayStatus(-12, 0.5)
    assert ReplayStatus.from_values({}) == ReplayStatus(None, 0.0)
