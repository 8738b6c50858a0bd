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

"""Renderer: log intensity and depth of a scene, by intersecting rays with planes."""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from spike_depth_ros.geometry.camera import PinholeCamera
from spike_depth_ros.training.simulator.surfaces import Paint, Scene, Shapes
from spike_depth_ros.training.simulator.textures import SIDE

NEAREST_M = 0.3  # nearer surfaces are invisible: the rig would touch them
FARTHEST = 1e-3  # inverse depth of pixels without a surface, 1/m
TILE = 36  # side of a tile in pixels: few surfaces reach into it, and it fits into caches

Tile = tuple[slice, slice, slice]


def pixel_rays(camera: PinholeCamera) -> Tensor:
    """Return the ray (x/z, y/z, 1) of each pixel, float32 [3, h, w]."""
    x = (torch.arange(camera.width) - camera.cx) / camera.f
    y = (torch.arange(camera.height) - camera.cy) / camera.f
    grid_y, grid_x = torch.meshgrid(y, x, indexing='ij')
    return torch.stack([grid_x, grid_y, torch.ones_like(grid_x)])


def homographies(shapes: Shapes, centre: Tensor, rotation: Tensor, t: Tensor) -> Tensor:
    """Return the linear forms from a ray to surface coordinates and inverse depth.

    For the ray r = (x/z, y/z, 1), the dot products of r with the forms of a surface are u/z, v/z
    (coordinates along its axes in metres, times inverse depth) and 1/z.

    Args:
        shapes: p surfaces.
        centre: float [n, 3], centres of the cameras, metres.
        rotation: float [n, 3, 3], rotation from camera to world.
        t: float [n], times, seconds.

    Returns:
        float [n, 3, p, 3]: views, forms, surfaces, components of the ray.
    """
    towards = shapes.place(t) - centre[:, None]  # [n, p, 3]
    axes = torch.einsum('pak,nkc->npac', shapes.axes, rotation)  # in camera coordinates
    along = torch.einsum('pak,npk->npa', shapes.axes, towards)
    inverse = axes[:, :, 2] / along[:, :, 2:]
    surface = axes[:, :, :2] - along[:, :, :2, None] * inverse[:, :, None]
    return torch.cat([surface, inverse[:, :, None]], 2).transpose(1, 2)


def render(scene: Scene, bank: Tensor, forms: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """Render views of a scene.

    Args:
        scene: surfaces and their looks.
        bank: textures, float [k, SIDE, SIDE].
        forms: `homographies` of the views, float [n, 3, p, 3].
        rays: rays of the pixels, float [3, h, w]; see pixel_rays.

    Returns:
        log intensity and inverse depth (1/m), both float [n, h, w].
    """
    log_intensity = rays.new_empty(len(forms), *rays.shape[1:])
    inverse_depth = torch.empty_like(log_intensity)
    for tile in tiles(rays):
        log_intensity[tile], inverse_depth[tile] = render_tile(scene, bank, forms, rays[tile])
    return log_intensity, inverse_depth


def visible_surfaces(shapes: Shapes, forms: Tensor, rays: Tensor) -> Tensor:
    """Return the number of the surface that each pixel sees, int64 [n, h, w]; -1 for none.

    Args:
        shapes: p surfaces.
        forms, rays: see render.
    """
    surface = torch.empty((len(forms), *rays.shape[1:]), dtype=torch.int64, device=rays.device)
    for tile in tiles(rays):
        hits = nearest_hits(shapes, forms, rays[tile].flatten(1))
        numbers = torch.where(hits.inverse > 0, hits.surface, -1)
        surface[tile] = numbers.reshape(surface[tile].shape)
    return surface


def tiles(rays: Tensor) -> Iterator[Tile]:
    """Yield the slices of tiles that cover the image of rays, float [3, h, w]."""
    side = TILE if rays.device.type == 'cpu' else max(rays.shape)
    for top in range(0, rays.shape[1], side):
        for left in range(0, rays.shape[2], side):
            yield (slice(None), slice(top, top + side), slice(left, left + side))


def render_tile(scene: Scene, bank: Tensor, forms: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """Render a part of the views with the surfaces that reach into it; see render."""
    size = (-1, *rays.shape[1:])
    hits = nearest_hits(scene.shapes, forms, rays.flatten(1))
    nearest = hits.inverse.clamp(min=FARTHEST)
    shown = shade(scene.paint, bank, hits.u / nearest, hits.v / nearest, hits.surface)
    return shown.reshape(size), nearest.reshape(size)


class Hits(NamedTuple):
    """Nearest surface points along rays.

    Args:
        u, v: float [n, pixels], coordinates on the surface times inverse depth.
        inverse: float [n, pixels], inverse depth, 1/m; 0 for rays that meet no surface.
        surface: int64 [n, pixels], number of the surface; any for rays that meet none.
    """

    u: Tensor
    v: Tensor
    inverse: Tensor
    surface: Tensor


def nearest_hits(shapes: Shapes, forms: Tensor, rays: Tensor) -> Hits:
    """Return the nearest surface points along rays.

    Args:
        shapes: p surfaces.
        forms: see render.
        rays: float [3, pixels].
    """
    near = within_reach(shapes, forms, rays)
    half_size, is_round = shapes.half_size[near], shapes.round[near]
    u, v, inverse = (forms[:, :, near] @ rays).unbind(1)  # each [n, p, pixels]
    reach_u, reach_v = (u / half_size[:, 0, None]).abs_(), (v / half_size[:, 1, None]).abs_()
    reach = reach_u.max(reach_v)
    reach[:, is_round] = torch.hypot(reach_u[:, is_round], reach_v[:, is_round])
    seen = (reach < inverse) & (inverse < 1 / NEAREST_M)
    nearest, winner = (inverse * seen).max(1, keepdim=True)
    u, v = u.gather(1, winner)[:, 0], v.gather(1, winner)[:, 0]
    return Hits(u, v, nearest[:, 0], near[winner[:, 0]])


def within_reach(shapes: Shapes, forms: Tensor, rays: Tensor) -> Tensor:
    """Return the numbers of the surfaces that may be visible along rays, int64 [k].

    A point is on a surface if |u| and |v| are below its half sizes, and in front of the camera if
    its inverse depth is positive. These five conditions are linear in the ray: one that fails at
    all corners of the rays' bounding rectangle fails everywhere in it.

    Args:
        shapes: p surfaces.
        forms: see render.
        rays: float [3, pixels].
    """
    (left, top, _), (right, bottom, _) = rays.amin(1).tolist(), rays.amax(1).tolist()
    corners = rays.new_tensor([[left, right, left, right], [top, top, bottom, bottom], [1.0] * 4])
    u, v, inverse = (forms @ corners).unbind(1)  # each [n, p, 4]
    reach_u, reach_v = (half[:, None] * inverse for half in shapes.half_size.T)
    forms = torch.stack([reach_u - u, reach_u + u, reach_v - v, reach_v + v, inverse])
    missed = (forms < 0).all(-1).any(0)
    reached = (~missed).any(0)
    reached[0] = True  # the look-up of the texture needs at least one
    return reached.nonzero()[:, 0]


def shade(paint: Paint, bank: Tensor, u: Tensor, v: Tensor, surface: Tensor) -> Tensor:
    """Return the log intensity of surface points.

    The texture is repeated, and interpolated bilinearly.

    Args:
        paint: looks of the surfaces.
        bank: textures, float [k, SIDE, SIDE].
        u, v: float [n, pixels], coordinates on the surface, metres.
        surface: int64 [n, pixels], number of the surface.
    """
    texel = paint.texel[surface]
    x, y = u / texel + paint.offset[surface, 0], v / texel + paint.offset[surface, 1]
    left, top = x.floor(), y.floor()
    right_share, lower_share = x - left, y - top
    base = paint.texture[surface] * SIDE**2
    columns = [(left.long() + step) & (SIDE - 1) for step in (0, 1)]
    rows = [base + ((top.long() + step) & (SIDE - 1)) * SIDE for step in (0, 1)]
    flat = bank.reshape(-1)
    upper = torch.lerp(flat[rows[0] + columns[0]], flat[rows[0] + columns[1]], right_share)
    lower = torch.lerp(flat[rows[1] + columns[0]], flat[rows[1] + columns[1]], right_share)
    texture = torch.lerp(upper, lower, lower_share)
    return texture * paint.contrast[surface] + paint.brightness[surface]


def blur(log_intensity: Tensor) -> Tensor:
    """Blur log intensity [n, h, w] as optics do: by 1-2-1 in both directions of intensity."""
    wide = functional.pad(torch.exp(log_intensity)[:, None], (1, 1, 1, 1), mode='replicate')[:, 0]
    rows = wide[:, :-2] + 2 * wide[:, 1:-1] + wide[:, 2:]
    return torch.log((rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 16)
