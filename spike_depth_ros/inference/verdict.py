"""Deciding whether a spike frame tells enough to infer depth from it."""

from enum import Enum, auto

import numpy as np
import numpy.typing as npt


class Verdict(Enum):
    """Say what is to become of a spike frame."""

    DEPTH = auto()
    INCOMPLETE = auto()  # a camera saw nothing
    SKIPPED = auto()  # too few events


def judge(counts: npt.NDArray[np.uint8], min_events: int) -> Verdict:
    """Judge a spike frame, uint8 [h, w, 2 * cameras], by its events.

    A network fed with next to nothing, or with one eye, would make depth up.
    """
    height, _, channels = counts.shape
    columns = counts.reshape(height, -1).sum(axis=0, dtype=np.uint32)  # long sums are fast ones
    cameras = columns.reshape(-1, channels).sum(axis=0).reshape(-1, 2).sum(axis=1)
    if not cameras.all():
        return Verdict.INCOMPLETE
    return Verdict.DEPTH if cameras.sum() >= min_events else Verdict.SKIPPED
