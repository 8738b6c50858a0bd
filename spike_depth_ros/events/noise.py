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

All work on raw pixels, before the look-up. Background activity: Delbruck, "Frame-free dynamic
digital vision", 2008: an event that no event of a neighbouring pixel preceded is noise.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import compiled, inlined
from spike_depth_ros.events.event_counts import BACKGROUND_EVENTS, HOT_EVENTS, REFRACTORY_EVENTS
from spike_depth_ros.units import SECOND_NS

# Rates are measured over so much sensor time.
PERIOD_NS = SECOND_NS
# A moving edge excites neighbours alike, a hot pixel stands out: by this factor over the mean of
# the other pixels in the square of 2 * NEIGHBOURHOOD + 1 pixels around it.
HOT_FACTOR = 8.0
NEIGHBOURHOOD = 2
# Long before any event, and near enough for differences in int64.
NEVER_NS = -(1 << 61)

# Places of NoiseState.limits, int64 [3]; 0 switches a filter off.
REFRACTORY_NS, SUPPORT_NS, HOT_EVENTS_A_PERIOD = range(3)


@dataclass(frozen=True, slots=True)
class NoiseSettings:
    """Say what to filter; 0 switches a filter off.

    hot_pixel_hz: a pixel with more events a second, and HOT_FACTOR times its neighbours', is hot
    for the next second. refractory_ns: drop events of a pixel that follow its last one sooner.
    support_ns: drop events without an event of one of the eight neighbours within this time.
    """

    hot_pixel_hz: float = 0.0
    refractory_ns: int = 0
    support_ns: int = 0

    @property
    def is_off(self) -> bool:
        """Return whether nothing is filtered."""
        return not (self.hot_pixel_hz or self.refractory_ns or self.support_ns)


NO_FILTERS = NoiseSettings()


class NoiseState(NamedTuple):
    """Hold what the compiled filters read and write, for a sensor of h x w pixels.

    limits: int64 [3]. last_ns: int64 [h + 2, w + 2], time of each pixel's last event that was
    neither hot nor too soon, with a border of pixels that never fire. events: uint32 [h, w], of
    this period. hot: bool [h, w].
    """

    limits: npt.NDArray[np.int64]
    last_ns: npt.NDArray[np.int64]
    events: npt.NDArray[np.uint32]
    hot: npt.NDArray[np.bool_]


class NoiseFilter:
    """Filter one camera's events; width, height: of the sensor, pixels.

    The order is hot pixels, refractory time, background activity: what one removes, the next does
    not see. state: for the decoders, None while all filters are off.
    """

    def __init__(self, width: int, height: int, settings: NoiseSettings) -> None:
        self._shape = (height, width)
        self._period: int | None = None
        self.state: NoiseState | None = None
        self.configure(settings)

    def configure(self, settings: NoiseSettings) -> None:
        """Change the settings at once; what is known of pixels is kept while any filter is on."""
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
        """Let sensor time reach time_ns: with a new period, find the hot pixels of the last."""
        period = time_ns // PERIOD_NS
        if self.state is not None and self._period not in (None, period):
            _find_hot(self.state.events, self.state.limits, self.state.hot)
            self.state.events.fill(0)
        self._period = period

    def forget_time(self) -> None:
        """Start anew after a time jump; hot pixels stay hot."""
        if self.state is not None:
            self.state.last_ns.fill(NEVER_NS)
            self.state.events.fill(0)
        self._period = None

    @property
    def hot_pixels(self) -> int:
        """Return how many pixels are hot now."""
        if self.state is None or not self.state.limits[HOT_EVENTS_A_PERIOD]:
            return 0
        return int(np.count_nonzero(self.state.hot))


def _new_state(shape: tuple[int, int]) -> NoiseState:
    height, width = shape
    return NoiseState(
        limits=np.zeros(3, np.int64),
        last_ns=np.full((height + 2, width + 2), NEVER_NS, np.int64),
        events=np.zeros(shape, np.uint32),
        hot=np.zeros(shape, np.bool_),
    )


@inlined
def is_noise(noise: Any, x: Any, y: Any, time_ns: Any, counts: Any) -> Any:
    """Return whether an event is noise, and count why; one outside the sensor is not.

    noise: NoiseState; x, y: int64, at least 0; time_ns: never less than for the event before.
    """
    if noise is None:  # numba removes this branch or the rest, as it is an argument
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
    """Mark the pixels that are hot by their events and their neighbours' in a period."""
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
