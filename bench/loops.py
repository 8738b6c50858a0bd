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

"""Straightforward numba loops over evt3 words, for comparison."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from spike_depth_ros.events import evt3_layout as evt3

MAX_EVENTS_A_WORD = 12


def decode(words: npt.NDArray[np.uint16]) -> tuple[Any, Any, Any]:
    """Decode to arrays x, y (uint16) and polarity (uint8)."""
    _, x, y, polarity = decode_with_times(words)
    return x, y, polarity


def decode_with_times(words: npt.NDArray[np.uint16]) -> tuple[Any, Any, Any, Any]:
    """Decode to t_us (int64, wrapping as the words do), x, y (uint16) and polarity (uint8)."""
    size = MAX_EVENTS_A_WORD * len(words)
    columns = [np.empty(size, kind) for kind in (np.int64, np.uint16, np.uint16, np.uint8)]
    count = _decode(words, columns[0], columns[1], columns[2], columns[3])
    return tuple(column[:count] for column in columns)


def count_unmapped(words: npt.NDArray[np.uint16], width: int, height: int) -> int:
    """Count into a histogram of the sensor's own pixels; return the number of events."""
    histogram = np.zeros(2 * width * height, np.uint8)
    return int(_count_unmapped(words, histogram, width, height))


@njit(nogil=True, cache=True)
def _decode(words: Any, t_us: Any, x: Any, y: Any, polarity: Any) -> int:
    time_us = row = base = base_polarity = count = 0
    for word in words:
        kind, payload = word >> evt3.TYPE_SHIFT, np.int64(word & evt3.PAYLOAD)
        if kind == evt3.ADDR_X:
            x[count], y[count], t_us[count] = payload & evt3.ADDRESS, row, time_us
            polarity[count] = payload >> evt3.POLARITY_SHIFT
            count += 1
        elif kind == evt3.ADDR_Y:
            row = payload & evt3.ADDRESS
        elif kind == evt3.TIME_LOW:
            time_us = time_us >> evt3.TIME_LOW_BITS << evt3.TIME_LOW_BITS | payload
        elif kind == evt3.TIME_HIGH:
            time_us = payload << evt3.TIME_LOW_BITS
        elif kind == evt3.VECT_BASE_X:
            base, base_polarity = payload & evt3.ADDRESS, payload >> evt3.POLARITY_SHIFT
        elif kind == evt3.VECT_12 or kind == evt3.VECT_8:
            span = 12 if kind == evt3.VECT_12 else 8
            for bit in range(span):
                if payload >> bit & 1:
                    x[count], y[count], t_us[count] = base + bit, row, time_us
                    polarity[count] = base_polarity
                    count += 1
            base += span
    return count


@njit(nogil=True, cache=True)
def _count_unmapped(words: Any, histogram: Any, width: int, height: int) -> int:
    time_us = row = base = base_polarity = count = 0
    for word in words:
        kind, payload = word >> evt3.TYPE_SHIFT, np.int64(word & evt3.PAYLOAD)
        if kind == evt3.ADDR_X:
            x = payload & evt3.ADDRESS
            if row < height and x < width:
                histogram[2 * (row * width + x) + (payload >> evt3.POLARITY_SHIFT)] += 1
                count += 1
        elif kind == evt3.ADDR_Y:
            row = payload & evt3.ADDRESS
        elif kind == evt3.TIME_LOW:
            time_us = time_us >> evt3.TIME_LOW_BITS << evt3.TIME_LOW_BITS | payload
        elif kind == evt3.TIME_HIGH:
            time_us = payload << evt3.TIME_LOW_BITS
        elif kind == evt3.VECT_BASE_X:
            base, base_polarity = payload & evt3.ADDRESS, payload >> evt3.POLARITY_SHIFT
        elif kind == evt3.VECT_12 or kind == evt3.VECT_8:
            span = 12 if kind == evt3.VECT_12 else 8
            for bit in range(span):
                if payload >> bit & 1 and row < height and base + bit < width:
                    histogram[2 * (row * width + base + bit) + base_polarity] += 1
                    count += 1
            base += span
    return count + (time_us < 0)
