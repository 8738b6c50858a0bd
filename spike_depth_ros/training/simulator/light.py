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

"""Light that changes slowly, and that flickers with the mains."""

import math
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import happens, number


@dataclass(frozen=True)
class LightRanges:
    """Ranges of `random_light`.

    Args:
        changing: share of scenes whose light changes.
        change: amplitude of the change, log intensity.
        period_s: period of the change, seconds.
        flickering: share of scenes with flickering lamps.
        flicker: amplitude of the flicker, log intensity.
        flicker_hz: frequency of the flicker, twice that of the mains, Hz.
    """

    changing: float = 0.2
    change: tuple[float, float] = (0.1, 0.8)
    period_s: tuple[float, float] = (0.5, 4.0)
    flickering: float = 0.08
    flicker: tuple[float, float] = (0.02, 0.15)
    flicker_hz: tuple[float, float] = (100.0, 120.0)


@dataclass(frozen=True)
class Light:
    """Two waves of log intensity.

    Args:
        amplitude: float [2], log intensity.
        rate: float [2], rad/s.
        phase: float [2], radians.
    """

    amplitude: Tensor
    rate: Tensor
    phase: Tensor

    def at(self, t: Tensor) -> Tensor:
        """Return the change of log intensity at times t, float [n] seconds: float [n]."""
        return (self.amplitude * torch.sin(self.rate * t[:, None] + self.phase)).sum(1)


def random_light(ranges: LightRanges, generator: Generator) -> Light:
    """Return random light."""
    change = number(ranges.change, generator) * happens(ranges.changing, generator)
    flicker = number(ranges.flicker, generator) * happens(ranges.flickering, generator)
    hertz = [1 / number(ranges.period_s, generator), number(ranges.flicker_hz, generator)]
    return Light(
        torch.tensor([change, flicker]),
        2 * math.pi * torch.tensor(hertz),
        2 * math.pi * torch.rand(2, generator=generator),
    )
