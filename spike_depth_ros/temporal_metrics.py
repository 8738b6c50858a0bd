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

"""Metrics of depth over consecutive windows: temporal end-point error and flicker.

Arrays are float [h, w], metres along z; pixels count where all values are finite and positive and
the optional boolean mask is True. Without such a pixel the mean is NaN.

Temporal end-point error (TEPE): Li et al., "Temporally Consistent Online Depth Estimation in
Dynamic Scenes", WACV 2023 (arXiv 2111.09337, CODD), section 4. Flicker: change of log depth of a
pixel beyond the change of the true one.
"""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Depth = npt.NDArray[np.floating]


def temporal_error(
    predicted: Depth,
    predicted_before: Depth,
    truth: Depth,
    truth_before: Depth,
    flow: npt.NDArray[np.floating],
    focal_baseline: float,
    mask: Mask | None = None,
) -> float:
    """Return the temporal end-point error of disparity, pixels.

    It is the mean of |change of predicted disparity - change of true disparity| of a surface point
    from the window before to this one. Predicted disparity of the window before is that of the
    pixel nearest to the point's place there.

    Args:
        predicted: predicted depth of this window.
        predicted_before: predicted depth of the window before.
        truth: true depth of this window's pixels.
        truth_before: true depth that the same surface points had in the window before; NaN where
            it did not see them.
        flow: [h, w, 2], column and row of the points in the window before less those now, pixels;
            NaN likewise.
        focal_baseline: depth in metres times disparity in pixels.
        mask: pixels that count; None for all.
    """
    followed = at_earlier_place(predicted_before, flow)
    valid = _measured(mask, predicted, followed, truth, truth_before)
    now, before, true_now, true_before = (
        focal_baseline / depth[valid].astype(np.float64)
        for depth in (predicted, followed, truth, truth_before)
    )
    return _mean(np.abs((now - before) - (true_now - true_before)))


def flicker(
    predicted: Depth,
    predicted_before: Depth,
    truth: Depth,
    truth_before: Depth,
    mask: Mask | None = None,
) -> float:
    """Return the mean of |change of predicted log depth - change of true log depth|.

    Both changes are those of a pixel, from the window before to this one.

    Args:
        predicted, predicted_before: predicted depth of this window and of the one before.
        truth, truth_before: true depth of the pixels in this window and in the one before.
        mask: pixels that count; None for all.
    """
    valid = _measured(mask, predicted, predicted_before, truth, truth_before)
    now, before, true_now, true_before = (
        np.log(depth[valid].astype(np.float64))
        for depth in (predicted, predicted_before, truth, truth_before)
    )
    return _mean(np.abs((now - before) - (true_now - true_before)))


def right_share(predicted: Depth, truth: Depth, within: float, mask: Mask | None = None) -> float:
    """Return the share of pixels whose depth is within a factor of the truth.

    Args:
        predicted: predicted depth; missing depth is wrong.
        truth: true depth.
        within: factor above 1: 1.1 for 10 %.
        mask: pixels that count; None for all.
    """
    wanted = _measured(mask, truth)
    found = _measured(wanted, predicted)
    ratios = np.log(predicted[found].astype(np.float64) / truth[found])
    right = np.count_nonzero(np.abs(ratios) <= np.log(within))
    return right / np.count_nonzero(wanted) if wanted.any() else float('nan')


def settling_windows(
    shares: npt.NDArray[np.floating], settled: npt.NDArray[np.floating], part: float = 0.9
) -> int:
    """Return the number of windows until a share reaches a part of the settled one, from 1 on.

    Args:
        shares: float [n], share of right pixels in the windows after a start or a cut.
        settled: float [n], share in the same windows without it.
        part: part of the settled share; if no window reaches it, the number is n + 1.
    """
    reached = np.flatnonzero(shares >= part * settled)
    return int(reached[0]) + 1 if reached.size else len(shares) + 1


def at_earlier_place(values: Depth, flow: npt.NDArray[np.floating]) -> Depth:
    """Return an earlier window's values of what each pixel sees now, [h, w]; NaN outside of it.

    Args:
        values: float [h, w], values of the earlier window.
        flow: float [h, w, 2], see temporal_error; values are those of the nearest pixel.
    """
    rows, columns = np.indices(values.shape, np.float32)
    height, width = values.shape
    with np.errstate(invalid='ignore'):
        column, row = np.rint(columns + flow[..., 0]), np.rint(rows + flow[..., 1])
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    place = (row[inside] * width + column[inside]).astype(np.int64)
    found = np.full(values.shape, np.nan, values.dtype)
    found[inside] = values.reshape(-1)[place]
    return found


def _mean(values: npt.NDArray[np.float64]) -> float:
    return float(values.mean()) if values.size else float('nan')


def _measured(mask: Mask | None, *depths: Depth) -> Mask:
    valid = np.ones(depths[0].shape, np.bool_) if mask is None else mask.copy()
    for depth in depths:
        if depth.shape != valid.shape:
            raise ValueError(f'Depth has shape {depth.shape}, not {valid.shape} as the others.')
        with np.errstate(invalid='ignore'):
            valid &= np.isfinite(depth) & (depth > 0)
    return valid
