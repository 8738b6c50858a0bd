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

"""Counts of the events and words that a decoder read, by what became of them."""

import numpy as np
import numpy.typing as npt

# Places of a tally, int64 [TALLY_SIZE]. Of all EVENTS, those in the next places are not counted
# in the histogram; UNMAPPED_EVENTS and OUTSIDE_EVENTS stand in the order of their look-up entries.
EVENTS = 0
SATURATED = 1  # the count had reached 255
UNMAPPED_EVENTS = 2
OUTSIDE_EVENTS = 3  # not on the sensor
HOT_EVENTS = 4  # of a hot pixel
REFRACTORY_EVENTS = 5  # too soon after the pixel's last one
BACKGROUND_EVENTS = 6  # no neighbour supports it
# These are not among EVENTS.
STALE_EVENTS = 7  # dropped, as the decoder's state is unknown
BACKWARD_EVENTS = 8  # dropped, as their time lies too far back
UNKNOWN_WORDS = 9
TRIGGERS = 10  # external triggers: falling edge here, rising edge in the next place
TALLY_SIZE = 12


def new_tally() -> npt.NDArray[np.int64]:
    """Return an empty tally: int64 [TALLY_SIZE]."""
    return np.zeros(TALLY_SIZE, np.int64)
