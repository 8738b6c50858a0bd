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

A value averages over the pixels of all images, not over the images (see Errors), except for SI
log: its squares average over the images, weighted by their pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from spike_depth_ros import metrics

Depth = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]
Metric = Callable[[Depth, Depth, float, Mask], float]
Averaged = Literal['pixels', 'images']
CUT_OFFS_M = (10.0, 20.0, 30.0)
PERCENT = 100.0
CM_PER_M = 100.0


@dataclass(frozen=True)
class Column:
    """Column of an error table.

    Args:
        name: heading, with the unit.
        metric: takes predicted and true depth in metres, depth times disparity, and a mask.
        factor: factor from the metric's unit to the column's.
        is_root: True for the root of a mean; its squares are averaged.
        at_events: True to compare pixels with events only.
        cut_off_m: farthest true depth that is compared, metres.
        beyond_m: true depth up to which pixels are not compared, metres.
        of_all: True for a share of all pixels of known truth, not of the compared ones.
    """

    name: str
    metric: Metric
    factor: float = 1.0
    is_root: bool = False
    at_events: bool = False
    cut_off_m: float = np.inf
    beyond_m: float = 0.0
    of_all: bool = False


def protocol(dataset: str) -> tuple[Column, ...]:
    """Return the columns of the table of a data set, such as EventRecording.dataset.

    An unknown data set has the general table.
    """
    if dataset == 'DENSE':
        return (*_CUT_OFFS, *_RELATIVE, _COVERAGE)
    if dataset == 'DSEC':
        return (*_DISPARITY, _COVERAGE)
    return (*_STEREO, *(() if dataset == 'MVSEC' else _RELATIVE), _COVERAGE)


def thirds(depth_m: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Return the near, the middle and the far third of a range of depth, metres, by name."""
    near, far = depth_m
    first, second = (near + (far - near) * share / 3 for share in (1, 2))
    return {'near': (near, first), 'middle': (first, second), 'far': (second, far)}


def of_thirds(depth_m: tuple[float, float]) -> tuple[Column, ...]:
    """Return the mean depth error of each third as a column, such as 'far third (cm)'."""
    return tuple(
        Column(f'{name} third (cm)', _ERROR, CM_PER_M, beyond_m=beyond, cut_off_m=end)
        for name, (beyond, end) in thirds(depth_m).items()
    )


class Errors:
    """Errors of one method over images that are added one after the other."""

    def __init__(self, columns: tuple[Column, ...], averaged: Averaged = 'pixels') -> None:
        """Begin without images.

        Args:
            columns: columns of the table.
            averaged: average over the compared pixels of all images, or over the images.
        """
        self._columns, self._averaged = columns, averaged
        self._sums = {column.name: 0.0 for column in columns}
        self._weights = {column.name: 0 for column in columns}

    def add(self, predicted: Depth, truth: Depth, has_events: Mask, focal_baseline: float) -> None:
        """Add an image, or several.

        Args:
            predicted: float, any shape, metres; NaN where there is no prediction.
            truth: float, same shape, metres; NaN where unknown.
            has_events: bool, same shape, True for pixels with events.
            focal_baseline: depth in metres times the disparity in pixels in which errors count.
        """
        for column in self._columns:
            mask = (truth > column.beyond_m) & (truth <= column.cut_off_m)
            if column.at_events:
                mask &= has_events
            compared = truth if column.of_all else predicted
            if pixels := metrics.compared_pixels(compared, truth, mask):
                value = column.metric(predicted, truth, focal_baseline, mask)
                weight = pixels if self._averaged == 'pixels' else 1
                self._sums[column.name] += weight * (value**2 if column.is_root else value)
                self._weights[column.name] += weight

    def values(self) -> dict[str, float]:
        """Return the value of each column by its name, NaN without a valid pixel."""
        return {column.name: self._value(column) for column in self._columns}

    def _value(self, column: Column) -> float:
        if not self._weights[column.name]:
            return float('nan')
        mean = self._sums[column.name] / self._weights[column.name]
        return column.factor * (mean**0.5 if column.is_root else mean)


def _of_depth(metric: Callable[[Depth, Depth, Mask], float]) -> Metric:
    return lambda predicted, truth, _, mask: metric(predicted, truth, mask)


def _one_pixel(predicted: Depth, truth: Depth, focal_baseline: float, mask: Mask) -> float:
    return metrics.pixel_accuracy(predicted, truth, focal_baseline, 1, mask)


def _over(pixels: float) -> Metric:
    return lambda predicted, truth, focal_baseline, mask: metrics.bad_pixels(
        predicted, truth, focal_baseline, pixels, mask
    )


_ERROR = _of_depth(metrics.mean_depth_error)
_STEREO = (
    Column('mean depth error (cm)', _ERROR, CM_PER_M),
    Column('at event pixels (cm)', _ERROR, CM_PER_M, at_events=True),
    Column('disparity error (px)', metrics.mean_disparity_error),
    Column('1PA (%)', _one_pixel, PERCENT),
    Column('1PA at event pixels (%)', _one_pixel, PERCENT, at_events=True),
)
_DISPARITY = (
    Column('MAE (px)', metrics.mean_disparity_error),
    Column('1PE (%)', _over(1), PERCENT),
    Column('2PE (%)', _over(2), PERCENT),
    Column('RMSE (px)', metrics.rmse_disparity, is_root=True),
)
_CUT_OFFS = tuple(Column(f'to {end:g} m (m)', _ERROR, cut_off_m=end) for end in CUT_OFFS_M)
_RELATIVE = (
    Column('AbsRel', _of_depth(metrics.abs_rel)),
    Column('SqRel (m)', _of_depth(metrics.sq_rel)),
    Column('RMSE (m)', _of_depth(metrics.rmse), is_root=True),
    Column('RMSE log', _of_depth(metrics.rmse_log), is_root=True),
    Column('SI log', _of_depth(metrics.si_log), is_root=True),
    Column('delta 1', _of_depth(metrics.delta1)),
    Column('delta 2', _of_depth(metrics.delta2)),
    Column('delta 3', _of_depth(metrics.delta3)),
)
_COVERAGE = Column('coverage (%)', _of_depth(metrics.coverage), PERCENT, of_all=True)
