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

"""Pixel table: raw pixels of a camera to pixels of the spike frame."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.geometry.camera import Camera, PinholeCamera

UNMAPPED = -1
# Rows that are mapped at once: their coordinates fit into a processor's cache.
BAND = 32


@dataclass(frozen=True, eq=False)
class PixelTable:
    """Map from raw pixels to pixels of the spike frame.

    Args:
        index: int32 [raw_height, raw_width], row-major pixel of the spike frame for each raw
            pixel, or UNMAPPED.
        mapped: bool [height, width], True for a pixel of the spike frame to which a raw pixel is
            mapped, or whose centre looks at the sensor; without the latter a small sensor that is
            scaled up would leave a grid of unmapped pixels.
    """

    index: npt.NDArray[np.int32]
    mapped: npt.NDArray[np.bool_]

    @cached_property
    def median_raw_pixels(self) -> float:
        """Return the median number of raw pixels on a mapped pixel, 0 if none is mapped."""
        hits = np.bincount(self.index[self.index != UNMAPPED], minlength=self.mapped.size)
        counts = hits[self.mapped.reshape(-1)]
        return float(np.median(counts)) if counts.size else 0.0

    @cached_property
    def covered(self) -> float:
        """Return the share of the spike frame's pixels that are mapped, 0 to 1."""
        return float(self.mapped.mean())

    @cached_property
    def unmapped(self) -> float:
        """Return the share of the raw pixels that are unmapped, 0 to 1."""
        return float((self.index == UNMAPPED).mean())


def pixel_table(raw: Camera, frame: Camera) -> PixelTable:
    """Return the pixel table from a raw camera to the camera of the spike frame.

    Undistortion, rectification, cropping and scaling are in the cameras' maps between pixels and
    rays; every pixel table is made here.

    Args:
        raw: camera of the raw pixels; its rays are in the frame of the other camera.
        frame: camera of the spike frame.
    """
    index = nearest_pixels(frame, raw)
    mapped = nearest_pixels(raw, frame) != UNMAPPED
    mapped.reshape(-1)[index[index != UNMAPPED]] = True
    return PixelTable(index, mapped)


def nearest_pixels(target: Camera, source: Camera) -> npt.NDArray[np.int32]:
    """Return the pixel of one camera that each pixel of another camera sees.

    Args:
        target: camera whose pixels are looked up.
        source: camera whose pixels look.

    Returns:
        int32 [source.height, source.width], row-major pixel of the target, or UNMAPPED.
    """
    index = np.empty((source.height, source.width), np.int32)
    if isinstance(target, PinholeCamera) and isinstance(source, PinholeCamera):
        # Columns follow from columns alone, and rows from rows.
        x, _ = _seen(target, source, np.arange(source.width), np.zeros(source.width))
        _, y = _seen(target, source, np.zeros(source.height), np.arange(source.height))
        columns = x.clip(-1, target.width).astype(np.int32)
        rows = y.clip(-1, target.height).astype(np.int32)
        np.add(columns, rows[:, np.newaxis] * target.width, out=index)
        index[:, (columns < 0) | (columns == target.width)] = UNMAPPED
        index[(rows < 0) | (rows == target.height)] = UNMAPPED
        return index
    for top in range(0, source.height, BAND):
        band = index[top : top + BAND]
        y, x = np.indices(band.shape, np.float64).reshape(2, -1)
        x, y = _seen(target, source, x, y + top)
        inside = (x >= 0) & (x < target.width) & (y >= 0) & (y < target.height)
        band[:] = np.where(inside, y * target.width + x, UNMAPPED).reshape(band.shape)
    return index


def _seen(
    target: Camera, source: Camera, x: npt.NDArray[Any], y: npt.NDArray[Any]
) -> npt.NDArray[np.float64]:
    """Return column and row, float64 [2, n], of the target's pixels that source pixels see."""
    pixels = target.to_pixels(source.to_rays(np.stack([x, y]).T.astype(np.float64)))
    return np.floor(pixels.T + 0.5)


def resize_table(raw_width: int, raw_height: int, width: int, height: int) -> PixelTable:
    """Return the pixel table that fits a sensor without a calibration into a spike frame.

    The sensor is centred and whole; one scale for both directions keeps pixels square. Equal sizes
    give the identity.

    Args:
        raw_width, raw_height: size of the sensor in pixels.
        width, height: size of the spike frame in pixels.
    """
    scale = min(width / raw_width, height / raw_height)
    return pixel_table(_centred(raw_width, raw_height, 1.0), _centred(width, height, scale))


def _centred(width: int, height: int, f: float) -> PinholeCamera:
    return PinholeCamera(width, height, f, (width - 1) / 2, (height - 1) / 2)
