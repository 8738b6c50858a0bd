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

"""Count one event into a histogram of uint8: the step that all encodings share.

numba inlines these functions into the decoders, and numba's cache watches the decoder's file
only: remove the __pycache__ folders after a change here.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import inlined
from spike_depth_ros.events.event_counts import SATURATED, UNMAPPED_EVENTS, EventCounts
from spike_depth_ros.events.lookup import Lookup, find_place
from spike_depth_ros.events.noise import NoiseState, is_noise
from spike_depth_ros.frames.spike_frame import MAX_COUNT
from spike_depth_ros.geometry.pixel_table import UNMAPPED


class EventSink(NamedTuple):
    """Destination of decoded events.

    Attributes:
        lookup: histogram index of each raw pixel.
        noise: state of the noise filters; None counts all events.
        histogram: uint8 [n], flat, C-contiguous.
        counts: events and words by outcome.
    """

    lookup: Lookup
    noise: NoiseState | None
    histogram: npt.NDArray[np.uint8]
    counts: EventCounts


def check_polarity(polarity: npt.NDArray[np.int64]) -> None:
    """Raise ValueError for a polarity, of int64 [n], that is neither 1 (ON) nor 0 (OFF)."""
    wrong = polarity[(polarity != 0) & (polarity != 1)]
    if len(wrong):
        raise ValueError(f'polarity {wrong[0]} is neither 1 nor 0; give 1 for ON and 0 for OFF')


@inlined
def count_event(sink: Any, x: Any, y: Any, polarity: Any, time_ns: Any) -> None:
    """Count one event, up to MAX_COUNT; the caller counts EVENTS.

    Args:
        sink: EventSink.
        x: column, int64, at least 0.
        y: row, int64, at least 0.
        polarity: 1 ON, 0 OFF.
        time_ns: sensor time, at least that of the event before; for the noise filters.
    """
    if is_noise(sink.noise, x, y, time_ns, sink.counts):
        return
    place = find_place(sink.lookup, x, y, polarity)
    if place < 0:
        sink.counts[UNMAPPED_EVENTS + UNMAPPED - place] += 1
        return
    count = sink.histogram[np.uint64(place)]
    if count == MAX_COUNT:
        sink.counts[SATURATED] += 1
        return
    sink.histogram[np.uint64(place)] = count + 1
