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

"""Noise filters: hot pixels, refractory time and background activity, applied while counting.

The filters work on raw pixels, before the look-up. Background activity: an event without an
earlier event of a neighbouring pixel is noise; Delbruck, "Frame-free dynamic digital vision",
2008.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.event_counts import BACKGROUND_EVENTS, HOT_EVENTS, REFRACTORY_EVENTS
from spike_depth_ros.units import SECOND_NS

# Sensor time over which event rates are measured.
PERIOD_NS = SECOND_NS
# A moving edge excites neighbours alike, but a hot pixel stands out: its rate is over this factor
# times the mean of the other pixels in the square of 2 * NEIGHBOURHOOD + 1 pixels around it.
HOT_FACTOR = 8.0
NEIGHBOURHOOD = 2
# Earlier than any event, and late enough for differences in int64.
NEVER_NS = -(1 << 61)

# Indices of NoiseState.limits, int64 [3]; 0 switches a filter off.
REFRACTORY_NS, SUPPORT_NS, HOT_EVENTS_A_PERIOD = range(3)


@dataclass(frozen=True, slots=True)
class NoiseSettings:
    """Settings of the noise filters; 0 switches a filter off.

    Attributes:
        hot_pixel_hz: event rate, 1/s; a pixel with a higher rate, and HOT_FACTOR times that of
            its neighbours, is hot for the next second.
        refractory_ns: drops events of a pixel that follow its last event within this time.
        support_ns: drops events without an event of one of the eight neighbours within this time.
    """

    hot_pixel_hz: float = 0.0
    refractory_ns: int = 0
    support_ns: int = 0

    @property
    def is_off(self) -> bool:
        """Return whether all filters are off."""
        return not (self.hot_pixel_hz or self.refractory_ns or self.support_ns)


NO_FILTERS = NoiseSettings()


class NoiseState(NamedTuple):
    """State of the compiled filters, for a sensor of h x w pixels.

    Attributes:
        limits: int64 [3].
        last_ns: int64 [h + 2, w + 2], sensor time of each pixel's last event that was neither hot
            nor within the refractory time; the border pixels never have an event.
        events: uint32 [h, w], events of each pixel in this period.
        hot: bool [h, w], hot pixels.
    """

    limits: npt.NDArray[np.int64]
    last_ns: npt.NDArray[np.int64]
    events: npt.NDArray[np.uint32]
    hot: npt.NDArray[np.bool_]


class NoiseFilter:
    """Noise filters of one camera.

    The order is hot pixels, refractory time, background activity; a filter does not see the events
    that an earlier filter removed.

    Attributes:
        state: state for the decoders; None while all filters are off.
    """

    def __init__(self, width: int, height: int, settings: NoiseSettings) -> None:
        """Start without events; width, height: size of the sensor, pixels."""
        self._shape = (height, width)
        self._period: int | None = None
        self.state: NoiseState | None = None
        self.configure(settings)

    def configure(self, settings: NoiseSettings) -> None:
        """Replace the settings at once; the state of the pixels stays while any filter is on."""
        if settings.is_off:
            self.state = None
            return
        if self.state is None:
            self.state = _new_state(self._shape)
        hot_events = max(1, round(settings.hot_pixel_hz * PERIOD_NS / SECOND_NS))
        self.state.limits[REFRACTORY_NS] = settings.refractory_ns
        self.state.limits[SUPPORT_NS] = settings.support_ns
        self.state.limits[HOT_EVENTS_A_PERIOD] = hot_events if settings.hot_pixel_hz else 0

    def advance(self, time_ns: int) -> None:
        """Advance to a time; when a period ends, find its hot pixels."""
        period = time_ns // PERIOD_NS
        if self.state is not None and self._period not in (None, period):
            _find_hot(self.state.events, self.state.limits, self.state.hot)
            self.state.events.fill(0)
        self._period = period

    def forget_time(self) -> None:
        """Forget the times of events at a reset; hot pixels stay hot."""
        if self.state is not None:
            self.state.last_ns.fill(NEVER_NS)
            self.state.events.fill(0)
        self._period = None

    @property
    def hot_pixels(self) -> int:
        """Return the number of hot pixels."""
        if self.state is None or not self.state.limits[HOT_EVENTS_A_PERIOD]:
            return 0
        return int(np.count_nonzero(self.state.hot))


def _new_state(shape: tuple[int, int]) -> NoiseState:
    """Return a state without events; shape: height and width."""
    height, width = shape
    return NoiseState(
        limits=np.zeros(3, np.int64),
        last_ns=np.full((height + 2, width + 2), NEVER_NS, np.int64),
        events=np.zeros(shape, np.uint32),
        hot=np.zeros(shape, np.bool_),
    )


@inlined
def is_noise(noise: Any, x: Any, y: Any, time_ns: Any, counts: Any) -> Any:
    """Return whether an event is noise, and count the reason; not for events off the sensor.

    Args:
        noise: NoiseState; None if all filters are off.
        x, y: pixel, int64, at least 0.
        time_ns: sensor time, at least that of the event before.
        counts: EventCounts.
    """
    if noise is None:  # compiled separately for None, so one branch is removed
        return False
    if y >= noise.hot.shape[0] or x >= noise.hot.shape[1]:
        return False
    row, column = np.uint64(y), np.uint64(x)
    if noise.limits[HOT_EVENTS_A_PERIOD]:
        noise.events[row, column] += 1
        if noise.hot[row, column]:
            counts[HOT_EVENTS] += 1
            return True
    middle, centre = row + np.uint64(1), column + np.uint64(1)  # of last_ns, with its border
    if time_ns - noise.last_ns[middle, centre] < noise.limits[REFRACTORY_NS]:
        counts[REFRACTORY_EVENTS] += 1
        return True
    noise.last_ns[middle, centre] = time_ns
    support_ns = noise.limits[SUPPORT_NS]
    if support_ns and time_ns - _last_beside(noise.last_ns, middle, centre) > support_ns:
        counts[BACKGROUND_EVENTS] += 1
        return True
    return False


@inlined
def _last_beside(last_ns: Any, row: Any, column: Any) -> Any:
    """Return the time of the last event of the eight neighbours."""
    above, below = row - np.uint64(1), row + np.uint64(1)
    left, right = column - np.uint64(1), column + np.uint64(1)
    return max(
        last_ns[above, left],
        last_ns[above, column],
        last_ns[above, right],
        last_ns[row, left],
        last_ns[row, right],
        last_ns[below, left],
        last_ns[below, column],
        last_ns[below, right],
    )


@compiled
def _find_hot(events: Any, limits: Any, hot: Any) -> None:
    """Mark the hot pixels by their events and those of their neighbours in a period."""
    height, width = events.shape
    least = limits[HOT_EVENTS_A_PERIOD]
    for y in range(height):
        for x in range(width):
            hot[y, x] = False
            count = np.int64(events[y, x])
            if not least or count <= least:
                continue
            top, bottom = max(y - NEIGHBOURHOOD, 0), min(y + NEIGHBOURHOOD + 1, height)
            left, right = max(x - NEIGHBOURHOOD, 0), min(x + NEIGHBOURHOOD + 1, width)
            others = np.int64(0)
            for row in range(top, bottom):
                for column in range(left, right):
                    others += np.int64(events[row, column])
            pixels = (bottom - top) * (right - left) - 1
            hot[y, x] = (count * pixels) > HOT_FACTOR * (others - count)
