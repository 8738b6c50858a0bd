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

"""Filling what a matcher leaves out, so that errors over all pixels can be stated."""

import numpy as np
from numpy.typing import NDArray

Disparity = NDArray[np.float32]


def filled(disparity: Disparity) -> Disparity:
    """Return disparity [h, w] in pixels without its holes (NaN).

    A hole takes the smaller of its nearest values left and right in the row, since what is hidden
    from the right camera is background (as the KITTI stereo benchmark fills results; Geiger, Lenz
    and Urtasun, CVPR 2012); a row without any takes the smaller of the nearest above and below.
    Without a value anywhere NaN stays.
    """
    rows = filled_across(disparity)
    return filled_across(rows.T).T


def filled_across(disparity: Disparity) -> Disparity:
    """Return disparity [h, w] with every hole filled that has a value in its row."""
    return np.fmin(last_value(disparity), last_value(disparity[:, ::-1])[:, ::-1])


def last_value(disparity: Disparity) -> Disparity:
    """Return at each pixel of [h, w] the value there or the nearest one left of it, or NaN."""
    columns = np.where(np.isfinite(disparity), np.arange(disparity.shape[1]), 0)
    return np.take_along_axis(disparity, np.maximum.accumulate(columns, axis=1), axis=1)
