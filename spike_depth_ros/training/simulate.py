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

"""Simulation of the demo's recording: `spike-depth simulate --output FOLDER`."""

from pathlib import Path

import torch
from jsonargparse.typing import NonNegativeInt, PositiveFloat

from spike_depth_ros.training.command_line import run
from spike_depth_ros.training.simulator.light import LightRanges
from spike_depth_ros.training.simulator.recording import check_new, write_recording
from spike_depth_ros.training.simulator.scene import SceneRanges
from spike_depth_ros.training.simulator.sensor import SensorRanges
from spike_depth_ros.training.simulator.simulation import SimulationRanges, random_simulation
from spike_depth_ros.training.simulator.textures import texture_bank
from spike_depth_ros.training.simulator.trajectory import MotionRanges

SEED = 9 * 10**12  # larger than the seeds of all data sets
TEXTURES = 96
STEPS = 20  # intensity samples per window

FLIGHT = SimulationRanges(
    scene=SceneRanges(far=(5.0, 7.0), things=(12, 12), thing_depth=(1.0, 5.0)),
    light=LightRanges(changing=0, flickering=0),
    sensor=SensorRanges(threshold=(0.4, 0.4), hot=(0.0, 0.0)),
    motions={'drone': MotionRanges(1, speed_px=(30.0, 30.0), turn_rate=(0.25, 0.25))},
)


def simulate(output: Path, seconds: PositiveFloat = 10.0, flight: NonNegativeInt = 0) -> None:
    """Write a simulated stereo recording with true depth as a rosbag2 folder.

    Args:
        output: rosbag2 folder to write; it must not exist.
        seconds: length of the recording, seconds.
        flight: number of the flight; each number gives another scene and trajectory.
    """
    check_new(output)
    bank = texture_bank(TEXTURES, torch.Generator().manual_seed(SEED))
    generator = torch.Generator().manual_seed(SEED + 1 + flight)
    simulation = random_simulation(FLIGHT, bank, STEPS, generator)
    scene = 'a random indoor scene that is in no training set'
    about = f'Simulated by spike_depth_ros: flight {flight}, {scene}.'
    write_recording(output, simulation, seconds, about)


def main(arguments: list[str]) -> None:
    """Run `simulate` with the command line's arguments."""
    run(simulate, 'simulate', arguments)
