"""Depth metrics: one implementation for evaluation, training and the demo.

Every metric takes depth along z in metres, predicted and true, as float arrays of one shape
(any number of axes), and averages over the valid pixels together: those where the truth is
finite and positive (0 and NaN mean "not measured"), the prediction is finite and positive, and
the optional boolean mask is True. Without a valid pixel the result is NaN. Arrays of different
shapes raise ValueError. `coverage` says how much of the truth a prediction leaves out.

Definitions: Eigen, Puhrsch and Fergus, "Depth Map Prediction from a Single Image using a
Multi-Scale Deep Network", NeurIPS 2014, section 4.2 (AbsRel, delta); Tulyakov et al., "Learning
an Event Sequence Embedding for Dense Event-Based Deep Stereo", ICCV 2019 (depth errors).
"""

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Depth = npt.NDArray[np.floating]

DELTA1 = 1.25


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


def delta1(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the share of pixels where max(predicted / truth, truth / predicted) < 1.25."""
    prediction, true = _valid_pairs(predicted, truth, mask)
    return _mean(np.maximum(prediction / true, true / prediction) < DELTA1)


def coverage(predicted: Depth, truth: Depth, mask: Mask | None = None) -> float:
    """Return the share of the pixels with a valid truth where the prediction is valid too."""
    _check_shapes(predicted, truth)
    wanted = _measured(truth, mask)
    return _mean(_measured(predicted, None)[wanted]) if wanted.any() else float('nan')


def best_constant(truth: Depth, mask: Mask | None = None) -> float:
    """Return the one depth, metres, with the least mean depth error: the median of the truth."""
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


def _check_shapes(predicted: Depth, truth: Depth) -> None:
    if predicted.shape != truth.shape:
        raise ValueError(
            f'The prediction has shape {predicted.shape}, but the truth has {truth.shape}.'
        )


def _mean(values: npt.NDArray[np.float64] | Mask) -> float:
    return float(values.mean()) if values.size else float('nan')
