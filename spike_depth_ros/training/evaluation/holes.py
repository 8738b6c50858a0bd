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

"""Filling of pixels without a match, for errors over all pixels."""

import numpy as np
from numpy.typing import NDArray

Disparity = NDArray[np.float32]


def filled(disparity: Disparity) -> Disparity:
    """Return disparity [h, w] in pixels with its holes (NaN) filled.

    A hole gets the smaller one of the nearest values to its left and right in the row, because
    pixels that the right camera does not see are background (as in the KITTI stereo benchmark;
    Geiger, Lenz and Urtasun, CVPR 2012). A row without values gets the smaller one of the nearest
    values above and below. A frame without values stays NaN.
    """
    rows = filled_across(disparity)
    return filled_across(rows.T).T


def filled_across(disparity: Disparity) -> Disparity:
    """Return disparity [h, w] with the holes filled in all rows that have a value."""
    return np.fmin(last_value(disparity), last_value(disparity[:, ::-1])[:, ::-1])


def last_value(disparity: Disparity) -> Disparity:
    """Return each pixel's value, or the nearest one to its left, or NaN: [h, w]."""
    columns = np.where(np.isfinite(disparity), np.arange(disparity.shape[1]), 0)
    return np.take_along_axis(disparity, np.maximum.accumulate(columns, axis=1), axis=1)
