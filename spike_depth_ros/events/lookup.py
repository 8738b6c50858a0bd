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

"""Look-up table from raw pixels to indices of a histogram, for compiled decoders."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import inlined
from spike_depth_ros.frames.spike_frame import OFF, ON, camera_channels
from spike_depth_ros.geometry.pixel_table import UNMAPPED

OUTSIDE = -2  # place of an event outside the sensor; UNMAPPED is that of an unmapped pixel


class Lookup(NamedTuple):
    """Histogram indices of raw pixels, small enough for a core's cache.

    The OFF count of raw pixel (x, y) is at bases[y] + step * offsets[y, x], its ON count at the
    index before. An offset of `unmapped` means no place. An offset of unmapped + 1 means outside
    the sensor: the last row and column, to which find_place clips addresses, have it.

    Attributes:
        bases: int32 [raw_height + 1].
        offsets: uint16 or uint32 [raw_height + 1, raw_width + 1].
        step: channels of the frame.
        unmapped: offset of unmapped pixels.
    """

    bases: npt.NDArray[np.int32]
    offsets: npt.NDArray[Any]
    step: int
    unmapped: int


def new_lookup(index: npt.NDArray[np.int32], camera: int, channels: int) -> Lookup:
    """Return the look-up table of one camera.

    Args:
        index: int32 [raw_height, raw_width], row-major network pixel of each raw pixel, or
            UNMAPPED.
        camera: 0 (left) or 1 (right).
        channels: channels of the spike frame.
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
    off_channel = camera_channels(camera).start + OFF
    bases = np.append(first * channels + off_channel, 0).astype(np.int32)
    return Lookup(bases, offsets, channels, unmapped)


@inlined
def find_place(lookup: Any, x: Any, y: Any, polarity: Any) -> Any:
    """Return the histogram index of an event, or UNMAPPED or OUTSIDE; int64.

    Args:
        lookup: Lookup.
        x: column, int64, at least 0.
        y: row, int64, at least 0.
        polarity: 1 ON, 0 OFF.
    """
    row = np.uint64(min(y, lookup.offsets.shape[0] - 1))
    offset = np.int64(lookup.offsets[row, np.uint64(min(x, lookup.offsets.shape[1] - 1))])
    if offset >= lookup.unmapped:
        return UNMAPPED + lookup.unmapped - offset
    return lookup.bases[row] + lookup.step * offset - (OFF - ON) * polarity
