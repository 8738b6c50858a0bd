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

"""Misalignment: the difference between the right camera and its calibration."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import number
from spike_depth_ros.training.simulator.trajectory import rotation_matrix


@dataclass(frozen=True)
class MisalignmentRanges:
    """Ranges of `random_misalignment`, each from minus to plus its value.

    Args:
        pitch, yaw, roll: rotation about x, y and z, radians.
        focal: difference of the focal length, as a share of it.
    """

    pitch: float = 0.0025
    yaw: float = 0.0008
    roll: float = 0.004
    focal: float = 0.002


@dataclass(frozen=True)
class Misalignment:
    """Difference between the right camera and the one that rectification assumes.

    Args:
        vector: rotation vector in the frame of the assumed camera, radians.
        focal: focal length over the assumed one.
    """

    vector: tuple[float, float, float] = (0.0, 0.0, 0.0)
    focal: float = 1.0

    def rotation(self) -> Tensor:
        """Return the axes of the camera in the frame of the assumed camera, [3, 3]."""
        return rotation_matrix(torch.tensor([self.vector]))[0]

    def rays(self, rays: Tensor) -> Tensor:
        """Return the rays of the camera's pixels, for those of the assumed camera: [3, h, w]."""
        return rays / rays.new_tensor([self.focal, self.focal, 1.0])[:, None, None]


def random_misalignment(ranges: MisalignmentRanges, generator: Generator) -> Misalignment:
    """Return a random misalignment."""
    bounds = (ranges.pitch, ranges.yaw, ranges.roll, ranges.focal)
    pitch, yaw, roll, focal = (number((-bound, bound), generator) for bound in bounds)
    return Misalignment((pitch, yaw, roll), 1 + focal)
