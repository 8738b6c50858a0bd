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

"""Motion of the rig between windows, as a model with memory is told in an evaluation."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np

from spike_depth_ros.geometry.pose import Pose, from_vector
from spike_depth_ros.training.data.sequence import WindowSequence
from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.units import SECOND_NS

# True rotation; that of a gyroscope; true rotation and translation.
MotionKind = Literal['rotation', 'gyroscope', 'full']
# Zero-rate offset about each axis, rad/s, and noise density, rad/s per root of a Hz, of an
# uncalibrated BMI160, the gyroscope of a DVXplorer (Bosch, data sheet BST-BMI160-DS000).
OFFSET = math.radians(3.0) * np.array([1.0, -1.0, 1.0])
NOISE = math.radians(0.007)

Poses = Sequence[Pose | None]


def motions(sequence: WindowSequence) -> Poses:
    """Return the pose of the left camera at each window in its frame at the one before.

    None for the first window, and where poses are unknown.
    """
    count = len(sequence.windows)
    if sequence.centre is None or sequence.rotation is None:
        return [None] * count
    pairs = zip(sequence.rotation, sequence.centre, strict=True)
    poses = [
        Pose(rotation.astype(np.float64), centre.astype(np.float64)) for rotation, centre in pairs
    ]
    between = (before.inverse() @ pose for before, pose in pairwise(poses))
    return [None, *between]


def check_known(sequence: WindowSequence, name: str) -> None:
    """Raise SettingsError if the poses of a data set's rig are unknown; name: of the data set."""
    if sequence.centre is None or sequence.rotation is None:
        raise SettingsError(
            f'{name} does not tell how its rig moves: leave motion out, or give a simulated data '
            'set.'
        )


def told(motion: Pose, kind: MotionKind, elapsed_ns: int, generator: np.random.Generator) -> Pose:
    """Return the motion that a sensor tells.

    Args:
        motion: true motion.
        kind: the sensor.
        elapsed_ns: duration of the motion, nanoseconds.
        generator: noise.
    """
    if kind == 'full':
        return motion
    if kind == 'rotation':
        return Pose.turned(motion.rotation)
    elapsed_s = elapsed_ns / SECOND_NS
    error = OFFSET * elapsed_s + generator.normal(0, NOISE * math.sqrt(elapsed_s), 3)
    return Pose.turned(motion.rotation @ from_vector(error))
