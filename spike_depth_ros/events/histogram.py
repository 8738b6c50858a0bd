"""Count events into a histogram of uint8, the one step that all encodings share.

A function compiled here is inlined into the decoders, and numba's cache of a decoder watches the
decoder's own file only: after a change here remove the __pycache__ folders.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

# Entries of a look-up that are no place in the histogram.
UNMAPPED = -1
OUTSIDE = -2

# Places of a tally, int64 [TALLY_SIZE]: what became of the events and words of a packet. The first
# four divide the events that were read; the places of UNMAPPED and OUTSIDE follow from their
# values (see count_event).
COUNTED, SATURATED, UNMAPPED_EVENTS, OUTSIDE_EVENTS = 0, 1, 2, 3
STALE_EVENTS = 4  # dropped, as the decoder's state is unknown
BACKWARD_EVENTS = 5  # dropped, as their time lies too far back
UNKNOWN_WORDS = 6
TRIGGERS = 7  # external triggers: falling edge here, rising edge in the next place
TALLY_SIZE = 9

FULL = 255


def new_tally() -> npt.NDArray[np.int64]:
    """Return an empty tally: int64 [TALLY_SIZE]."""
    return np.zeros(TALLY_SIZE, np.int64)


def check_polarity(polarity: npt.NDArray[np.int64]) -> None:
    """Raise ValueError where a polarity, int64 [n], is neither ON nor OFF."""
    wrong = polarity[(polarity != 0) & (polarity != 1)]
    if len(wrong):
        raise ValueError(f'polarity {wrong[0]} is neither 1 nor 0; give 1 for ON and 0 for OFF')


@njit(nogil=True)
def count_event(lookup: Any, x: Any, y: Any, polarity: Any, histogram: Any, tally: Any) -> None:
    """Count one event at the place that the look-up names, stopping at 255.

    lookup: int32 [raw_height + 1, raw_width + 1], see PixelTable.lookup; x, y: int64, at least 0;
    polarity: 1 ON, 0 OFF; histogram: uint8 [n], flat; tally: int64 [TALLY_SIZE].
    """
    entry = lookup[min(y, lookup.shape[0] - 1), min(x, lookup.shape[1] - 1)]
    if entry < 0:
        tally[1 - entry] += 1
        return
    place = np.uint64(entry - polarity)
    count = histogram[place]
    if count == FULL:
        tally[SATURATED] += 1
        return
    histogram[place] = count + 1
    tally[COUNTED] += 1
