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

"""Decision whether a spike frame has enough events to infer depth."""

from enum import Enum, auto

import cv2
import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA

NOISE_SHARE = 0.1
MIN_EVENTS = 500  # of a window that yields depth; default


class Verdict(Enum):
    """Decision about a spike frame."""

    DEPTH = auto()
    INCOMPLETE = auto()  # a camera has next to no events
    SKIPPED = auto()  # too few events


def camera_events(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Return the number of events per camera, int64 [cameras].

    counts: a spike frame, uint8 [h, w, 2 * cameras].
    """
    channels = cv2.sumElems(counts)[: counts.shape[2]]  # numpy takes ten times as long
    events = np.array(channels, np.int64).reshape(-1, CHANNELS_PER_CAMERA)
    cameras: npt.NDArray[np.int64] = events.sum(axis=1)
    return cameras


def judge(cameras: npt.NDArray[np.int64], min_events: int) -> Verdict:
    """Decide about a spike frame by the number of events per camera, int64 [cameras].

    A network would invent depth from next to no events, or from one camera of two. A covered
    camera still sends noise: it counts as silent with fewer than a share NOISE_SHARE of all
    events, or of min_events if there are more. A frame is skipped, not incomplete, if each camera
    has less than that share of min_events: nothing moves before either.
    """
    events = cameras.tolist()
    total = sum(events)
    if max(events) < max(1, min_events * NOISE_SHARE):
        return Verdict.SKIPPED
    if min(events) < max(1, min(min_events, total) * NOISE_SHARE):
        return Verdict.INCOMPLETE
    return Verdict.DEPTH if total >= min_events else Verdict.SKIPPED
