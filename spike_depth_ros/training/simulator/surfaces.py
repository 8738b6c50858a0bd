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

"""Flat textured surfaces of a scene, at rest or moving to and fro."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import torch
from torch import Tensor

WAVES = 2  # motion of an object, and of its limbs


@dataclass(frozen=True)
class _Tensors:
    """Tensors with the surfaces as first index."""

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """Return the surfaces of all parts, in order."""
        columns = (f.name for f in fields(cls))
        return cls(*(torch.cat([getattr(part, name) for part in parts]) for name in columns))

    def to(self, device: torch.device) -> Self:
        """Return the same surfaces on another device."""
        return type(self)(*(getattr(self, f.name).to(device) for f in fields(self)))


@dataclass(frozen=True)
class Shapes(_Tensors):
    """Geometry of p surfaces.

    Args:
        origin: float [p, 3], centre at rest, metres.
        axes: float [p, 3, 3], unit vectors u, v and normal as rows.
        half_size: float [p, 2], half size along u and v, metres.
        round: bool [p], True for an ellipse, False for a rectangle.
        sway: float [p, WAVES, 3], amplitude of motion, metres.
        rate: float [p, WAVES], rate of motion, rad/s.
        phase: float [p, WAVES], phase of motion, radians.
    """

    origin: Tensor
    axes: Tensor
    half_size: Tensor
    round: Tensor
    sway: Tensor
    rate: Tensor
    phase: Tensor

    def place(self, t: Tensor) -> Tensor:
        """Return the centres at times t, float [n] seconds: float [n, p, 3], metres."""
        share = torch.sin(self.rate * t[:, None, None] + self.phase)
        return self.origin + (share[..., None] * self.sway).sum(2)


@dataclass(frozen=True)
class Paint(_Tensors):
    """Looks of p surfaces.

    Args:
        texture: int64 [p], number of the texture in the bank.
        texel: float [p], size of a texel, metres.
        offset: float [p, 2], offset of the texture, texels.
        contrast: float [p], factor of the texture, log intensity.
        brightness: float [p], mean log intensity.
    """

    texture: Tensor
    texel: Tensor
    offset: Tensor
    contrast: Tensor
    brightness: Tensor


@dataclass(frozen=True)
class Scene:
    """Surfaces of a scene and their looks."""

    shapes: Shapes
    paint: Paint

    def middle(self) -> float:
        """Return the median distance of the surfaces, in metres."""
        return float(self.shapes.origin.norm(dim=1).median())

    def to(self, device: torch.device) -> 'Scene':
        """Return the same scene on another device."""
        return Scene(self.shapes.to(device), self.paint.to(device))


def still(origin: Tensor, axes: Tensor, half_size: Tensor, is_round: Tensor) -> Shapes:
    """Return surfaces at rest; see Shapes."""
    waves = torch.zeros(len(origin), WAVES)
    sway = torch.zeros(len(origin), WAVES, 3)
    return Shapes(origin, axes, half_size, is_round, sway, waves, waves)


def turned(vectors: Tensor, axis: int, angle: Tensor) -> Tensor:
    """Rotate row vectors.

    Args:
        vectors: float [n, m, 3].
        axis: coordinate to rotate about, 0 to 2.
        angle: float [n], radians.
    """
    rotation = torch.zeros(len(angle), 3, 3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotation[:, axis, axis] = 1
    rotation[:, first, first] = rotation[:, second, second] = torch.cos(angle)
    rotation[:, first, second] = torch.sin(angle)
    rotation[:, second, first] = -torch.sin(angle)
    return vectors @ rotation
