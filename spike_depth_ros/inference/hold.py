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

"""Depth of the last window with enough events, for windows with too few."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from spike_depth_ros.inference.confidence import Confidence
from spike_depth_ros.inference.engine import Inference


class Held(NamedTuple):
    """Depth of an earlier window.

    Args:
        inference: output of the network for it, with the confidence of its age.
        age_ns: time from the end of that window to the end of this one, nanoseconds.
    """

    inference: Inference
    age_ns: int


class DepthHold:
    """Latest output of the network, which stands in while too few events come.

    An event camera that stands still before a still scene sends nothing, and the latest depth is
    the best there is.
    """

    def __init__(self) -> None:
        self._latest: tuple[Inference, int] | None = None

    def clear(self) -> None:
        """Forget the latest output."""
        self._latest = None

    def keep(self, inference: Inference, stamp_ns: int) -> None:
        """Keep the output for a window that ends at stamp_ns, nanoseconds."""
        self._latest = inference, stamp_ns

    def at(self, stamp_ns: int, hold_ns: int) -> Held | None:
        """Return the latest output, None if it is too old.

        Args:
            stamp_ns: end of the window that has too few events, nanoseconds.
            hold_ns: greatest age, nanoseconds; 0: never.
        """
        if self._latest is None:
            return None
        inference, latest_ns = self._latest
        age_ns = stamp_ns - latest_ns
        if not 0 < age_ns <= hold_ns:
            return None
        if inference.confidence is not None:
            confidence = held_confidence(inference.confidence, age_ns, hold_ns)
            inference = replace(inference, confidence=confidence)
        return Held(inference, age_ns)


def held_confidence(confidence: Confidence, age_ns: int, hold_ns: int) -> Confidence:
    """Return the confidence of depth that is held: halved at the greatest age.

    The age that the user tolerates is the only measure of the scene's motion at hand. In a
    simulation at 35,000 events a window half of the depth is still right 0.8 s later
    (bench/held_depth.py). A rig of which fewer than min_events = 500 events come is about 70 times
    slower, so up to a hold of a minute confidence falls faster than the share of right depth.

    Args:
        confidence: float32 [h, w], of the window that the depth is from.
        age_ns: age of the depth, nanoseconds.
        hold_ns: greatest age, nanoseconds, above 0.
    """
    return confidence * np.float32(2.0 ** (-age_ns / hold_ns))
