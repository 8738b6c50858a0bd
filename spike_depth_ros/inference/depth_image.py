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

"""Depth images from the network's depth (REP 117, REP 118).

NaN means no depth, +Inf means beyond the range. -Inf and 0.0, which REP 117 has for "too near",
are avoided: depth_image_proc and compressedDepth mistake them for depth.
"""

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.inference.confidence import is_under

Depth = npt.NDArray[np.float32]

_LARGEST_MM = 65535


def to_metres(
    depth: Depth,
    mapped: npt.NDArray[np.bool_],
    depth_min_m: float,
    depth_max_m: float,
    scale: float,
    confidence: npt.NDArray[np.float32] | None = None,
    min_confidence: float = 0.0,
) -> Depth:
    """Return a 32FC1 depth image, float32 [h, w], metres along z.

    NaN where no sensor pixel maps, where depth is NaN or nearer than the range, and where
    confidence is under min_confidence; +Inf beyond the range.

    Args:
        depth: float32 [h, w], output of the network.
        mapped: bool [h, w], False where no sensor pixel maps.
        depth_min_m: near end of the network's training range, included, before scaling.
        depth_max_m: far end of that range, included, before scaling.
        scale: metres in this rig per metre of the network.
        confidence: float32 [h, w], in (0, 1]; None from a network without confidence.
        min_confidence: least confidence of a pixel that has depth, in [0, 1]; 0 switches the limit
            off.
    """
    # 0 without depth, 1 within the range, 2 beyond it; a table is faster than writes by masks.
    kinds = (depth >= depth_min_m).view(np.uint8) + (depth > depth_max_m).view(np.uint8)
    kinds *= mapped
    if confidence is not None and min_confidence:
        kinds *= ~is_under(confidence, min_confidence)
    factors = np.zeros(256, np.float32)
    factors[:3] = np.nan, scale, np.inf
    metres: Depth = np.asarray(cv2.LUT(kinds, factors), np.float32)
    metres *= depth
    return metres


def to_millimetres(depth: Depth) -> npt.NDArray[np.uint16]:
    """Return a 16UC1 depth image, uint16 [h, w], millimetres, from one in metres.

    0 where there is no depth, and where 16 bits cannot hold it (over 65.535 m, +Inf).
    """
    with np.errstate(invalid='ignore'):
        millimetres = np.rint(depth * np.float32(1000))
        fits = (millimetres > 0) & (millimetres <= _LARGEST_MM)
    return np.where(fits, millimetres, 0).astype(np.uint16)


def over_millimetres(depth: Depth) -> float:
    """Return the share of the finite depths, metres, that 16UC1 cannot hold, in [0, 1]."""
    finite = np.isfinite(depth)
    over = np.count_nonzero(finite & (depth * np.float32(1000) > _LARGEST_MM))
    return over / max(int(np.count_nonzero(finite)), 1)


def valid_share(depth: Depth, mapped: npt.NDArray[np.bool_]) -> float:
    """Return the share of the mapped pixels whose depth, metres, is not NaN, in [0, 1]."""
    return np.count_nonzero(depth == depth) / max(int(np.count_nonzero(mapped)), 1)
