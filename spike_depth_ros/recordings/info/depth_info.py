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

"""True depth of one stream in numbers."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from spike_depth_ros.recordings.recording import DepthStream, EventRecording


@dataclass(frozen=True, slots=True)
class DepthInfo:
    """True depth of one stream.

    Attributes:
        stream: the stream.
        frames: number of images.
        start_ns, end_ns: times of the first and the last image; None without images.
        nearest_m, farthest_m: range of the valid depth; NaN without any.
        valid_share: share of pixels with depth, 0 to 1.
    """

    stream: DepthStream
    frames: int
    start_ns: int | None
    end_ns: int | None
    nearest_m: float
    farthest_m: float
    valid_share: float


def survey_depth(
    recording: EventRecording, stream: DepthStream, show: Callable[[int], None]
) -> DepthInfo:
    """Read all images of a stream; show receives the time of each, nanoseconds."""
    start_ns, end_ns = None, None
    frames, valid, pixels = 0, 0, 0
    nearest, farthest = math.nan, math.nan
    for frame in recording.depth(stream):
        frames += 1
        start_ns = frame.t_ns if start_ns is None else start_ns
        end_ns = frame.t_ns
        depth = frame.depth[np.isfinite(frame.depth)]
        pixels += frame.depth.size
        valid += depth.size
        if depth.size:
            nearest = float(np.fmin(nearest, depth.min()))
            farthest = float(np.fmax(farthest, depth.max()))
        show(frame.t_ns)
    share = valid / pixels if pixels else 0.0
    return DepthInfo(stream, frames, start_ns, end_ns, nearest, farthest, share)
