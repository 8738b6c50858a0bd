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

"""Objects of a scene: boards, boxes, poles and people, each a few flat surfaces."""

import dataclasses
import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.simulator.draw import log_uniform, uniform
from spike_depth_ros.training.simulator.surfaces import Shapes, still, turned

TILT = 0.9  # rad, largest tilt of boards against the image plane
ROUND = 0.35  # share of boards that are ellipses
POLE_PX = (0.6, 4.0)  # half width of a pole in pixels at its depth
STRIDE_HZ = (0.7, 1.3)
# Parts of a person of 1.75 m with the waist at 0: centre (right, down) and half size in metres,
# True for an ellipse, and amplitude of the swing in metres.
BODY = (
    ((0.0, -0.70), (0.10, 0.13), True, 0.0),
    ((0.0, -0.28), (0.21, 0.34), True, 0.0),
    ((-0.10, 0.45), (0.08, 0.45), False, 0.20),
    ((0.10, 0.45), (0.08, 0.45), False, -0.20),
    ((-0.26, -0.20), (0.05, 0.32), False, -0.12),
    ((0.26, -0.20), (0.05, 0.32), False, 0.12),
)

Maker = Callable[[Tensor, Tensor, float, Generator], Shapes]


def board(centre: Tensor, half: Tensor, pixel: float, generator: Generator) -> Shapes:
    """Return one rectangle or ellipse, tilted and turned.

    All makers have these arguments.

    Args:
        centre: float [3], centre in metres.
        half: float [3], half sizes in metres, of which an object uses some.
        pixel: size of a pixel at the depth of the centre, metres.
        generator: random numbers.
    """
    angle = uniform((-1, 1), 3, generator)
    axes = turned(torch.eye(3)[None], 2, angle[:1] * math.pi)
    axes = turned(turned(axes, 0, angle[1:2] * TILT), 1, angle[2:] * TILT)
    return still(centre[None], axes, half[None, :2], uniform((0, 1), 1, generator) < ROUND)


def box(centre: Tensor, half: Tensor, pixel: float, generator: Generator) -> Shapes:
    """Return the three faces of an upright box that are visible from the origin."""
    yaw = uniform((-math.pi, math.pi), 1, generator)
    edges = turned(torch.eye(3)[None], 1, yaw)[0]
    towards = -torch.sign(edges @ centre)
    order = torch.tensor([[1, 2, 0], [2, 0, 1], [0, 1, 2]])  # each face's u, v and normal
    origin = centre + towards[:, None] * half[:, None] * edges
    return still(origin, edges[order], half[order[:, :2]], torch.zeros(3) > 0)


def pole(centre: Tensor, half: Tensor, pixel: float, generator: Generator) -> Shapes:
    """Return a thin strip, upright or level, leaning a little."""
    thin = float(log_uniform(POLE_PX, 1, generator)) * pixel
    lean = 0.15 * torch.randn(1, generator=generator)
    level = 0.5 * math.pi * (torch.rand(1, generator=generator) < 0.3)
    axes = turned(torch.eye(3)[None], 2, lean + level)
    size = torch.stack([torch.tensor(thin), 3 * half.max()])
    return still(centre[None], axes, size[None], torch.zeros(1) > 0)


def person(centre: Tensor, half: Tensor, pixel: float, generator: Generator) -> Shapes:
    """Return a walking person: head, trunk, legs and arms, the limbs swinging."""
    places, sizes, ellipses, swings = zip(*BODY, strict=True)
    size = float(uniform((0.85, 1.15), 1, generator))
    origin = centre + size * torch.tensor([[right, down, 0.0] for right, down in places])
    axes = turned(torch.eye(3)[None], 1, uniform((-0.5, 0.5), 1, generator))
    shapes = still(
        origin, axes.repeat(len(BODY), 1, 1), size * torch.tensor(sizes), torch.tensor(ellipses)
    )
    shapes.sway[:, 1, 0] = size * torch.tensor(swings)
    rate = 2 * math.pi * uniform(STRIDE_HZ, 1, generator)
    phase = uniform((0, 2 * math.pi), 1, generator)
    second = torch.tensor([0.0, 1.0]).repeat(len(BODY), 1)
    return dataclasses.replace(shapes, rate=rate * second, phase=phase * second)


MAKERS: dict[str, Maker] = {'board': board, 'box': box, 'pole': pole, 'person': person}


def standing(shapes: Shapes, floor: float) -> Shapes:
    """Return an object at rest whose lowest point is on the floor.

    Args:
        shapes: surfaces of the object.
        floor: distance of the floor below the origin, metres.
    """
    reach = (shapes.axes[:, :2, 1].abs() * shapes.half_size).sum(1)
    down = torch.tensor([0.0, 1.0, 0.0]) * (floor - (shapes.origin[:, 1] + reach).max())
    return dataclasses.replace(shapes, origin=shapes.origin + down)


def moving(shapes: Shapes, velocity: Tensor, rate: float, phase: float) -> Shapes:
    """Return an object that moves to and fro.

    Args:
        shapes: surfaces of the object.
        velocity: float [3], velocity in the middle of its path, m/s.
        rate, phase: rate and phase of the motion, rad/s and radians.
    """
    sway, rates, phases = shapes.sway.clone(), shapes.rate.clone(), shapes.phase.clone()
    sway[:, 0], rates[:, 0], phases[:, 0] = velocity / rate, rate, phase
    return dataclasses.replace(shapes, sway=sway, rate=rates, phase=phases)
