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

"""Errors of a calibration: the right camera is not quite where rectification assumes it."""

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import number
from spike_depth_ros.training.simulator.trajectory import rotation_matrix


@dataclass(frozen=True)
class CalibrationRanges:
    """Ranges that `random_error` draws from, either way: radians about x, y and z, share of f."""

    pitch: float = 0.0025
    yaw: float = 0.0008
    roll: float = 0.004
    focal: float = 0.002


@dataclass(frozen=True)
class CalibrationError:
    """The right camera's rotation vector, radians, and its focal length over the assumed one."""

    vector: tuple[float, float, float] = (0.0, 0.0, 0.0)
    focal: float = 1.0

    def rotation(self) -> Tensor:
        """Return the camera's axes in the assumed camera's, [3, 3]."""
        return rotation_matrix(torch.tensor([self.vector]))[0]

    def rays(self, rays: Tensor) -> Tensor:
        """Return the rays [3, h, w] that the pixels see in place of the assumed ones."""
        return rays / rays.new_tensor([self.focal, self.focal, 1.0])[:, None, None]


def random_error(ranges: CalibrationRanges, generator: Generator) -> CalibrationError:
    """Return a random error."""
    bounds = (ranges.pitch, ranges.yaw, ranges.roll, ranges.focal)
    pitch, yaw, roll, focal = (number((-bound, bound), generator) for bound in bounds)
    return CalibrationError((pitch, yaw, roll), 1 + focal)
