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

"""Deciding whether a spike frame tells enough to infer depth from it."""

from enum import Enum, auto

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA

NOISE_SHARE = 10


class Verdict(Enum):
    """Say what is to become of a spike frame."""

    DEPTH = auto()
    INCOMPLETE = auto()  # a camera saw nothing, or next to nothing
    SKIPPED = auto()  # too few events


def camera_events(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the events of each camera in a spike frame, uint8 [h, w, 2 * cameras]."""
    channels = cv2.sumElems(counts)[: counts.shape[2]]  # numpy takes ten times as long
    events = np.array(channels, np.int64).reshape(-1, CHANNELS_PER_CAMERA)
    cameras: npt.NDArray[np.int64] = events.sum(axis=1)
    return cameras


def judge(cameras: npt.NDArray[np.int64], min_events: int) -> Verdict:
    """Judge a spike frame by the events of each camera, [cameras].

    A network fed with next to nothing, or with one eye, would make depth up. A covered camera
    still sends noise: it counts as silent with less than a tenth of what min_events asks of both.
    """
    if not cameras.sum() >= min_events:
        return Verdict.SKIPPED if cameras.all() else Verdict.INCOMPLETE
    silent = cameras < max(1, min_events / NOISE_SHARE)
    return Verdict.INCOMPLETE if silent.any() else Verdict.DEPTH
