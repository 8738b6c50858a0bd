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

"""Posterior of disparity: its median, the share near it, and confidence.

The probability of a disparity is taken as uniform within half a pixel of it. Arrays are float
[n, disparities, h, w], and [n, 1, h, w] for one number per pixel.
"""

from typing import NamedTuple

import torch
from torch import Tensor

CONFIDENT = 1.1  # confidence is the probability of depth within this factor of the truth
LOG_SPREAD_BOUNDS = (-6.0, 3.0)
# Potentials are bounded: sums of their exponentials fit in float32.
LARGEST_POTENTIAL = 60.0
LEAST_PROBABILITY = 1e-30
LEAST_DISPARITY = 0.5  # pixels; a smaller disparity gives the depth of this one


class Calibration(NamedTuple):
    """Logistic regression of right depth: confidence = sigmoid(share * s + spread * l + bias).

    s is the share of the posterior within 10 % of the median disparity, l the logarithm of the
    expected error of log depth. `spike-depth export` fits the three numbers on validation windows;
    the default ones are a mean over networks.

    Args:
        share: weight of s.
        spread: weight of l.
        bias: constant.
    """

    share: float = 2.0
    spread: float = -0.8
    bias: float = -2.4

    def __str__(self) -> str:
        return (
            f'confidence sigmoid({self.share:.3g} share {self.spread:+.3g} log error '
            f'{self.bias:+.3g})'
        )


class Posterior(NamedTuple):
    """Probabilities of the disparities.

    Args:
        probability: probability of each disparity.
        from_here: probability of each disparity and larger ones.
    """

    probability: Tensor
    from_here: Tensor

    def median(self) -> Tensor:
        """Return the median disparity, pixels, at least LEAST_DISPARITY."""
        below = ((self.from_here - 0.5) / self.probability).clamp(0, 1)
        return (below.sum(1, keepdim=True) - 0.5).clamp(min=LEAST_DISPARITY)

    def above(self, disparity: Tensor) -> Tensor:
        """Return the probability of disparities above some disparities, [n, any, h, w], pixels."""
        count = self.probability.shape[1]
        place = (disparity + 0.5).clamp(max=count)
        index = place.floor().clamp(max=count - 1)
        whole, part = (each.gather(1, index.long()) for each in (self.from_here, self.probability))
        return whole - (place - index) * part

    def share_near(self, disparity: Tensor) -> Tensor:
        """Return the probability within a factor of CONFIDENT of a disparity, pixels."""
        near, far = self.above(disparity / CONFIDENT), self.above(disparity * CONFIDENT)
        return near - far


@torch.no_grad()
def posterior(log_disparity: Tensor) -> Posterior:
    """Return the posterior of log probabilities; it has no gradient."""
    probability = log_disparity.exp().clamp(min=LEAST_PROBABILITY)
    return Posterior(probability, probability.flip(1).cumsum(1).flip(1))


def share_near_median(log_disparity: Tensor) -> Tensor:
    """Return the share of the posterior within 10 % of its median disparity, [n, 1, h, w]."""
    found = posterior(log_disparity)
    return found.share_near(found.median())


def confidence(share: Tensor, log_spread: Tensor, calibration: Calibration) -> Tensor:
    """Return the probability that depth is within 10 % of the truth.

    Args:
        share: share of the posterior near its median, in [0, 1].
        log_spread: logarithm of the expected error of log depth, of the same shape.
        calibration: weights of both.
    """
    spread = log_spread.clamp(*LOG_SPREAD_BOUNDS)
    return torch.sigmoid(
        calibration.share * share + calibration.spread * spread + calibration.bias
    )
