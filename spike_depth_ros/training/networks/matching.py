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

"""Layers that match two cameras: coincidence detectors and their cooperation."""

import math
from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

LARGEST_BURST = 15  # spikes of a cooperating detector: more spikes, better match
# Initial sums of weights over the places nearby, from detectors of the same disparity and of each
# other one.
EXCITATION, INHIBITION = 1.5, -0.125
T = TypeVar('T')


class Coincidences(nn.Module):
    """Detectors that count the features in which two cameras fire at each disparity.

    Source: coincidence neurons of Osswald et al. (2017).

    Args:
        disparities: candidate disparities of each right image, in pixels of the features, from 0.
    """

    def __init__(self, disparities: int) -> None:
        super().__init__()
        self.disparities = disparities

    def forward(self, left: Tensor, *rights: Tensor) -> Tensor:
        """Count coincidences of a left image with several right ones.

        left, rights: zeros and ones, float [n, c, h, w]. Image i of `rights` is displaced by i
        parts of a pixel, as many parts as there are images.

        Returns:
            float [n, disparities * images, h, w], whole numbers up to c; disparities rise.
        """
        found = [coincidences(left, right, self.disparities) for right in rights]
        return torch.stack(found, 2).flatten(1, 2)

    def reached(self, left: T, *rights: T) -> Iterator[tuple[T, float]]:
        """Yield each input and the number of detectors that one spike of it reaches."""
        yield left, self.disparities * len(rights)
        for right in rights:
            yield right, self.disparities


class Cooperation(nn.Module):
    """Synapses between detectors of similar disparities at nearby places.

    All disparities share the weights. Before training, detectors of the same disparity nearby
    excite each other and those of others inhibit: a surface is smooth and a place has one depth
    (Marr and Poggio 1976, rules 1 and 2).

    Args:
        disparities: channels of the input and of the output.
        nearby: largest difference of two disparities that are connected.
        size: side of the kernel in pixels.
        stride: pixels from one output to the next, down and across; 2 halves the resolution.

    Attributes:
        weight: float [1, 2 * nearby + 1, size, size], from the detectors of a disparity `nearby`
            less to those of a disparity `nearby` more.
    """

    def __init__(self, disparities: int, nearby: int = 4, size: int = 5, stride: int = 1) -> None:
        super().__init__()
        self.disparities, self.nearby, self.stride = disparities, nearby, (stride, stride)
        self.weight = nn.Parameter(torch.full((1, 2 * nearby + 1, size, size), INHIBITION))
        self.weight.data[:, nearby] = EXCITATION
        self.weight.data /= size**2

    def band(self, weight: Tensor) -> Tensor:
        """Return the kernel of all detectors, [disparities, disparities, size, size]."""
        disparity = torch.arange(self.disparities, device=weight.device)
        apart = disparity - disparity[:, None]
        near = apart.abs() <= self.nearby
        kernel = weight[0, (apart + self.nearby).clamp(0, 2 * self.nearby)]
        return kernel * near[:, :, None, None].to(weight.dtype)

    def fanout(self) -> float:
        """Return the number of detectors that one spike reaches, averaged over disparities."""
        reached = self.band(torch.ones_like(self.weight)).sum() / self.disparities
        return float(reached) / self.stride[0] ** 2

    def forward(self, detected: Tensor) -> Tensor:
        """Map spikes of detectors, [n, disparities, h, w], to potentials.

        Returns [n, disparities, h / stride, w / stride], rounded up.
        """
        kernel = self.band(self.weight)
        return functional.conv2d(
            detected, kernel, stride=self.stride, padding=kernel.shape[-1] // 2
        )


class MatchReadout(nn.Module):
    """Probabilities of disparities by detectors at every second one, for their own loss term.

    Files do not hold it.

    Args:
        features: number of features that may coincide.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.log_evidence = nn.Parameter(torch.tensor(4 / features).log())

    def forward(self, detected: Tensor) -> Tensor:
        """Map potentials, float [n, disparities, h, w], to Output.log_disparity.

        Returns float [2, n, 2 disparities, h, w], the detectors' estimate twice, because there is
        no readout of disparities. The loss (losses.DepthLoss.cross_entropy) adds the cross
        entropy of the first entry, a mean over event pixels, and that of the second one, with the
        weights of all pixels: both train the detectors.
        """
        with torch.autocast(detected.device.type, enabled=False):
            log_match = (self.log_evidence.exp() * detected.float()).log_softmax(1)
            log_match = log_match.repeat_interleave(2, 1) - math.log(2)
        return torch.stack([log_match, log_match])


def coincidences(left: Tensor, right: Tensor, disparities: int) -> Tensor:
    """Count the channels in which left and right spikes coincide at each disparity.

    The result at [n, d, y, x] is the sum over channels of left[n, :, y, x] AND
    right[n, :, y, x - d], 0 where x - d is outside. One product of matrices for each row of the
    image, of which a band of diagonals remains.

    Args:
        left, right: zeros and ones, float [n, c, h, w].
        disparities: d runs from 0 to disparities - 1.

    Returns:
        float [n, disparities, h, w], whole numbers up to c.
    """
    width = left.shape[-1]
    rows = torch.einsum('nchx,nchy->nhxy', left, right)  # every x against every y = x - d
    padded = functional.pad(rows, (disparities - 1, 0)).flatten(2)
    # In rows that are longer by one number, a diagonal becomes a column.
    skewed = functional.pad(padded, (0, width)).unflatten(2, (width, -1))[..., :disparities]
    return skewed.flip(-1).permute(0, 3, 1, 2)
