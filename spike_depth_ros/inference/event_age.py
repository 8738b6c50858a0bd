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

"""Age of the events: time since the last event of each pixel."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import left_event_pixels
from spike_depth_ros.units import SECOND_NS


class EventAge:
    """Time of the last event of each pixel of the left or only camera.

    A window tells that a pixel had an event, not when: an event counts as of the window's end, so
    an age is short by up to the window's length.
    """

    def __init__(self) -> None:
        self._last_ns: npt.NDArray[np.int64] | None = None  # 0: never

    def clear(self) -> None:
        """Forget all events."""
        self._last_ns = None

    def add(self, counts: npt.NDArray[np.uint8], stamp_ns: int) -> None:
        """Add a window.

        Args:
            counts: spike frame, uint8 [h, w, channels].
            stamp_ns: end of the window, nanoseconds, above 0; not before that of the last one.
        """
        if self._last_ns is None or self._last_ns.shape != counts.shape[:2]:
            self._last_ns = np.zeros(counts.shape[:2], np.int64)
        np.copyto(self._last_ns, stamp_ns, where=left_event_pixels(counts))

    def seconds(self, stamp_ns: int, mapped: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
        """Return the ages at a time, float32 [h, w], seconds.

        NaN where no event has been seen, and where no sensor pixel maps.

        Args:
            stamp_ns: the time, nanoseconds.
            mapped: bool [h, w], False where no sensor pixel maps.
        """
        if self._last_ns is None:
            return np.full(mapped.shape, np.nan, np.float32)
        age_s = ((stamp_ns - self._last_ns) / SECOND_NS).astype(np.float32)
        age_s[~mapped | (self._last_ns == 0)] = np.nan
        return age_s
