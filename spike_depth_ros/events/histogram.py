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

"""Take one decoded event: count it in a histogram of uint8, or append it to arrays.

All encodings share this step; the type of the sink chooses, when a decoder is compiled.
numba inlines these functions into the decoders, and numba's cache watches the decoder's file only:
remove the __pycache__ folders after a change here.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba.extending import overload

from spike_depth_ros.events.compiled import INLINED
from spike_depth_ros.events.event_counts import (
    OUTSIDE_EVENTS,
    SATURATED,
    UNMAPPED_EVENTS,
    EventCounts,
)
from spike_depth_ros.events.lookup import Lookup, find_place
from spike_depth_ros.events.noise import NoiseState, is_noise
from spike_depth_ros.frames.spike_frame import MAX_COUNT
from spike_depth_ros.geometry.pixel_table import UNMAPPED


class EventSink(NamedTuple):
    """Histogram that counts decoded events.

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


class ArraySink(NamedTuple):
    """Arrays to which decoded events are appended; the caller leaves room for all of them.

    Attributes:
        width, height: size of the sensor, pixels; an event outside of it is left out.
        size: int64 [1], number of events in the arrays.
        t_ns: int64 [n], sensor time, nanoseconds.
        x, y: uint16 [n], raw pixel.
        polarity: uint8 [n], 1 ON, 0 OFF.
        counts: events and words by outcome.
    """

    width: int
    height: int
    size: npt.NDArray[np.int64]
    t_ns: npt.NDArray[np.int64]
    x: npt.NDArray[np.uint16]
    y: npt.NDArray[np.uint16]
    polarity: npt.NDArray[np.uint8]
    counts: EventCounts


Sink = EventSink | ArraySink


def check_polarity(polarity: npt.NDArray[np.integer[Any] | np.bool_]) -> None:
    """Raise ValueError for a polarity, of integers [n], that is neither 1 (ON) nor 0 (OFF)."""
    if not len(polarity) or 0 <= polarity.min() <= polarity.max() <= 1:
        return
    wrong = polarity[(polarity != 0) & (polarity != 1)]
    if len(wrong):
        raise ValueError(f'polarity {wrong[0]} is neither 1 nor 0; give 1 for ON and 0 for OFF')


def count_event(sink: Any, x: Any, y: Any, polarity: Any, time_ns: Any) -> None:
    """Take one event; the caller counts EVENTS. For compiled code only.

    Args:
        sink: EventSink, which counts up to MAX_COUNT, or ArraySink.
        x: column, int64, at least 0.
        y: row, int64, at least 0.
        polarity: 1 ON, 0 OFF.
        time_ns: sensor time, at least that of the event before.
    """
    raise NotImplementedError('count_event runs in compiled code')


@overload(count_event, jit_options=INLINED)
def _of_sink(sink: Any, x: Any, y: Any, polarity: Any, time_ns: Any) -> Any:
    """Return the form of count_event for the type of a sink."""
    return _append if sink.instance_class is ArraySink else _count


def _count(sink: Any, x: Any, y: Any, polarity: Any, time_ns: Any) -> None:
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


def _append(sink: Any, x: Any, y: Any, polarity: Any, time_ns: Any) -> None:
    if x >= sink.width or y >= sink.height:
        sink.counts[OUTSIDE_EVENTS] += 1
        return
    place = np.uint64(sink.size[0])
    sink.t_ns[place] = time_ns
    sink.x[place] = x
    sink.y[place] = y
    sink.polarity[place] = polarity
    sink.size[0] += 1
