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

"""True depth of a sequence of windows, prepared for the measures of consecutive windows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.spike_frame import left_event_pixels
from spike_depth_ros.training.data.dataset import DataDescription, Depth
from spike_depth_ros.training.data.sequence import Motion, WindowSequence
from spike_depth_ros.units import MS_NS

Mask = NDArray[np.bool_]

# Classes of pixels by the least age of their last event, ms. The first class has events in the
# window itself; the second one has none in it, but one less than 100 ms ago.
AGES_MS = (0, 50, 100, 200, 400, 800)
UNKNOWN_AGE = -1


@dataclass(frozen=True)
class SequenceTruth:
    """True depth of consecutive windows.

    Args:
        depth: float32 [h, w] for each window, metres; NaN where unknown or outside of the data
            set's range.
        event_depth: likewise, depth of the surface that caused a pixel's events.
        has_events: bool [h, w], True for pixels of the left camera with events.
        age: int8 [h, w], class of AGES_MS by the age of the pixel's last event; UNKNOWN_AGE for
            pixels without an event so far that may be of several classes.
        motions: true motion since the window before; None where it is unknown.
        focal_baseline: depth in metres times the disparity in which errors are measured.
        stands_still: whether the rig stands still; None where it is unknown.
    """

    depth: Sequence[Depth]
    event_depth: Sequence[Depth]
    has_events: Sequence[Mask]
    age: Sequence[NDArray[np.int8]]
    motions: Sequence[Motion | None]
    focal_baseline: float
    stands_still: bool | None


def sequence_truth(sequence: WindowSequence, data: DataDescription) -> SequenceTruth:
    """Return the true depth of a sequence of a data set, within the data set's range."""
    near, far = data.depth_m

    def within(depth: Depth) -> Depth:
        return np.where((depth >= near) & (depth <= far), depth, np.float32(np.nan))

    has_events = [left_event_pixels(window.spikes) for window in sequence.windows]
    ends_ms = [end_ns / MS_NS for end_ns in sequence.ends_ns]
    return SequenceTruth(
        [within(window.depth) for window in sequence.windows],
        [within(window.event_depth) for window in sequence.windows],
        has_events,
        ages(has_events, ends_ms, data.window_ns / MS_NS),
        sequence.motions or [None] * len(sequence.windows),
        data.focal_baseline,
        sequence.stands_still,
    )


def ages(
    has_events: Sequence[Mask], ends_ms: Sequence[float], window_ms: float
) -> list[NDArray[np.int8]]:
    """Return the class of AGES_MS of each pixel in each window; see SequenceTruth.

    A pixel without events in a window has not had one since the start of the first such window.

    Args:
        has_events: bool [h, w] for each window.
        ends_ms: ends of the windows, ms.
        window_ms: length of a window, ms.
    """
    quiet_since = np.full(has_events[0].shape, ends_ms[0] - window_ms)
    ever = np.zeros(has_events[0].shape, np.bool_)
    found = []
    for number, (events, end_ms) in enumerate(zip(has_events, ends_ms, strict=True)):
        ever |= events
        age = np.digitize(end_ms - quiet_since, AGES_MS[2:]).astype(np.int8) + np.int8(1)
        classes = np.where(events, np.int8(0), age)
        known = ever | (classes == len(AGES_MS) - 1)
        found.append(np.where(known, classes, np.int8(UNKNOWN_AGE)))
        if number + 1 < len(ends_ms):
            quiet_since[events] = ends_ms[number + 1] - window_ms
    return found
