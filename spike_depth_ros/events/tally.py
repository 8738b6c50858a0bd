"""What became of the events and words that a decoder read."""

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
