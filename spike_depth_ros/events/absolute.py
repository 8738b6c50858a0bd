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

"""Base class of decoders whose packets carry absolute time, so that no clock wraps."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.lookup import Lookup
from spike_depth_ros.events.noise import NoiseState
from spike_depth_ros.events.tally import new_tally

NO_TIME = -1

# Places of the state, int64 [n]: time reached in ns; base of the packet's times in ns. An
# encoding's own places follow.
REACHED, TIME_BASE, FIRST_OWN = range(3)


class AbsoluteDecoder:
    """Follow one camera's stream; see Decoder, of which `open` is left to the encoding.

    count: compiled function of words, position, until_ns, state, lookup, noise, histogram and
    tally that returns the position of the first event at or after until_ns. own: what the
    encoding's own places of the state start with. `open` sets the time base and first_ns, the
    time at which the packet starts.
    """

    wrap_ns = 0
    word_bytes: int

    def __init__(self, count: Any, *own: int) -> None:
        self.tally = new_tally()
        self.first_ns: int | None = None
        self.state = np.array([NO_TIME, 0, *own], np.int64)
        self._count = count

    @property
    def time_ns(self) -> int | None:
        reached = int(self.state[REACHED])
        return None if reached == NO_TIME else reached

    def first_time_ns(self, words: npt.NDArray[Any]) -> int | None:
        return self.first_ns

    def consume(
        self,
        words: npt.NDArray[Any],
        position: int,
        until_ns: int,
        lookup: Lookup,
        noise: NoiseState | None,
        histogram: npt.NDArray[np.uint8],
    ) -> int:
        """Count the events from a word on, until a time; see Decoder."""
        return int(
            self._count(
                words, position, until_ns, self.state, lookup, noise, histogram, self.tally
            )
        )

    def shift(self, wraps: int) -> None:
        """Do nothing: the time never wraps."""

    def lose(self) -> None:
        """Do nothing: every word stands alone."""
