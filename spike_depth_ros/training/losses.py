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

"""Loss terms: L1 and gradient of depth, Laplace likelihood, cross-entropy, spike penalty."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import pad, pixel_unshuffle

from spike_depth_ros.training.networks.posterior import LOG_SPREAD_BOUNDS

# Number of event pixels below which a window's weight falls: fewer are mostly noise.
FEW_PIXELS = 100.0
LEAST_WEIGHT = 1e-6  # least sum of all weights: no division by 0


@dataclass(frozen=True)
class LossWeights:
    """Weights of the loss's terms. All windows have equal weight, however many events they have.

    Equations are those of Rancon et al., StereoSpike (2021). Its loss is l1 0, gradient 0.5,
    scale_invariant 1, coarse 1, events 0, unit metres, sobel true.

    Args:
        l1: weight of the absolute error.
        gradient: weight of the absolute error of the gradient (equation 3).
        scale_invariant: weight of the variance of the error (equation 2). It ignores a constant
            error of all pixels: without l1 or sobel, depth may be off by any amount.
        spikes: weight of half the mean square of the penalised layers' spikes (equation 5), a mean
            over the layers. The authors' code adds the layers: its 0.5 for five layers is 2.5.
        likelihood: weight of the negative log likelihood of log depth under a Laplace
            distribution, for networks that output confidence.
        shifts: weight of the cross entropy of the disparity, for networks that match the cameras;
            without it they learn to match ten times more slowly.
        coarse: weight of each estimate of log depth before the last, relative to the last. A
            median has no gradient: if the last estimate is a median, l1 and gradient train the
            others only.
        events: total weight of a window's pixels with events of the left camera, relative to the
            total weight of all its pixels; in l1, likelihood and shifts.
        unit: unit of the error in l1, gradient and scale_invariant: log_depth, or metres as in
            the paper.
        sobel: gradient by Sobel's operator, with errors of 0 at unknown pixels and beyond the
            image, as in the authors' code: at these edges it sees a constant error. False: by
            differences of known neighbours. The paper does not say.
        features: weight of the difference of the student's features from the teacher's; see
            distillation/losses.py. For a training with model.teacher.
        semantic: weight of the distance of the token similarities of both, likewise.
        warm_up: share of the steps, at the beginning, in which features and semantic train alone.
    """

    l1: float = 1.0
    gradient: float = 0.2
    scale_invariant: float = 0.0
    spikes: float = 0.0
    likelihood: float = 0.1
    shifts: float = 1.0
    coarse: float = 0.3
    events: float = 1.0
    unit: Literal['log_depth', 'metres'] = 'log_depth'
    sobel: bool = False
    features: float = 0.0
    semantic: float = 0.0
    warm_up: float = 0.0


class DepthLoss:
    """Errors of depth against the truth.

    Args:
        weights: weights of the terms.
        log_depth: float [p, n, 1, h, w], natural logarithm of metres, coarse to fine.
        depth: float [n, 1, h, w] in metres; not finite or not positive where unknown.
        has_events: bool [n, 1, h, w], True for pixels of the left camera with events.
        metres: float [p, n, 1, h, w], see Output; None: the exponential of log_depth.
    """

    def __init__(
        self,
        weights: LossWeights,
        log_depth: Tensor,
        depth: Tensor,
        has_events: Tensor,
        metres: Tensor | None = None,
    ) -> None:
        self.weights = weights
        known = torch.isfinite(depth) & (depth > 0)
        truth = torch.where(known, depth, 1.0)
        self.log_truth = torch.log(truth)
        self.log_error = torch.where(known, log_depth.float() - self.log_truth, 0.0)
        if weights.unit == 'metres':
            metres = log_depth.float().exp() if metres is None else metres.float()
            self.residual = torch.where(known, metres - truth, 0.0)
        else:
            self.residual = self.log_error
        self.known = known.float()
        self.at_events = shares(self.known * has_events, FEW_PIXELS)
        self.importance = shares(self.known) + weights.events * self.at_events

    def regression(self) -> Tensor:
        """Return the sum of the depth terms over all estimates of the readout, a scalar."""
        weights = self.weights
        error = weights.l1 * mean(self.residual.abs(), self.importance)
        error = error + weights.gradient * self.gradient()
        error = error + weights.scale_invariant * self.scale_invariant()
        partial = torch.full_like(error, weights.coarse)
        partial[-1] = 1
        return (partial * error).sum()

    def gradient(self) -> Tensor:
        """Return the mean absolute gradient of the error, [p]; see LossWeights.sobel."""
        known = self.known
        if self.weights.sobel:
            return mean(self._sobel(), shares(known))
        pairs = shares(known[..., 1:] * known[..., :-1])
        across = mean(self.residual.diff(dim=-1).abs(), pairs)
        pairs = shares(known[..., 1:, :] * known[..., :-1, :])
        down = mean(self.residual.diff(dim=-2).abs(), pairs)
        return across + down

    def _sobel(self) -> Tensor:
        """Return the sum of the absolute gradients across and down, [p, n, 1, h, w].

        The operator is separable; a convolution of one channel takes a fifth of a training step.
        """
        padded = pad(self.residual, (1, 1, 1, 1))
        across = smoothed(difference(padded, -1), -2)
        down = smoothed(difference(padded, -2), -1)
        return across.abs() + down.abs()

    def scale_invariant(self) -> Tensor:
        """Return the variance of the error over each image's known pixels, averaged, [p]."""
        pixels = self.known.sum((1, 2, 3)).clamp(min=1)
        first, second = (
            (power * self.known).sum((2, 3, 4)) / pixels
            for power in (self.residual, self.residual**2)
        )
        return (second - first**2).mean(1)

    def likelihood(self, log_spread: Tensor) -> Tensor:
        """Return the negative log likelihood of the errors under a Laplace distribution.

        No gradient passes to the error: reducing it is the regression's task, and a wide spread
        must not excuse it.

        Args:
            log_spread: float [n, 1, h, w], the logarithm of the expected absolute error.
        """
        log_spread = log_spread.float().clamp(*LOG_SPREAD_BOUNDS)
        error = self.log_error[-1].detach().abs()
        return mean(error * torch.exp(-log_spread) + log_spread, self.importance)

    def cross_entropy(
        self, log_disparity: Tensor, focal_baseline: float, scale: int = 2
    ) -> Tensor:
        """Return the cross entropy of disparities; a true one counts for both its neighbours.

        The first estimate is weighed at pixels with events only, the second at all, as in the
        other terms. Disparities beyond the largest candidate count as the largest.

        Args:
            log_disparity: float [2, n, disparities, h / scale, w / scale], rounded up, or more,
                from the upper left; logarithms of probabilities, the detectors' and the readout's
                or, without such a readout, the detectors' again.
            focal_baseline: focal length times baseline, pixels times metres.
            scale: pixels of the image from one place of the disparities to the next.
        """
        candidates = log_disparity.shape[2]
        disparity = focal_baseline * torch.exp(-self.log_truth)
        disparity = disparity.clamp(max=candidates - 1.01)
        lower = disparity.floor()
        upper_share = blocks(disparity - lower, scale)
        places = blocks(lower, scale).long()
        total = torch.zeros((), device=disparity.device)
        weights = self.at_events, self.importance
        for estimate, counted in zip(log_disparity, weights, strict=True):
            at_lower, at_upper = (estimate.gather(1, places + n) for n in (0, 1))
            entropy = -(at_lower + upper_share * (at_upper - at_lower))
            total = total + mean(entropy, blocks(counted, scale))
        return total


def spike_penalty(layers: Iterable[Tensor]) -> Tensor:
    """Return half the mean square of layers' spikes (equation 5), averaged over the layers."""
    return 0.5 * torch.stack([layer.float().square().mean() for layer in layers]).mean()


def blocks(values: Tensor, size: int) -> Tensor:
    """Return values [n, 1, h, w] as [n, size**2, h / size, w / size], padded with zeros."""
    height, width = values.shape[-2:]
    return pixel_unshuffle(pad(values, (0, -width % size, 0, -height % size)), size)


def difference(values: Tensor, axis: int) -> Tensor:
    """Return the difference of the neighbours of each value but the outermost, along an axis."""
    inner = values.shape[axis] - 2
    return values.narrow(axis, 2, inner) - values.narrow(axis, 0, inner)


def smoothed(values: Tensor, axis: int) -> Tensor:
    """Return each value but the outermost twice, plus its neighbours, along an axis."""
    inner = values.shape[axis] - 2
    before, middle, after = (values.narrow(axis, start, inner) for start in range(3))
    return before + 2 * middle + after


def shares(weights: Tensor, least: float = 1.0) -> Tensor:
    """Return weights [n, 1, h, w] over their sum in each image, or over `least` if larger."""
    return weights / weights.sum((1, 2, 3), keepdim=True).clamp(min=least)


def mean(values: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean of values [..., n, 1, h, w] over the last four axes.

    weights: [n, 1, h, w]; if their sum is 0, the mean is 0.
    """
    axes = (-4, -3, -2, -1)
    return (values * weights).sum(axes) / weights.sum().clamp(min=LEAST_WEIGHT)
