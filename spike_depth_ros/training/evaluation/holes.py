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
