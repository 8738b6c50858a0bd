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

"""Confidence of the network in its depth.

Confidence is the probability, in (0, 1], that a pixel's depth is within 10 % of the truth.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Confidence = npt.NDArray[np.float32]


class Certainty(NamedTuple):
    """Confidence of the mapped pixels since the previous report.

    Attributes:
        mean: mean confidence, in (0, 1].
        share_under: share of the pixels under min_confidence, in [0, 1].
    """

    mean: float
    share_under: float


class ConfidenceMeter:
    """Average confidence over the pixels between two reports."""

    def __init__(self) -> None:
        self._sum = 0.0
        self._under = 0
        self._pixels = 0

    def add(
        self, confidence: Confidence, mapped: npt.NDArray[np.bool_], min_confidence: float
    ) -> None:
        """Add the mapped pixels of one window.

        Args:
            confidence: float32 [h, w], finite.
            mapped: bool [h, w], False where no sensor pixel maps.
            min_confidence: in [0, 1]; 0 switches the limit off.
        """
        self._sum += float((confidence * mapped).sum())  # picking pixels takes three times as long
        self._pixels += int(np.count_nonzero(mapped))
        if min_confidence:
            self._under += int(np.count_nonzero(is_under(confidence, min_confidence) & mapped))

    def take(self) -> Certainty | None:
        """Return the figures since the previous call, None without a pixel, and reset."""
        if not self._pixels:
            return None
        certainty = Certainty(self._sum / self._pixels, self._under / self._pixels)
        self._sum, self._under, self._pixels = 0.0, 0, 0
        return certainty


def is_under(confidence: Confidence, min_confidence: float) -> npt.NDArray[np.bool_]:
    """Return a mask of confidence under min_confidence, bool of the same shape.

    Args:
        confidence: float32 of any shape; NaN counts as under.
        min_confidence: in [0, 1]; 0 switches the limit off.
    """
    if min_confidence == 0:
        return np.zeros(confidence.shape, np.bool_)
    return ~(confidence >= np.float32(min_confidence))


def to_confidence_image(confidence: Confidence, mapped: npt.NDArray[np.bool_]) -> Confidence:
    """Return a 32FC1 confidence image, float32 [h, w], NaN where no sensor pixel maps.

    The min_confidence of the depth image is not applied: readers may choose another.

    Args:
        confidence: float32 [h, w], output of the network.
        mapped: bool [h, w], False where no sensor pixel maps.
    """
    return np.where(mapped, confidence, np.float32(np.nan))
