"""Log intensity and depth of a scene by intersecting every pixel's ray with every plane."""

import torch
from torch import Tensor
from torch.nn import functional

from spike_depth_ros.training.simulator.scene import Surfaces
from spike_depth_ros.training.simulator.textures import SIDE

NEAREST_M = 0.5  # surfaces nearer than this are not seen: the rig would have touched them
CACHED_RAYS = 8192  # rendered at once: what fits a core's cache is twice as fast


def homographies(scene: Surfaces, centre: Tensor, rotation: Tensor, t: Tensor) -> Tensor:
    """Return what makes surface coordinates and inverse depth linear in the pixel's ray.

    With the ray r = (x/z, y/z, 1), the rows of a surface give  u/z, v/z  (metres along its axes,
    times inverse depth) and  1/z  as dot products with r.

    Args:
        centre: [n, 3] camera centres; rotation: [n, 3, 3] camera to world; t: [n] seconds.

    Returns:
        float [n, 3, p, 3]: the three forms, the surfaces, the ray's components.
    """
    towards = scene.origin + t[:, None, None] * scene.velocity - centre[:, None]  # [n, p, 3]
    axes = torch.einsum('pak,nkc->npac', scene.axes, rotation)  # in camera coordinates
    along = torch.einsum('pak,npk->npa', scene.axes, towards)
    inverse = axes[:, :, 2] / along[:, :, 2:]
    surface = axes[:, :, :2] - along[:, :, :2, None] * inverse[:, :, None]
    return torch.cat([surface, inverse[:, :, None]], 2).transpose(1, 2)


def render(scene: Surfaces, bank: Tensor, forms: Tensor, rays: Tensor) -> tuple[Tensor, Tensor]:
    """Render views of a scene.

    Args:
        bank: textures [k, SIDE, SIDE].
        forms: `homographies` of the views, [n, 3, p, 3].
        rays: [3, pixels].

    Returns:
        log intensity and inverse depth (1/m), both float [n, pixels].
    """
    parts = [render_part(scene, bank, forms, part) for part in rays.split(CACHED_RAYS, dim=1)]
    log_intensity, inverse_depth = zip(*parts, strict=True)
    return torch.cat(log_intensity, 1), torch.cat(inverse_depth, 1)


def render_part(
    scene: Surfaces, bank: Tensor, forms: Tensor, rays: Tensor
) -> tuple[Tensor, Tensor]:
    """Render some of the rays: as `render`, without its care for the processor's cache."""
    u, v, inverse = (forms @ rays).unbind(1)  # each [n, p, pixels]
    half_u, half_v = scene.half_size[:, 0, None], scene.half_size[:, 1, None]
    reach_u, reach_v = (u / half_u).abs_(), (v / half_v).abs_()
    reach = torch.where(scene.round[:, None], torch.hypot(reach_u, reach_v), reach_u.max(reach_v))
    seen = (reach < inverse) & (inverse < 1 / NEAREST_M)
    nearest, winner = (inverse * seen).max(1, keepdim=True)
    nearest.clamp_(min=1e-3)
    u, v = u.gather(1, winner) / nearest, v.gather(1, winner) / nearest
    return shade(scene, bank, u[:, 0], v[:, 0], winner[:, 0]), nearest[:, 0]


def shade(scene: Surfaces, bank: Tensor, u: Tensor, v: Tensor, surface: Tensor) -> Tensor:
    """Return the log intensity of surface points: texture, bilinear and repeated."""
    texel = scene.texel[surface]
    x, y = u / texel + scene.offset[surface, 0], v / texel + scene.offset[surface, 1]
    left, top = x.floor(), y.floor()
    right_share, lower_share = x - left, y - top
    base = scene.texture[surface] * SIDE**2
    columns = [(left.long() + step) & (SIDE - 1) for step in (0, 1)]
    rows = [base + ((top.long() + step) & (SIDE - 1)) * SIDE for step in (0, 1)]
    flat = bank.reshape(-1)
    upper = torch.lerp(flat[rows[0] + columns[0]], flat[rows[0] + columns[1]], right_share)
    lower = torch.lerp(flat[rows[1] + columns[0]], flat[rows[1] + columns[1]], right_share)
    texture = torch.lerp(upper, lower, lower_share)
    return texture * scene.contrast[surface] + scene.brightness[surface]


def blur(log_intensity: Tensor) -> Tensor:
    """Blur images [n, h, w] optically, by 1-2-1 both ways in linear intensity."""
    intensity = torch.exp(log_intensity)[:, None]
    row = torch.tensor([0.25, 0.5, 0.25])
    padded = functional.pad(intensity, (1, 1, 1, 1), mode='replicate')
    kernel = (row[:, None] * row)[None, None]
    return torch.log(functional.conv2d(padded, kernel)[:, 0])
