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

"""The table from raw pixels to places in a histogram, in which decoders count."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import inlined
from spike_depth_ros.frames.spike_frame import OFF, ON, camera_channels
from spike_depth_ros.geometry.pixel_table import UNMAPPED


class Lookup(NamedTuple):
    """Tell where raw pixels count, in a table small enough for a core's cache.

    bases: int32 [raw_height + 1]; offsets: unsigned [raw_height + 1, raw_width + 1]: the OFF count
    of a raw pixel is at bases[y] + step * offsets[y, x], its ON count one before. An offset of
    `unmapped` has no place, and unmapped + 1 is outside: the last row and column, to which
    addresses that are not on the sensor are clipped, have that.
    """

    bases: npt.NDArray[np.int32]
    offsets: npt.NDArray[Any]
    step: int
    unmapped: int


def new_lookup(index: npt.NDArray[np.int32], camera: int, channels: int) -> Lookup:
    """Return the table for one camera of a frame of so many channels.

    index: int32 [raw_height, raw_width], row-major network pixel of each raw pixel, or UNMAPPED.
    """
    height, width = index.shape
    is_mapped = index != UNMAPPED
    first = index.min(1, where=is_mapped, initial=np.iinfo(np.int32).max)
    first = np.where(is_mapped.any(1), first, 0)
    relative = index - first[:, None]
    fits = not is_mapped.any() or relative[is_mapped].max() < np.iinfo(np.uint16).max - 1
    kind = np.uint16 if fits else np.uint32
    unmapped = int(np.iinfo(kind).max) - 1
    offsets = np.full((height + 1, width + 1), unmapped + 1, kind)
    offsets[:-1, :-1] = np.where(is_mapped, relative, unmapped)
    off = camera_channels(camera).start + OFF
    bases = np.append(first * channels + off, 0).astype(np.int32)
    return Lookup(bases, offsets, channels, unmapped)


@inlined
def find_place(lookup: Any, x: Any, y: Any, polarity: Any) -> Any:
    """Return an event's place, int64; negative: -1 for an unmapped pixel, -2 for outside.

    x, y: int64, at least 0; polarity: 1 ON, 0 OFF.
    """
    row = np.uint64(min(y, lookup.offsets.shape[0] - 1))
    offset = np.int64(lookup.offsets[row, np.uint64(min(x, lookup.offsets.shape[1] - 1))])
    if offset >= lookup.unmapped:
        return lookup.unmapped - offset - 1
    return lookup.bases[row] + lookup.step * offset - (OFF - ON) * polarity
