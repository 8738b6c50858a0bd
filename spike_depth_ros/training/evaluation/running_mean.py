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

"""Mean of many values, added part by part."""

import numpy as np
from numpy.typing import NDArray


class RunningMean:
    """Mean of all values added; NaN without one."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, values: NDArray[np.floating] | float) -> None:
        """Add finite values of any shape, or one."""
        self._sum += float(np.sum(values, dtype=np.float64))
        self._count += np.size(values)

    @property
    def value(self) -> float:
        """Return the mean."""
        return self._sum / self._count if self._count else float('nan')
