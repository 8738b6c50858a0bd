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

"""Inertial measurements in arrays: checked, and in the order of time."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.recordings.recording import EventRecording, ImuSample

DAMAGED_SAMPLES = 'damaged imu samples'
BLOCK = 4096  # samples that are read together


class ImuSamples:
    """Inertial measurements of a recording by their number in a file.

    Args:
        owner: recording that counts the losses.
        t_ns: int64 [n], time of each sample, nanoseconds; negative where unknown.
        read: reads the samples of a slice: float [m, 6], angular velocity in rad/s, then
            acceleration in m/s^2.
    """

    def __init__(
        self,
        owner: EventRecording,
        t_ns: NDArray[np.int64],
        read: Callable[[slice], NDArray[Any]],
    ) -> None:
        self._owner, self._read, self._t_ns = owner, read, t_ns

    def samples(self, start_ns: int | None, end_ns: int | None) -> Iterator[ImuSample]:
        """Yield the samples of a range of time; see EventRecording.imu.

        Samples without a rate, and those that are not later than the one before, are left out and
        counted.
        """
        reached_ns = -1
        for first in range(0, len(self._t_ns), BLOCK):
            part = slice(first, first + BLOCK)
            times = self._t_ns[part].tolist()
            for t_ns, values in zip(times, self._read(part).tolist(), strict=False):
                if t_ns <= reached_ns or not np.isfinite(values[:3]).all():
                    self._owner.losses[DAMAGED_SAMPLES] += 1
                    continue
                reached_ns = t_ns
                if end_ns is not None and t_ns >= end_ns:
                    return
                if start_ns is None or t_ns >= start_ns:
                    yield ImuSample(t_ns, tuple(values[:3]), tuple(values[3:]))
