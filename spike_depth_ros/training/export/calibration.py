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

"""Calibration of confidence: a logistic regression of right depth on validation windows."""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from spike_depth_ros.training.data.pairs import Pair, counts_of
from spike_depth_ros.training.networks.network import DepthNetwork, Output, disparity_scale
from spike_depth_ros.training.networks.posterior import (
    CONFIDENT,
    LOG_SPREAD_BOUNDS,
    Calibration,
    share_near_median,
)
from spike_depth_ros.training.networks.readout import ConfidentReadout, DisparityReadout

Numbers = NDArray[np.float64]
SPACING = 4  # pixels of the disparities between two observations: neighbours say the same
# Weight of the default calibration, in pixels: few windows may be all right or all wrong.
PRIOR_PIXELS = 20.0
COMMON = Calibration()
STEPS = 50  # Newton's method converges in ten


class Observations(NamedTuple):
    """Pixels of windows with known depth, float64 [n] each.

    Args:
        share: share of the posterior within 10 % of its median; 0 from networks without one.
        log_spread: logarithm of the expected error of log depth.
        is_right: 1 where depth is within 10 % of the truth, else 0.
    """

    share: Numbers
    log_spread: Numbers
    is_right: Numbers


def calibrate(
    network: DepthNetwork, sequences: Iterable[Sequence[Pair]], hop_ms: float
) -> Calibration | None:
    """Return the calibration of a network's confidence; None for a network without confidence.

    Args:
        network: network with the weights of its file.
        sequences: consecutive windows of scenes.
        hop_ms: time between the ends of consecutive windows, milliseconds.
    """
    readouts = [module for module in network.modules() if isinstance(module, ConfidentReadout)]
    if not readouts:
        return None
    parts = zip(*observed(network, sequences, hop_ms), strict=True)
    found = Observations(*(np.concatenate(column) for column in parts))
    if not isinstance(readouts[0], DisparityReadout):  # its confidence reads no disparities
        found = found._replace(share=np.zeros_like(found.share))
    return fitted(found, readouts[0].calibration)


@torch.no_grad()
def observed(
    network: DepthNetwork, sequences: Iterable[Sequence[Pair]], hop_ms: float
) -> Iterator[Observations]:
    """Yield the observations of each window; see calibrate."""
    for sequence in sequences:
        elapsed_ms = math.inf
        for pair in sequence:
            output = network(counts_of(pair)[:, : network.channels], elapsed_ms)
            yield observations(output, pair.depth)
            elapsed_ms = hop_ms


def observations(output: Output, depth: NDArray[np.float32]) -> Observations:
    """Return the observations of one window.

    Args:
        output: output of a network with confidence.
        depth: true depth, float32 [h, w], metres of the network; NaN where unknown.
    """
    assert output.log_spread is not None
    whole = slice(SPACING, None, 2 * SPACING)
    truth = depth[whole, whole]
    share = torch.zeros(truth.shape)
    if output.log_disparity is not None:
        rows, columns = (np.arange(size)[whole] // disparity_scale(output) for size in depth.shape)
        share = share_near_median(output.log_disparity[-1])[0, 0][rows[:, None], columns]
    spread = output.log_spread[0, 0, whole, whole].clamp(*LOG_SPREAD_BOUNDS)
    log_depth = output.log_depth[-1][0, 0, whole, whole].numpy()
    known = np.isfinite(truth)
    error = np.abs(log_depth[known] - np.log(truth[known]))
    numbers = (share.numpy()[known], spread.numpy()[known], error <= math.log(CONFIDENT))
    return Observations(*(each.astype(np.float64) for each in numbers))


def fitted(observed: Observations, expected: Calibration = COMMON) -> Calibration:
    """Return the most likely calibration, by Newton's method.

    A quadratic penalty draws it to the calibration `expected`, as PRIOR_PIXELS would.
    """
    inputs = np.stack([observed.share, observed.log_spread, np.ones(len(observed.share))])
    default = np.array(expected)
    weights = default
    for _ in range(STEPS):
        likely = 1 / (1 + np.exp(-weights @ inputs))
        gradient = inputs @ (observed.is_right - likely) - PRIOR_PIXELS * (weights - default)
        curvature = (inputs * (likely * (1 - likely))) @ inputs.T + PRIOR_PIXELS * np.eye(3)
        weights = weights + np.linalg.solve(curvature, gradient)
    return Calibration(*weights.tolist())
