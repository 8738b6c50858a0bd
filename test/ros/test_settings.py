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

"""Settings read from the parameter tables."""

from dataclasses import replace
from pathlib import Path

from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.ros.binner_settings import BinnerSettings
from spike_depth_ros.ros.depth_settings import DepthSettings
from spike_depth_ros.ros.parameter_row import Table
from spike_depth_ros.ros.parameter_tables import BINNER, DEPTH, REPLAY
from spike_depth_ros.ros.replay_settings import ReplaySettings


def values(table: Table, **changed: object) -> dict[str, object]:
    return {row.name: row.default for row in table} | changed


def test_defaults_are_the_mvsec_rig_in_nanoseconds() -> None:
    settings = BinnerSettings.from_parameters(values(BINNER))
    assert settings.cameras == 2
    assert (settings.window_ns, settings.hop_ns) == (50_000_000, 50_000_000)
    assert settings.max_wait_ns == 100_000_000
    assert (settings.camera, settings.baseline_m) == (MVSEC_RIG.camera, MVSEC_RIG.baseline_m)
    assert settings.noise.is_off


def test_one_camera_has_no_baseline() -> None:
    stereo = BinnerSettings.from_parameters(values(BINNER))
    mono = BinnerSettings.from_parameters(values(BINNER, stereo=False))
    assert mono == replace(stereo, cameras=1, baseline_m=0.0)


def test_noise_filters() -> None:
    given = values(BINNER, hot_pixel_hz=20.0, refractory_ms=0.5, background_ms=5.0)
    assert BinnerSettings.from_parameters(given).noise == NoiseSettings(20.0, 500_000, 5_000_000)


def test_each_parameter_of_the_depth_node_is_a_setting() -> None:
    given = values(DEPTH, model='a.onnx', min_events=7)
    assert vars(DepthSettings.from_parameters(given)) == given


def test_replay_waits_in_nanoseconds() -> None:
    settings = ReplaySettings.from_parameters(values(REPLAY, recording='folder', wait_s=1.5))
    assert (settings.recording, settings.wait_ns) == ((Path('folder'),), 1_500_000_000)
    assert (settings.truth, settings.duration_ns, settings.start_ns) == ((), None, 0)
    several = ReplaySettings.from_parameters(
        values(REPLAY, recording=['left', 'right'], duration=2.5)
    )
    assert several.recording == (Path('left'), Path('right'))
    assert several.duration_ns == 2_500_000_000
