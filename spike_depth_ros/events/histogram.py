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

"""Count events into a histogram of uint8, the one step that all encodings share.

A function compiled here is inlined into the decoders, and numba's cache of a decoder watches the
decoder's own file only: after a change here remove the __pycache__ folders.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import inlined
from spike_depth_ros.events.lookup import find_place
from spike_depth_ros.events.noise import is_noise
from spike_depth_ros.events.tally import SATURATED, UNMAPPED_EVENTS
from spike_depth_ros.frames.spike_frame import MAX_COUNT


def check_polarity(polarity: npt.NDArray[np.int64]) -> None:
    """Raise ValueError where a polarity, int64 [n], is neither ON nor OFF."""
    wrong = polarity[(polarity != 0) & (polarity != 1)]
    if len(wrong):
        raise ValueError(f'polarity {wrong[0]} is neither 1 nor 0; give 1 for ON and 0 for OFF')


@inlined
def count_event(
    lookup: Any,
    x: Any,
    y: Any,
    polarity: Any,
    time_ns: Any,
    noise: Any,
    histogram: Any,
    tally: Any,
) -> None:
    """Count one event at the place that the look-up names, stopping at 255.

    lookup: Lookup; x, y: int64, at least 0; polarity: 1 ON, 0 OFF; noise: NoiseState, or None to
    count everything; histogram: uint8 [n], flat; tally: int64 [TALLY_SIZE], in which the caller
    counts EVENTS itself.
    """
    if noise is not None and is_noise(noise, x, y, time_ns, tally):
        return
    place = find_place(lookup, x, y, polarity)
    if place < 0:
        tally[UNMAPPED_EVENTS - 1 - place] += 1
        return
    count = histogram[np.uint64(place)]
    if count == MAX_COUNT:
        tally[SATURATED] += 1
        return
    histogram[np.uint64(place)] = count + 1
