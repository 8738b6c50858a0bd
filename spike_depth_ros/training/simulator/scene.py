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

"""Random scenes: surroundings, and objects that stand or move in them."""

import math
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

from spike_depth_ros.training.settings import SettingsError
from spike_depth_ros.training.simulator.draw import (
    happens,
    kinds,
    log_uniform,
    number,
    uniform,
    whole,
)
from spike_depth_ros.training.simulator.objects import MAKERS, moving, standing
from spike_depth_ros.training.simulator.surfaces import Paint, Scene, Shapes, still, turned

FLOOR = 1  # number of the floor among the surfaces of an enclosure
ENDLESS = 1e3  # half size of surroundings, metres
SWAY_S = (2.0, 6.0)  # period of moving objects, seconds
INDOORS = {'room': 0.75, 'corridor': 0.25}
MIX = {'board': 0.5, 'box': 0.25, 'pole': 0.1, 'person': 0.15}


@dataclass(frozen=True)
class SceneRanges:
    """Ranges of `random_scene`.

    Texture and speed are in pixels: neither the size of details nor the number of events then
    tells depth. On a real rig they tell little, and a network would rely on them. For networks for
    one camera, which have nothing else, `texel_m`, `size_m` and `height_m` give scenes in which
    sizes and the height of the cameras over the floor tell depth.

    Args:
        surroundings: weights of 'room', 'corridor' and 'street'.
        far: distance of the wall in front, metres, log-uniform.
        things: number of objects.
        mix: weights of the kinds of objects.
        thing_depth: depth of objects, metres, log-uniform.
        spread: distance of objects from the first view's axis, as a share of its half field.
        size: half size of objects, as a share of depth, log-uniform.
        moving: share of objects that move.
        speed_px: peak speed of moving objects, pixels per second at their depth, log-uniform.
        texel_px: size of a texel, pixels, log-uniform.
        contrast: contrast of textures, log intensity, log-uniform.
        brightness: standard deviation of the mean log intensity of surfaces.
        half_field: half width and half height of the view at a depth of 1 m, metres.
        texel_m: size of a texel, metres, log-uniform, in place of texel_px; None: texel_px.
        size_m: half size of objects, metres, log-uniform, in place of size; None: size.
        height_m: height of the cameras over the floor, metres, uniform; objects stand on the
            floor. None: that of the surroundings, and objects float.
    """

    surroundings: dict[str, float] = field(default_factory=lambda: dict(INDOORS))
    far: tuple[float, float] = (1.5, 8.0)
    things: tuple[int, int] = (2, 12)
    mix: dict[str, float] = field(default_factory=lambda: dict(MIX))
    thing_depth: tuple[float, float] = (0.6, 6.0)
    spread: float = 1.1
    size: tuple[float, float] = (0.06, 0.4)
    moving: float = 0.15
    speed_px: tuple[float, float] = (8.0, 300.0)
    texel_px: tuple[float, float] = (1.0, 10.0)
    contrast: tuple[float, float] = (0.05, 0.9)
    brightness: float = 0.8
    half_field: tuple[float, float] = (0.87, 0.65)
    texel_m: tuple[float, float] | None = None
    size_m: tuple[float, float] | None = None
    height_m: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        for what, names, known in (
            ('surroundings', self.surroundings, SURROUNDINGS),
            ('mix', self.mix, MAKERS),
        ):
            if unknown := sorted(set(names) - set(known)):
                allowed = ', '.join(known)
                raise SettingsError(f"{what} names '{unknown[0]}', but allowed are {allowed}.")


def random_scene(
    ranges: SceneRanges, moving_share: float, textures: int, f: float, generator: Generator
) -> Scene:
    """Return surroundings with objects, for a first view from the origin along z.

    Args:
        ranges: ranges of the scene.
        moving_share: share of objects that move, instead of ranges.moving.
        textures: size of the texture bank.
        f: focal length in pixels.
        generator: random numbers.
    """
    (kind,) = kinds(ranges.surroundings, 1, generator)
    far = float(log_uniform(ranges.far, 1, generator))
    heights = {} if ranges.height_m is None else {'heights': ranges.height_m}
    parts = [SURROUNDINGS[kind](far, generator, **heights)]
    floor = None if ranges.height_m is None else float(parts[0][0].origin[FLOOR, 1])
    count = whole(ranges.things, generator)
    for name in kinds(ranges.mix, count, generator):
        shapes, depth = thing(name, ranges, moving_share, f, generator)
        parts.append((shapes if floor is None else standing(shapes, floor), depth))
    every, depths = (list(part) for part in zip(*parts, strict=True))
    return Scene(Shapes.join(every), paint(ranges, torch.cat(depths), textures, f, generator))


def thing(
    name: str, ranges: SceneRanges, moving_share: float, f: float, generator: Generator
) -> tuple[Shapes, Tensor]:
    """Return an object in the view, and the depths of its surfaces, metres.

    Args:
        name: kind of the object, a key of MAKERS.
        ranges, moving_share, f, generator: see random_scene.
    """
    depth = float(log_uniform(ranges.thing_depth, 1, generator))
    aside = uniform((-1, 1), 2, generator) * torch.tensor(ranges.half_field) * ranges.spread
    centre = depth * torch.cat([aside, torch.ones(1)])
    if ranges.size_m is None:
        half = depth * log_uniform(ranges.size, 3, generator)
    else:
        half = log_uniform(ranges.size_m, 3, generator)
    shapes = MAKERS[name](centre, half, depth / f, generator)
    if happens(moving_share, generator):
        direction = torch.randn(3, generator=generator) * torch.tensor([1.0, 0.3, 0.5])
        pixels = float(log_uniform(ranges.speed_px, 1, generator))
        velocity = pixels * depth / f * direction / direction.norm()
        rate = 2 * math.pi / number(SWAY_S, generator)
        shapes = moving(shapes, velocity, rate, number((0, 2 * math.pi), generator))
    return shapes, torch.full((len(shapes.origin),), depth)


def paint(
    ranges: SceneRanges, depth: Tensor, textures: int, f: float, generator: Generator
) -> Paint:
    """Return random looks of surfaces.

    Args:
        depth: float [p], depths of the surfaces, metres.
        ranges, textures, f, generator: see random_scene.
    """
    count = len(depth)
    if ranges.texel_m is None:
        texel, pixel = ranges.texel_px, depth / f
    else:
        texel, pixel = ranges.texel_m, torch.ones(())
    return Paint(
        texture=torch.randint(0, textures, (count,), generator=generator),
        texel=log_uniform(texel, count, generator) * pixel,
        offset=uniform((0, 256), count * 2, generator).reshape(-1, 2),
        contrast=log_uniform(ranges.contrast, count, generator),
        brightness=torch.randn(count, generator=generator) * ranges.brightness,
    )


def room(
    far: float, generator: Generator, heights: tuple[float, float] = (0.5, 1.7)
) -> tuple[Shapes, Tensor]:
    """Return front wall, floor, ceiling and side walls of a room, and their depths; metres.

    All surroundings have these arguments.

    Args:
        far: distance of the wall in front.
        generator: random numbers.
        heights: height of the cameras over the floor, uniform.
    """
    floor, ceiling = number(heights, generator), number((0.8, 3.8), generator)
    left, right = (uniform((0.7, 0.7 + 0.8 * far), 2, generator)).tolist()
    return enclosure(far, floor, ceiling, left, right, 0.6, generator)


def corridor(
    far: float, generator: Generator, heights: tuple[float, float] = (0.5, 1.7)
) -> tuple[Shapes, Tensor]:
    """Return a room that is much longer than wide; see room."""
    floor, ceiling = number(heights, generator), number((0.6, 1.8), generator)
    left, right = uniform((0.5, 1.6), 2, generator).tolist()
    return enclosure(1.5 * far, floor, ceiling, left, right, 0.15, generator)


def street(
    far: float, generator: Generator, heights: tuple[float, float] = (1.0, 2.2)
) -> tuple[Shapes, Tensor]:
    """Return ground, a facade on each side and one in front, without a ceiling; see room."""
    ground = number(heights, generator)
    left, right = log_uniform((3.0, 30.0), 2, generator).tolist()
    return enclosure(far, ground, ENDLESS, left, right, 0.2, generator)


def enclosure(
    front: float,
    floor: float,
    ceiling: float,
    left: float,
    right: float,
    yaw: float,
    generator: Generator,
) -> tuple[Shapes, Tensor]:
    """Return five large planes around the origin, and their typical depths in metres.

    Args:
        front, floor, ceiling, left, right: distances of the planes, metres.
        yaw: largest rotation of all planes about the vertical axis, radians.
        generator: random numbers.
    """
    origin = torch.tensor(
        [[0, 0, front], [0, floor, 0], [0, -ceiling, 0], [-left, 0, 0], [right, 0, 0]]
    )
    upright, flat, sideways = (torch.eye(3)[order] for order in ([0, 1, 2], [0, 2, 1], [2, 1, 0]))
    axes = torch.stack([upright, flat, flat, sideways, sideways])
    angle = torch.full((5,), number((-yaw, yaw), generator))
    sides = (min(0.6 * front, 4 * distance) for distance in (floor, ceiling, left, right))
    depth = torch.tensor([front, *sides])
    shapes = still(
        turned(origin[:, None], 1, angle)[:, 0],
        turned(axes, 1, angle),
        torch.full((5, 2), ENDLESS),
        torch.zeros(5) > 0,
    )
    return shapes, depth


SURROUNDINGS = {'room': room, 'corridor': corridor, 'street': street}
