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

"""Rules for batches of images, skip connections and concatenation."""

import operator
from dataclasses import replace
from itertools import accumulate, pairwise
from types import EllipsisType
from typing import Any

import torch
from torch.nn import functional

from spike_depth_ros.training.export.maps import Image, Spikes, spikes
from spike_depth_ros.training.export.rules import function_rule, lower
from spike_depth_ros.training.export.writer import Writer
from spike_depth_ros.training.networks.phase import PhasesToPixels
from spike_depth_ros.training.settings import SettingsError

IMAGES, CHANNELS = 0, 1  # axes


@function_rule(torch.cat)
def _concatenate(writer: Writer, parts: list[Spikes], dim: int = IMAGES) -> Spikes:
    if dim == IMAGES:
        return Spikes(tuple(image for part in parts for image in part.images))
    if dim != CHANNELS:
        raise SettingsError(f'torch.cat along axis {dim} has no rule for export: use 0 or 1.')
    batches = zip(*(part.images for part in parts), strict=True)
    return Spikes(tuple(writer.joined(images) for images in batches))


@function_rule(operator.add, torch.add, 'add')
def _add(writer: Writer, first: Spikes | None, second: Spikes | None) -> Spikes | None:
    """Add two layers; None stands for one that never fires."""
    if first is None or second is None:
        return second if first is None else first
    images = {len(each.images) for each in (first, second)}
    if len(images) != 1:
        raise SettingsError('a sum of batches of different size has no rule for export.')
    return spikes(writer.add(writer.whole(first), writer.whole(second)), images.pop())


@lower.register
def _pixels(layer: PhasesToPixels, writer: Writer, source: Spikes) -> Spikes:
    """Return a map whose channels are pixels: the phase layout of a finer one."""
    if len(source.images) > 1:
        raise SettingsError(
            'the channels of a batch of images have no rule to become pixels: use one image.'
        )
    map = writer.plain(writer.whole(source))
    if map.channels % 4:
        raise SettingsError(
            f'{map.channels} channels become no 2 x 2 pixels: use a multiple of 4.'
        )
    return spikes(
        map._replace(
            channels=map.channels // 4,
            height=2 * map.height,
            width=2 * map.width,
            in_phases=True,
        )
    )


@function_rule(torch.chunk, 'chunk')
def _chunk(writer: Writer, source: Spikes, chunks: int, dim: int = IMAGES) -> list[Spikes]:
    size = -(-_length(source, dim) // chunks)
    return _split(writer, source, size, dim)


@function_rule(torch.split, 'split')
def _split(
    writer: Writer, source: Spikes, sizes: int | list[int], dim: int = IMAGES
) -> list[Spikes]:
    length = _length(source, dim)
    if isinstance(sizes, int):
        ends = [*range(0, length, sizes), length]
    else:
        ends = [0, *accumulate(sizes)]
    return [_part(source, dim, *pair) for pair in pairwise(ends)]


@function_rule(operator.getitem)
def _item(
    writer: Writer,
    source: Any,
    index: Any,  # int, or a slice of columns
) -> Any:
    if isinstance(source, (dict, list)) or type(source) is tuple:
        return source[index]
    match index if isinstance(source, Spikes) else None:
        case (EllipsisType(), slice(start=None, stop=int(stop), step=None)) if stop < 0:
            return Spikes(tuple(_without_last(image, -stop) for image in source.images))
    raise SettingsError(f'the slice {index} has no rule for export: use chunk or split.')


@function_rule(functional.pad)
def _pad(
    writer: Writer,
    source: Spikes,
    pad: tuple[int, ...],
    mode: str = 'constant',
    value: float | None = None,
) -> Spikes:
    with_zeros = mode == 'constant' and not value
    missing = any(image.missing for image in source.images)
    if len(pad) != 2 or min(pad) < 0 or missing or not with_zeros:
        raise SettingsError(
            f'padding by {pad} has no rule for export: use (left, right), of zeros.'
        )
    left, right = pad
    return Spikes(
        tuple(
            Image(image.map, image.channels, image.shift + left, image.beyond + right)
            for image in source.images
        )
    )


def _length(source: Spikes, dim: int) -> int:
    if dim not in (IMAGES, CHANNELS):
        raise SettingsError(f'a split along axis {dim} has no rule for export: use 0 or 1.')
    return len(source.images if dim == IMAGES else source.images[0].channels)


def _part(source: Spikes, dim: int, start: int, end: int) -> Spikes:
    if dim == IMAGES:
        return Spikes(source.images[start:end])
    return Spikes(
        tuple(replace(image, channels=image.channels[start:end]) for image in source.images)
    )


def _without_last(image: Image, columns: int) -> Image:
    if columns > image.missing:
        raise SettingsError('a slice that drops columns of a map has no rule for export.')
    return replace(image, missing=image.missing - columns)
