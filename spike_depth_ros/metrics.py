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

"""Depth metrics: one implementation for evaluation, training and the demo.

Every metric takes predicted and true depth along z, metres, as float arrays of one shape (any
number of axes), and averages over all valid pixels: those where the truth is finite and positive
(0 and NaN mean "not measured"), the prediction is finite and positive, and the optional boolean
mask is True. Without a valid pixel the result is NaN. Arrays of different shapes raise ValueError.
`coverage` is the share of the truth that a prediction covers.

Definitions: Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image using a
Multi-Scale Deep Network", NeurIPS 2014, section 4.2 (AbsRel, SqRel, RMSE, delta) and equation 1
(SI log is the square root of it); Tulyakov et al., "Learning an Event Sequence
Embedding for Dense Event-Based Deep Stereo", ICCV 2019 (depth and disparity errors, pixel
accuracy).

Disparity is focal_baseline / depth, pixels, where focal_baseline is f * B of the rig, pixels
times metres. A cut-off (errors of pixels nearer than 10, 20 or 30 m) is the mask `truth <= 10`.
"""

import math

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Depth = npt.NDArray[np.floating]

DELTA = 1.25


class RunningMean:
    """Mean of all finite values added; NaN without one.

    Attributes:
        count: number of the values.
    """

    def __init__(self) -> None:
        self._sum, self.count = 0.0, 0

    def add(self, values: npt.NDArray[np.floating] | float) -> None:
        """Add values of any shape, or one; those that are not finite do not count."""
        finite = np.isfinite(values)
        self._sum += float(np.sum(values, dtype=np.float64, where=finite))
        self.count += int(np.count_nonzero(finite))

    @property
    def value(self) -> float:
        """Return the mean."""
        return self._sum / self.count if self.count else float('nan')


def mean_depth_error(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the mean of |predicted - truth|, metres."""
    return _mean(np.abs(np.subtract(*_valid_pairs(predicted, truth, mask))))


def median_depth_error(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the median of |predicted - truth|, metres."""
    errors = np.abs(np.subtract(*_valid_pairs(predicted, truth, mask)))
    return float(np.median(errors)) if errors.size else float('nan')


def abs_rel(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the mean of |predicted - truth| / truth."""
    prediction, true = _valid_pairs(predicted, truth, mask)
    return _mean(np.abs(prediction - true) / true)


def sq_rel(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the mean of (predicted - truth)^2 / truth, metres."""
    prediction, true = _valid_pairs(predicted, truth, mask)
    return _mean((prediction - true) ** 2 / true)


def rmse(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the root of the mean of (predicted - truth)^2, metres."""
    return math.sqrt(_mean(np.subtract(*_valid_pairs(predicted, truth, mask)) ** 2))


def rmse_log(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the root of the mean of log(predicted / truth)^2, natural logarithm."""
    return math.sqrt(_mean(_log_ratios(predicted, truth, mask) ** 2))


def si_log(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the standard deviation of log(predicted / truth): invariant to a common factor."""
    ratios = _log_ratios(predicted, truth, mask)
    return float(ratios.std()) if ratios.size else float('nan')


def delta1(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the share of pixels where max(predicted / truth, truth / predicted) < 1.25."""
    return _delta(1, predicted, truth, mask)


def delta2(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the share of pixels where max(predicted / truth, truth / predicted) < 1.25^2."""
    return _delta(2, predicted, truth, mask)


def delta3(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the share of pixels where max(predicted / truth, truth / predicted) < 1.25^3."""
    return _delta(3, predicted, truth, mask)


def mean_disparity_error(
    predicted: Depth, truth: Depth, focal_baseline: float, mask: Mask | None = None
) -> float:
    """Return the mean of |disparity of predicted - disparity of truth|, pixels."""
    return _mean(_disparity_errors(predicted, truth, focal_baseline, mask))


def pixel_accuracy(
    predicted: Depth,
    truth: Depth,
    focal_baseline: float,
    within_px: float,
    mask: Mask | None = None,
) -> float:
    """Return the share of pixels with a disparity error of at most within_px: 1PA with 1."""
    return _mean(_disparity_errors(predicted, truth, focal_baseline, mask) <= within_px)


def rmse_disparity(
    predicted: Depth, truth: Depth, focal_baseline: float, mask: Mask | None = None
) -> float:
    """Return the root of the mean of the squared disparity error, pixels."""
    return math.sqrt(_mean(_disparity_errors(predicted, truth, focal_baseline, mask) ** 2))


def bad_pixels(
    predicted: Depth,
    truth: Depth,
    focal_baseline: float,
    over_px: float,
    mask: Mask | None = None,
) -> float:
    """Return the share of pixels with a disparity error over over_px: DSEC's 1PE with 1."""
    return _mean(_disparity_errors(predicted, truth, focal_baseline, mask) > over_px)


def coverage(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the share of pixels with a valid truth whose prediction is valid too."""
    _check_shapes(predicted, truth)
    wanted = _measured(truth, mask)
    return _mean(_measured(predicted, None)[wanted]) if wanted.any() else float('nan')


def compared_pixels(predicted: Depth, truth: Depth, mask: Mask | None = None) -> int:
    """Return the number of valid pixels, over which every metric but coverage averages."""
    return len(_valid_pairs(predicted, truth, mask)[0])


def best_constant(truth: Depth, mask: Mask | None = None) -> float:
    """Return the constant depth, metres, with the least mean depth error: the truth's median."""
    true = truth[_measured(truth, mask)]
    return float(np.median(true)) if true.size else float('nan')


def _measured(depth: Depth, mask: Mask | None) -> Mask:
    valid = np.isfinite(depth) & (depth > 0)
    if mask is None:
        return valid
    if mask.shape != depth.shape:
        raise ValueError(f'The mask has shape {mask.shape}, but the depth has {depth.shape}.')
    return valid & mask


def _valid_pairs(
    predicted: Depth, truth: Depth, mask: Mask | None
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    _check_shapes(predicted, truth)
    valid = _measured(truth, mask) & _measured(predicted, None)
    return predicted[valid].astype(np.float64), truth[valid].astype(np.float64)


def _log_ratios(predicted: Depth, truth: Depth, mask: Mask | None) -> npt.NDArray[np.float64]:
    prediction, true = _valid_pairs(predicted, truth, mask)
    return np.log(prediction / true)


def _delta(power: int, predicted: Depth, truth: Depth, mask: Mask | None) -> float:
    prediction, true = _valid_pairs(predicted, truth, mask)
    return _mean(np.maximum(prediction / true, true / prediction) < DELTA**power)


def _disparity_errors(
    predicted: Depth, truth: Depth, focal_baseline: float, mask: Mask | None
) -> npt.NDArray[np.float64]:
    prediction, true = _valid_pairs(predicted, truth, mask)
    return np.abs(focal_baseline / prediction - focal_baseline / true)


def _check_shapes(predicted: Depth, truth: Depth) -> None:
    if predicted.shape != truth.shape:
        raise ValueError(
            f'The prediction has shape {predicted.shape}, but the truth has {truth.shape}.'
        )


def _mean(values: npt.NDArray[np.float64] | Mask) -> float:
    return float(values.mean()) if values.size else float('nan')
