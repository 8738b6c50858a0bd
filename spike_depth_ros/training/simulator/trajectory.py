"""Continuous motion of the rig: position and attitude at any time."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor


@dataclass(frozen=True)
class Trajectory:
    """A sum of sinusoids in each of six degrees of freedom, so every derivative is continuous.

    amplitude: [6, waves], metres (x, y, z) and radians (rotation vector).
    frequency: [6, waves], radians a second.  phase: [6, waves], radians.
    """

    amplitude: Tensor
    frequency: Tensor
    phase: Tensor

    def pose(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """Return the left camera's centre and its axes at times `t`, float [n] seconds.

        Returns:
            centre [n, 3] in metres and rotation [n, 3, 3], camera to world (x right, y down,
            z forward).
        """
        angle = self.frequency * t[:, None, None] + self.phase
        freedom = (self.amplitude * torch.sin(angle)).sum(-1)
        return freedom[:, :3], rotation_matrix(freedom[:, 3:])


def random_trajectory(
    speed: float, turn_rate: float, period_s: tuple[float, float], generator: Generator
) -> Trajectory:
    """Return a trajectory of root-mean-square `speed` (m/s) and `turn_rate` (rad/s)."""
    waves = 3
    shortest, longest = (math.log(value) for value in period_s)
    draw = torch.rand(3, 6, waves, generator=generator)
    frequency = 2 * math.pi / torch.exp(shortest + (longest - shortest) * draw[0])
    weight = draw[1] / (draw[1] ** 2).sum((-2, -1), keepdim=True).sqrt()
    weight[:3] /= (weight[:3] ** 2).sum().sqrt()
    weight[3:] /= (weight[3:] ** 2).sum().sqrt()
    rate = torch.tensor([speed] * 3 + [turn_rate] * 3)[:, None] * math.sqrt(2)
    return Trajectory(rate * weight / frequency, frequency, 2 * math.pi * draw[2])


def rotation_matrix(vector: Tensor) -> Tensor:
    """Return the rotations [n, 3, 3] of rotation vectors [n, 3] (Rodrigues)."""
    zero = torch.zeros_like(vector[:, 0])
    x, y, z = vector.unbind(-1)
    skew = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
    return torch.linalg.matrix_exp(skew)
