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

"""Spike frames from arrays of events, without ROS and without a stream."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.count import count_events
from spike_depth_ros.geometry.pixel_table import PixelTable


class EventArrays(NamedTuple):
    """Events of one camera, one entry per event in each array; any order.

    Attributes:
        t_ns: int64 [n], time, nanoseconds; both cameras share one clock.
        x: integers [n], column of the raw pixel, from 0.
        y: integers [n], row of the raw pixel, from 0.
        polarity: integers or bool [n], 1 for ON, 0 for OFF.
    """

    t_ns: npt.NDArray[np.integer[Any]]
    x: npt.NDArray[np.integer[Any]]
    y: npt.NDArray[np.integer[Any]]
    polarity: npt.NDArray[np.integer[Any] | np.bool_]

    def select(self, events: slice | npt.NDArray[np.bool_ | np.intp]) -> 'EventArrays':
        """Return some of the events: a slice, a mask bool [n], or indices int [m]."""
        return EventArrays(
            self.t_ns[events], self.x[events], self.y[events], self.polarity[events]
        )


def spike_frame(
    cameras: Sequence[EventArrays],
    tables: Sequence[PixelTable],
    start_ns: int,
    window_ns: int,
) -> npt.NDArray[np.uint8]:
    """Count the events of one half-open window [start_ns, start_ns + window_ns).

    Args:
        cameras: the left camera, then the right one; or one camera.
        tables: pixel table of each camera, all for a network image of one size.
        start_ns: start of the window, nanoseconds.
        window_ns: length of the window, nanoseconds.

    Returns:
        uint8 [height, width, 2 * cameras]: left ON, left OFF, right ON, right OFF; a count stops
        at 255.

    Raises:
        ValueError: arrays of different lengths, a negative address, another polarity, or another
            number of tables than of cameras.
    """
    frames = []
    for events, table in zip(cameras, tables, strict=True):
        inside = (events.t_ns >= start_ns) & (events.t_ns < start_ns + window_ns)
        x, y, polarity = events.x[inside], events.y[inside], events.polarity[inside]
        frames.append(count_events(x, y, polarity, table))
    return np.concatenate(frames, axis=2)
