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

"""Random numbers in ranges."""

import math
from collections.abc import Mapping

import torch
from torch import Generator, Tensor


def uniform(bounds: tuple[float, float], count: int, generator: Generator) -> Tensor:
    """Return uniform random numbers in the bounds, float [count]."""
    low, high = bounds
    return low + (high - low) * torch.rand(count, generator=generator)


def log_uniform(bounds: tuple[float, float], count: int, generator: Generator) -> Tensor:
    """Return positive random numbers with uniform logarithms in the bounds, float [count]."""
    low, high = (math.log(bound) for bound in bounds)
    return torch.exp(uniform((low, high), count, generator))


def number(bounds: tuple[float, float], generator: Generator) -> float:
    """Return a uniform random number in the bounds."""
    return float(uniform(bounds, 1, generator))


def whole(bounds: tuple[int, int], generator: Generator) -> int:
    """Return a uniform random whole number in the bounds, both included."""
    low, high = bounds
    return int(torch.randint(low, high + 1, (), generator=generator))


def happens(probability: float, generator: Generator) -> bool:
    """Return True with a probability."""
    return number((0, 1), generator) < probability


def kinds(weights: Mapping[str, float], count: int, generator: Generator) -> list[str]:
    """Return random names, each with a probability in proportion to its weight."""
    names = list(weights)
    shares = torch.tensor([float(weights[name]) for name in names])
    if count == 0:
        return []
    drawn = torch.multinomial(shares, count, replacement=True, generator=generator)
    return [names[index] for index in drawn.tolist()]
