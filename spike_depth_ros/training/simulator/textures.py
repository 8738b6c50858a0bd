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

"""Bank of random surface textures."""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

SIDE = 256  # texels; a power of two: a bit mask then repeats the texture


def texture_bank(count: int, generator: Generator) -> Tensor:
    """Return textures, float [count, SIDE, SIDE]: log reflectance of mean 0 and deviation 1.

    The kinds take turns: smooth noise, blocky noise, boxes, two tones, stripes, repeats.
    """
    makers = (smooth_noise, blocky_noise, boxes, print_like, stripes, repeats)
    textures = [makers[number % len(makers)](generator) for number in range(count)]
    bank = torch.stack(textures)
    bank -= bank.mean((1, 2), keepdim=True)
    return bank / bank.std((1, 2), keepdim=True).clamp(min=1e-3)


def smooth_noise(generator: Generator) -> Tensor:
    """Return smooth noise of random roughness, [SIDE, SIDE]."""
    return octaves('bicubic', generator)


def blocky_noise(generator: Generator) -> Tensor:
    """Return blocky noise of random roughness, [SIDE, SIDE]."""
    return octaves('nearest', generator)


def boxes(generator: Generator) -> Tensor:
    """Return smooth noise under up to 60 uniform rectangles, [SIDE, SIDE]."""
    texture = 0.3 * smooth_noise(generator)
    count = int(torch.randint(10, 60, (), generator=generator))
    corners = torch.randint(0, SIDE, (count, 2), generator=generator).tolist()
    sizes = torch.randint(4, 70, (count, 2), generator=generator).tolist()
    tones = (2 * torch.randn(count, generator=generator)).tolist()
    for (top, left), (height, width), tone in zip(corners, sizes, tones, strict=True):
        texture[top : top + height, left : left + width] = tone
    return texture


def print_like(generator: Generator) -> Tensor:
    """Return two tones, split at the sign changes of smooth noise, [SIDE, SIDE]."""
    return torch.sign(smooth_noise(generator)) + 0.1 * smooth_noise(generator)


def stripes(generator: Generator) -> Tensor:
    """Return bars of equal width at a random angle with a little noise, [SIDE, SIDE].

    A whole number of bars fits in each direction: they continue where the texture repeats.
    """
    bars = torch.randint(-24, 25, (2,), generator=generator)
    bars[0] += 25 * (bars == 0).all()
    place = torch.arange(SIDE) / SIDE
    wave = torch.sin(2 * math.pi * (bars[0] * place + bars[1] * place[:, None]))
    sharpness = 1 + 9 * float(torch.rand((), generator=generator))
    return torch.tanh(sharpness * wave) + 0.1 * smooth_noise(generator)


def repeats(generator: Generator) -> Tensor:
    """Return a small patch of noise, repeated as on wallpaper or tiles, [SIDE, SIDE]."""
    side = 2 ** int(torch.randint(3, 7, (), generator=generator))
    times = SIDE // side
    return smooth_noise(generator)[:side, :side].repeat(times, times)


def octaves(mode: str, generator: Generator) -> Tensor:
    """Return the sum of random grids of 2 to SIDE cells a side, [SIDE, SIDE].

    The amplitude of a grid is a random power of its size. mode: interpolation of torch.
    """
    roughness = 0.2 + 0.8 * float(torch.rand((), generator=generator))
    texture = torch.zeros(1, 1, SIDE, SIDE)
    for level in range(1, int(math.log2(SIDE)) + 1):
        grid = torch.randn(1, 1, 2**level, 2**level, generator=generator)
        texture += 2 ** (-roughness * level) * functional.interpolate(
            grid, (SIDE, SIDE), mode=mode
        )
    return texture[0, 0]
