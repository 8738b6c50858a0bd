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

"""Time of moving the memory of a model with the rig."""

from functools import partial

import numpy as np

from bench.timing import medians
from spike_depth_ros.geometry.pose import Pose, from_vector
from spike_depth_ros.geometry.stereo_rig import MVSEC_RIG
from spike_depth_ros.motion.gyroscope import Gyroscope
from spike_depth_ros.motion.memory_motion import MemoryMotion
from spike_depth_ros.motion.warp import Volume
from spike_depth_ros.units import MS_NS

SHAPE = 1, 48, 136, 176  # state of the coincidence network of reach 48
TURN = Pose.turned(from_vector([0.02, 0.05, 0.01]))
FLIGHT = Pose(TURN.rotation, np.array([0.05, 0.02, 0.1]))


def run() -> list[dict[str, object]]:
    """Return rows of milliseconds for a window, in one thread."""
    evidence = np.random.default_rng(0).normal(0, 4, SHAPE).astype(np.float32)
    gyroscope = Gyroscope()
    for t_ms in range(2000):
        gyroscope.add(t_ms * MS_NS, 0.1, 0.2, 0.3)
    motion = MemoryMotion()
    ways = {
        name: partial(_move, motion, evidence, pose)
        for name, pose in (('rotation', TURN), ('rotation and translation', FLIGHT))
    }
    size = ' x '.join(map(str, SHAPE[1:]))
    rows = {f'memory of {size} moved by {name}': way for name, way in ways.items()}
    rows['gyroscope of 1 kHz integrated over 50 ms'] = partial(
        gyroscope.rotation, 1900 * MS_NS, 1950 * MS_NS
    )
    return [
        {'name': name, 'value': round(1e3 * spent, 2), 'unit': 'ms'}
        for name, spent in medians(rows).items()
    ]


def _move(motion: MemoryMotion, evidence: Volume, pose: Pose) -> None:
    """Move a copy: what moves again and again without new evidence becomes denormal and slow."""
    motion.move({'state': evidence.copy()}, pose, MVSEC_RIG.camera, MVSEC_RIG.baseline_m)
