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

"""The table from raw pixels of a camera to pixels of the network's image."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.lookup import NOWHERE


@dataclass(frozen=True, eq=False)
class PixelTable:
    """Map raw pixels to network pixels in one look-up.

    index: int32 [raw_height, raw_width], row-major network pixel of each raw pixel, or NOWHERE.
    mapped: bool [height, width], True where a raw pixel lands or the pixel's centre
    looks at the sensor; so a small sensor scaled up leaves no grid of unmapped pixels.
    """

    index: npt.NDArray[np.int32]
    mapped: npt.NDArray[np.bool_]

    @cached_property
    def median_raw_pixels(self) -> float:
        """Return how many raw pixels fall on a mapped network pixel: the median, 0 if none is."""
        landed = np.bincount(self.index[self.index != NOWHERE], minlength=self.mapped.size)
        counts = landed[self.mapped.reshape(-1)]
        return float(np.median(counts)) if counts.size else 0.0

    @cached_property
    def covered(self) -> float:
        """Return the share of the network's pixels that are mapped, 0 to 1."""
        return float(self.mapped.mean())

    @cached_property
    def unmapped(self) -> float:
        """Return the share of the raw pixels that land nowhere, 0 to 1."""
        return float((self.index == NOWHERE).mean())


def resize_table(raw_width: int, raw_height: int, width: int, height: int) -> PixelTable:
    """Fit a sensor of raw_width x raw_height pixels into width x height, centred and whole.

    One scale for both directions keeps pixels square; equal sizes give the identity.
    """
    scale = min(width / raw_width, height / raw_height)
    column = _places(raw_width, width, scale)
    row = _places(raw_height, height, scale)
    index = np.where(_both(row, column), row[:, None] * width + column, NOWHERE).astype(np.int32)
    mapped = _both(_places(height, raw_height, 1 / scale), _places(width, raw_width, 1 / scale))
    mapped.reshape(-1)[index[index != NOWHERE]] = True
    return PixelTable(index, mapped)


def _places(size: int, target_size: int, scale: float) -> npt.NDArray[np.int64]:
    """Return the target pixel under each pixel centre of a scaled axis, or -1: int64 [size]."""
    places = np.floor((np.arange(size) + 0.5 - size / 2) * scale + target_size / 2)
    return np.where((places >= 0) & (places < target_size), places, -1).astype(np.int64)


def _both(row: npt.NDArray[np.int64], column: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Return where both axes have a place: bool [rows, columns]."""
    return (row >= 0)[:, None] & (column >= 0)
