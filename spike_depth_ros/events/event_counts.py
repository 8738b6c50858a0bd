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

"""Event counts: events and words of one decoder, by outcome."""

import numpy as np
import numpy.typing as npt

EventCounts = npt.NDArray[np.int64]

# Indices of EventCounts, int64 [SIZE]. EVENTS includes the outcomes from SATURATED to
# BACKGROUND_EVENTS. UNMAPPED_EVENTS and OUTSIDE_EVENTS have the order of the codes of find_place.
EVENTS = 0
SATURATED = 1  # the count is MAX_COUNT already
UNMAPPED_EVENTS = 2
OUTSIDE_EVENTS = 3  # outside the sensor
HOT_EVENTS = 4  # of a hot pixel
REFRACTORY_EVENTS = 5  # within the refractory time of the pixel
BACKGROUND_EVENTS = 6  # without support of a neighbour
# EVENTS excludes the following outcomes.
STALE_EVENTS = 7  # the decoder does not know time or address
BACKWARD_EVENTS = 8  # earlier than the time reached by more than the jitter
UNKNOWN_WORDS = 9
TRIGGERS = 10  # external triggers: falling edge here, rising edge at the next index
SIZE = 12


def new_event_counts() -> EventCounts:
    """Return counts of zero: int64 [SIZE]."""
    return np.zeros(SIZE, np.int64)
