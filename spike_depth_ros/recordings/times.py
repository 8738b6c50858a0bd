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

"""Times in files as nanoseconds."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.units import SECOND_NS, SECOND_US, US_NS

# Microseconds (126 years) of which two add up to nanoseconds of int64.
MOST_US = 4_000_000_000_000_000


def us_to_ns(t_us: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """Return integer microseconds as int64 nanoseconds; damaged times stop at +-126 years."""
    if t_us.dtype.itemsize >= 8:
        t_us = np.clip(t_us, -MOST_US if t_us.dtype.kind == 'i' else 0, MOST_US)
    t_ns: NDArray[np.int64] = np.multiply(t_us, US_NS, dtype=np.int64, casting='unsafe')
    return t_ns


def seconds_to_ns(t_s: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return seconds as int64 nanoseconds, rounded to microseconds.

    The whole seconds of the first time are subtracted exactly before anything is scaled. float64
    seconds of Unix time resolve 0.24 us.
    """
    if not len(t_s):
        return np.zeros(0, np.int64)
    most_s = MOST_US // SECOND_US
    base_s = int(np.clip(t_s[0], -most_s, most_s))
    t_us = np.clip((t_s - base_s) * SECOND_US, -MOST_US, MOST_US)
    return (np.rint(t_us).astype(np.int64) * US_NS) + base_s * SECOND_NS
