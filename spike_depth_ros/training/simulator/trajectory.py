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

"""Trajectory: position and rotation of the rig at any time."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import number

WAVES = 3


@dataclass(frozen=True)
class MotionRanges:
    """Ranges of `random_trajectory` for one kind of motion.

    Args:
        share: weight of this kind of motion.
        ahead: constant speed along z, m/s.
        speed_px: root mean square of the other speed, pixels per second at the depth of the
            scene's middle, uniform.
        turn_rate: root mean square of the angular speed, rad/s, uniform.
        period_s: period of the waves, seconds, log-uniform.
    """

    share: float
    ahead: tuple[float, float] = (0.0, 0.0)
    speed_px: tuple[float, float] = (3.0, 100.0)
    turn_rate: tuple[float, float] = (0.03, 0.8)
    period_s: tuple[float, float] = (1.5, 5.0)

    @property
    def stands_still(self) -> bool:
        """Return whether the rig never moves."""
        return max(*self.ahead, *self.speed_px, *self.turn_rate) == 0


@dataclass(frozen=True)
class Trajectory:
    """Constant speed plus sinusoids in each of six degrees of freedom.

    Args:
        amplitude: float [6, waves], metres (x, y, z) and radians (rotation vector).
        frequency: float [6, waves], rad/s.
        phase: float [6, waves], radians.
        ahead: speed along z of the world, m/s.
    """

    amplitude: Tensor
    frequency: Tensor
    phase: Tensor
    ahead: float = 0.0

    def pose(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return centre and rotation of the left camera at times t, float [n] seconds.

        At time 0 the rig is at the origin and looks along z.

        Returns:
            centre [n, 3] in metres and rotation [n, 3, 3], camera to world (x right, y down,
            z forward).
        """
        angle = self.frequency * t[:, None, None] + self.phase
        freedom = (self.amplitude * (torch.sin(angle) - torch.sin(self.phase))).sum(-1)
        steady = self.ahead * t[:, None] * torch.tensor([0.0, 0.0, 1.0])
        return freedom[:, :3] + steady, rotation_matrix(freedom[:, 3:])


def random_trajectory(ranges: MotionRanges, pixel: float, generator: Generator) -> Trajectory:
    """Return a random trajectory.

    Args:
        ranges: ranges of the motion.
        pixel: size of a pixel at the depth of the scene's middle, metres.
        generator: random numbers.
    """
    speed = pixel * number(ranges.speed_px, generator)
    turn_rate = number(ranges.turn_rate, generator)
    shortest, longest = (math.log(value) for value in ranges.period_s)
    draw = torch.rand(3, 6, WAVES, generator=generator)
    frequency = 2 * math.pi / torch.exp(shortest + (longest - shortest) * draw[0])
    weight = draw[1] / (draw[1] ** 2).sum((-2, -1), keepdim=True).sqrt()
    weight[:3] /= (weight[:3] ** 2).sum().sqrt()
    weight[3:] /= (weight[3:] ** 2).sum().sqrt()
    rate = torch.tensor([speed] * 3 + [turn_rate] * 3)[:, None] * math.sqrt(2)
    amplitude = rate * weight / frequency
    return Trajectory(amplitude, frequency, 2 * math.pi * draw[2], number(ranges.ahead, generator))


def rotation_matrix(vector: Tensor) -> Tensor:
    """Return the rotations [n, 3, 3] of rotation vectors [n, 3] (Rodrigues)."""
    zero = torch.zeros_like(vector[:, 0])
    x, y, z = vector.unbind(-1)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
    rotation: Tensor = torch.linalg.matrix_exp(skew)
    return rotation
