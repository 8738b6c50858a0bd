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

"""Error tables of data sets, pooled over any number of images in constant memory.

- MVSEC, stereo indoors: mean depth error in cm over all pixels and over pixels with events, mean
  disparity error and one-pixel accuracy (Tulyakov et al., ICCV 2019; Rancon et al., StereoSpike,
  2021).
- DSEC: mean absolute disparity error, shares of pixels over 1 and 2 px, and root mean square
  error (dsec.ifi.uzh.ch, "disparity submission format").
- DENSE: mean depth error up to 10, 20 and 30 m, and relative and logarithmic errors
  (Hidalgo-Carrio, Gehrig and Scaramuzza, "Learning Monocular Dense Depth from Events", 3DV 2020).

A value averages over the pixels of all images, not over the images, except for SI log: its
squares average over the images, weighted by their pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from spike_depth_ros import metrics

Depth = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]
CUT_OFFS_M = (10.0, 20.0, 30.0)
PERCENT = 100.0
CM_PER_M = 100.0


@dataclass(frozen=True)
class Column:
    """Column of an error table.

    Args:
        name: heading, with the unit.
        metric: metric of metrics.py; takes predicted and true depth in metres, and a mask.
        factor: factor from the metric's unit to the column's.
        is_root: True for the root of a mean; its squares are averaged.
        at_events: True to compare pixels with events only.
        cut_off_m: farthest true depth that is compared, metres.
    """

    name: str
    metric: Callable[[Depth, Depth, Mask], float]
    factor: float = 1.0
    is_root: bool = False
    at_events: bool = False
    cut_off_m: float = np.inf


def protocol(dataset: str, focal_baseline: float) -> tuple[Column, ...]:
    """Return the columns of a data set's table; a general table for other recordings.

    Args:
        dataset: data set, such as EventRecording.dataset.
        focal_baseline: depth in metres times the disparity in pixels in which errors are measured.
    """
    if dataset == 'DENSE':
        return (*_cut_offs(), *_relative(), _coverage())
    one_pixel = partial(metrics.pixel_accuracy, focal_baseline=focal_baseline, within_px=1)
    disparity = partial(metrics.mean_disparity_error, focal_baseline=focal_baseline)
    if dataset == 'DSEC':
        bad = partial(metrics.bad_pixels, focal_baseline=focal_baseline)
        root = partial(metrics.rmse_disparity, focal_baseline=focal_baseline)
        return (
            Column('MAE (px)', _masked(disparity)),
            Column('1PE (%)', _masked(partial(bad, over_px=1)), PERCENT),
            Column('2PE (%)', _masked(partial(bad, over_px=2)), PERCENT),
            Column('RMSE (px)', _masked(root), is_root=True),
            _coverage(),
        )
    return (
        Column('mean depth error (cm)', metrics.mean_depth_error, CM_PER_M),
        Column('at event pixels (cm)', metrics.mean_depth_error, CM_PER_M, at_events=True),
        Column('disparity error (px)', _masked(disparity)),
        Column('1PA (%)', _masked(one_pixel), PERCENT),
        Column('1PA at event pixels (%)', _masked(one_pixel), PERCENT, at_events=True),
        *(() if dataset == 'MVSEC' else _relative()),
        _coverage(),
    )


class Errors:
    """Errors of one method over images that are added one after the other."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self._columns = columns
        self._sums = {column.name: 0.0 for column in columns}
        self._pixels = {column.name: 0 for column in columns}

    def add(self, predicted: Depth, truth: Depth, has_events: Mask) -> None:
        """Add an image, or several.

        Args:
            predicted: float, any shape, metres; NaN where there is no prediction.
            truth: float, same shape, metres; NaN where unknown.
            has_events: bool, same shape, True for pixels with events.
        """
        for column in self._columns:
            mask = has_events if column.at_events else np.ones(truth.shape, np.bool_)
            mask = mask & (truth <= column.cut_off_m)
            value = column.metric(predicted, truth, mask)
            compared = truth if column.metric is metrics.coverage else predicted
            pixels = metrics.compared_pixels(compared, truth, mask)
            if pixels:
                self._sums[column.name] += pixels * (value**2 if column.is_root else value)
                self._pixels[column.name] += pixels

    def values(self) -> dict[str, float]:
        """Return the value of each column by its name, NaN without a valid pixel."""
        return {column.name: self._value(column) for column in self._columns}

    def _value(self, column: Column) -> float:
        if not self._pixels[column.name]:
            return float('nan')
        mean = self._sums[column.name] / self._pixels[column.name]
        return column.factor * (mean**0.5 if column.is_root else mean)


def _masked(metric: Callable[..., float]) -> Callable[[Depth, Depth, Mask], float]:
    """Return a metric that takes its mask by position."""
    return lambda predicted, truth, mask: metric(predicted, truth, mask=mask)


def _cut_offs() -> tuple[Column, ...]:
    return tuple(
        Column(f'to {cut_off:g} m (m)', metrics.mean_depth_error, cut_off_m=cut_off)
        for cut_off in CUT_OFFS_M
    )


def _relative() -> tuple[Column, ...]:
    return (
        Column('AbsRel', metrics.abs_rel),
        Column('SqRel (m)', metrics.sq_rel),
        Column('RMSE (m)', metrics.rmse, is_root=True),
        Column('RMSE log', metrics.rmse_log, is_root=True),
        Column('SI log', metrics.si_log, is_root=True),
        *(
            Column(f'delta {power}', delta)
            for power, delta in enumerate((metrics.delta1, metrics.delta2, metrics.delta3), 1)
        ),
    )


def _coverage() -> Column:
    return Column('coverage (%)', metrics.coverage, PERCENT)
