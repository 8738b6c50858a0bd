"""Procedural scenes: a textured room and textured flat objects in it."""

import math
from dataclasses import dataclass, field

import torch
from torch import Generator, Tensor

INFINITE = 1e3  # half size in metres of the room's surfaces


@dataclass(frozen=True)
class Surfaces:
    """Textured planes, the first index of every tensor.

    origin [p, 3] m; axes [p, 3, 3] unit vectors u, v and normal as rows; half_size [p, 2] m;
    round [p] bool (ellipse, else rectangle); velocity [p, 3] m/s; texture [p] int64 in the bank;
    texel [p] m; offset [p, 2] texels; contrast [p] and brightness [p] of log intensity.
    """

    origin: Tensor
    axes: Tensor
    half_size: Tensor
    round: Tensor
    velocity: Tensor
    texture: Tensor
    texel: Tensor
    offset: Tensor
    contrast: Tensor
    brightness: Tensor


@dataclass(frozen=True)
class SceneRanges:
    """What `random_scene` draws from; metres, radians and log intensity.

    objects: how many; object_depth: log-uniform; spread: how far objects lie from the first view's
    axis, as a share of its half field; size: half size as a share of depth; moving: share that
    moves by itself; room_depth: distance of the front wall, log-uniform.
    """

    objects: tuple[int, int] = (2, 12)
    object_depth: tuple[float, float] = (0.6, 6.0)
    spread: float = 1.2
    size: tuple[float, float] = (0.08, 0.45)
    moving: float = 0.15
    room_depth: tuple[float, float] = (1.5, 9.0)
    tilt: float = 0.9
    texel_px: tuple[float, float] = (0.7, 4.0)
    contrast: tuple[float, float] = (0.25, 0.9)
    brightness: float = 0.8
    half_field: tuple[float, float] = field(default=(0.87, 0.65))


def random_scene(ranges: SceneRanges, textures: int, f: float, generator: Generator) -> Surfaces:
    """Return a room of five surfaces and the objects in it, seen from the origin along z.

    Args:
        textures: size of the texture bank.
        f: focal length in pixels; texels are sized by what a pixel sees at the surface's depth,
            so that texture tells nothing about distance.
    """
    low, high = ranges.objects
    count = int(torch.randint(low, high + 1, (), generator=generator))
    depth = log_uniform(ranges.object_depth, count, generator)
    origin, axes = place_objects(ranges, depth, generator)
    room_depth = float(log_uniform(ranges.room_depth, 1, generator))
    wall_origin, wall_axes, wall_depth = room(room_depth, generator)
    depths = torch.cat([wall_depth, depth])
    planes = len(depths)
    half = log_uniform(ranges.size, count * 2, generator).reshape(-1, 2) * depth[:, None]
    moves = uniform((0, 1), count, generator) < ranges.moving
    speed = torch.randn(count, 3, generator=generator) * 0.5 * moves[:, None]
    still = torch.zeros(len(wall_depth), 3)
    return Surfaces(
        origin=torch.cat([wall_origin, origin]),
        axes=torch.cat([wall_axes, axes]),
        half_size=torch.cat([torch.full((len(wall_depth), 2), INFINITE), half]),
        round=torch.cat([still[:, 0] > 0, uniform((0, 1), count, generator) < 0.35]),
        velocity=torch.cat([still, speed]),
        texture=torch.randint(0, textures, (planes,), generator=generator),
        texel=log_uniform(ranges.texel_px, planes, generator) * depths / f,
        offset=uniform((0, 256), planes * 2, generator).reshape(-1, 2),
        contrast=uniform(ranges.contrast, planes, generator),
        brightness=torch.randn(planes, generator=generator) * ranges.brightness,
    )


def place_objects(
    ranges: SceneRanges, depth: Tensor, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Return the objects' origins and axes: within the view, tilted, turned."""
    count = len(depth)
    field_of_view = torch.tensor(ranges.half_field) * ranges.spread
    aside = uniform((-1, 1), count * 2, generator).reshape(-1, 2) * field_of_view * depth[:, None]
    angle = uniform((-1, 1), count * 3, generator).reshape(-1, 3)
    axes = turned(torch.eye(3).expand(count, 3, 3), 2, angle[:, 0] * math.pi)
    axes = turned(turned(axes, 0, angle[:, 1] * ranges.tilt), 1, angle[:, 2] * ranges.tilt)
    return torch.cat([aside, depth[:, None]], 1), axes


def room(depth: float, generator: Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Return front wall, floor, ceiling, left and right wall: origins, axes, typical depths."""
    draw = uniform((0, 1), 5, generator).tolist()
    floor, ceiling = 0.5 + 1.2 * draw[0], 0.8 + 3 * draw[1]
    left, right = (0.7 + 0.8 * depth * one for one in draw[2:4])
    origin = torch.tensor(
        [[0, 0, depth], [0, floor, 0], [0, -ceiling, 0], [-left, 0, 0], [right, 0, 0]]
    )
    upright, flat, sideways = (torch.eye(3)[order] for order in ([0, 1, 2], [0, 2, 1], [2, 1, 0]))
    axes = torch.stack([upright, flat, flat, sideways, sideways])
    yaw = torch.full((5,), 1.2 * (draw[4] - 0.5))
    typical = torch.tensor([depth, *(0.6 * depth for _ in range(4))])
    return turned(origin[:, None], 1, yaw)[:, 0], turned(axes, 1, yaw), typical


def turned(vectors: Tensor, axis: int, angle: Tensor) -> Tensor:
    """Rotate row vectors [n, m, 3] about coordinate `axis` by `angle` [n] radians."""
    rotation = torch.zeros(len(angle), 3, 3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    rotation[:, axis, axis] = 1
    rotation[:, first, first] = rotation[:, second, second] = torch.cos(angle)
    rotation[:, first, second] = torch.sin(angle)
    rotation[:, second, first] = -torch.sin(angle)
    return vectors @ rotation


def uniform(bounds: tuple[float, float], count: int, generator: Generator) -> Tensor:
    """Return `count` numbers, uniform in the bounds."""
    low, high = bounds
    return low + (high - low) * torch.rand(count, generator=generator)


def log_uniform(bounds: tuple[float, float], count: int, generator: Generator) -> Tensor:
    """Return `count` positive numbers whose logarithms are uniform in the bounds'."""
    low, high = (math.log(bound) for bound in bounds)
    return torch.exp(uniform((low, high), count, generator))
