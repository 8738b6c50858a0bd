"""Deciding whether a spike frame tells enough to infer depth from it."""

from enum import Enum, auto

import numpy as np
import numpy.typing as npt

NOISE_SHARE = 10


class Verdict(Enum):
    """Say what is to become of a spike frame."""

    DEPTH = auto()
    INCOMPLETE = auto()  # a camera saw nothing, or next to nothing
    SKIPPED = auto()  # too few events


def camera_events(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    """Return the events of each camera in a spike frame, uint8 [h, w, 2 * cameras]."""
    height, _, channels = counts.shape
    columns = counts.reshape(height, -1).sum(axis=0, dtype=np.uint32)  # long sums are fast ones
    cameras: npt.NDArray[np.uint64]
    cameras = columns.reshape(-1, channels).sum(axis=0).reshape(-1, 2).sum(axis=1)
    return cameras


def judge(cameras: npt.NDArray[np.uint64], min_events: int) -> Verdict:
    """Judge a spike frame by the events of each camera, [cameras].

    A network fed with next to nothing, or with one eye, would make depth up. A covered camera
    still sends noise: it counts as silent with less than a tenth of what min_events asks of both.
    """
    if not cameras.sum() >= min_events:
        return Verdict.SKIPPED if cameras.all() else Verdict.INCOMPLETE
    silent = cameras < max(1, min_events / NOISE_SHARE)
    return Verdict.INCOMPLETE if silent.any() else Verdict.DEPTH
