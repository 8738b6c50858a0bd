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

"""Share of pixels with events around each place of the left camera's image.

The image is divided into cells of CELL x CELL pixels; the share of a cell is that of the pixels in
it and in the AROUND cells on each side of it, as far as they are in the image: 72 x 72 pixels away
from the border. Sums are of whole numbers, the same in any order.
"""

import math
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import left_event_pixels

Shares = npt.NDArray[np.float64]

CELL = 8  # pixels
AROUND = 4  # cells
_ONES = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).sum(1, dtype=np.uint8)


@cache
def reach(pixels: int) -> npt.NDArray[np.float32]:
    """Return ones where a cell's share counts a row or column, [cells, pixels]; else zeros.

    pixels: rows or columns of the image.
    """
    cell = np.arange(pixels) // CELL
    cells = np.arange(cell[-1] + 1)
    return (np.abs(cell - cells[:, None]) <= AROUND).astype(np.float32)


@cache
def areas(height: int, width: int) -> Shares:
    """Return the number of pixels that each cell's share counts, [rows, columns] of cells."""
    return np.outer(reach(height).sum(1), reach(width).sum(1)).astype(np.float64)


def event_shares(counts: npt.NDArray[np.uint8]) -> Shares:
    """Return the share of each cell, [rows, columns] of cells, of a frame [h, w, channels]."""
    side = 2 * AROUND + 1
    sums = cv2.boxFilter(
        _event_pixels(counts), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT
    )
    return np.asarray(sums / areas(*counts.shape[:2]))


def _event_pixels(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return the number of event pixels in each cell, [rows, columns] of cells.

    The eight pixels of a cell's row are the bits of one byte.
    """
    height = counts.shape[0]
    bits = np.packbits(left_event_pixels(counts), axis=1)
    sums = np.zeros((-(-height // CELL), CELL, bits.shape[1]), np.uint8)
    sums.reshape(-1, bits.shape[1])[:height] = cv2.LUT(bits, _ONES)
    return np.asarray(sums.sum(1, dtype=np.float32))


@cache
def cells_of(places: int, cells: int) -> npt.NDArray[np.int64]:
    """Return the cell of each row, or column, of a layer of an image that may be padded.

    Args:
        places: rows of the layer, each of 1, 2, 4 or 8 pixels; those of the padding belong to the
            last cell.
        cells: rows of cells.
    """
    at_least = math.ceil(CELL * cells / places)
    pixels = 1 << (at_least - 1).bit_length()
    return np.minimum(np.arange(places) * pixels // CELL, cells - 1)
