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


"""Means and medians of many values, added part by part in bounded memory."""

import numpy as np
from numpy.typing import NDArray

STEP = 1e-3  # of the values in a histogram; a median is right to a step
STEPS = 100_000


class PooledMean:
    """Mean of all values added; NaN without one."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, values: NDArray[np.floating]) -> None:
        """Add values of any shape, all finite."""
        self._sum += float(values.sum(dtype=np.float64))
        self._count += values.size

    @property
    def value(self) -> float:
        """Return the mean."""
        return self._sum / self._count if self._count else float('nan')


class PooledMedian:
    """Median of all values added, from 0 to 100, right to 0.001; NaN without one."""

    def __init__(self) -> None:
        self._counts = np.zeros(STEPS, np.int64)

    def add(self, values: NDArray[np.floating]) -> None:
        """Add values of any shape, all finite and at least 0."""
        steps = np.minimum(values.ravel() / STEP, STEPS - 1).astype(np.int64)
        self._counts += np.bincount(steps, minlength=STEPS)

    @property
    def value(self) -> float:
        """Return the median: the middle of its step."""
        total = self._counts.sum()
        if not total:
            return float('nan')
        step = int(np.searchsorted(np.cumsum(self._counts), total / 2))
        return (step + 0.5) * STEP
