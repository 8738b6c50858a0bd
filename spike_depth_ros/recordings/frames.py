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

"""Frames with times: depth and images, in the order of time."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.recordings.recording import DepthFrame, EventRecording, ImageFrame

DAMAGED = 'damaged frames'
UNTIMED = 'frames without a time'


def known_depth(depth: NDArray[Any]) -> NDArray[np.float32]:
    """Return depth as float32, NaN where it is unknown: not finite, or not above 0."""
    known = np.isfinite(depth) & (depth > 0)
    return np.where(known, depth, np.nan).astype(np.float32)


class Frames:
    """Frames of a recording by their number in a file or folder.

    Args:
        owner: recording that counts the losses.
        count: number of frames; frames beyond the times are left out and counted.
        t_ns: int64 [n], time of each frame, nanoseconds, in any order.
        read: reader of one frame by its number; any exception means that it is damaged.
    """

    def __init__(
        self,
        owner: EventRecording,
        count: int,
        t_ns: NDArray[np.int64],
        read: Callable[[int], NDArray[Any]],
    ) -> None:
        self._owner, self._read = owner, read
        self._t_ns = t_ns[:count]
        self._untimed = max(count - len(t_ns), 0)

    def __len__(self) -> int:
        return len(self._t_ns)

    def ends_ns(self) -> tuple[int, int]:
        """Return the times of the first and of the last frame."""
        return int(self._t_ns.min()), int(self._t_ns.max())

    def depth(self, start_ns: int | None, end_ns: int | None) -> Iterator[DepthFrame]:
        """Yield depth with NaN where it is not finite and above 0."""
        for t_ns, frame in self._between(start_ns, end_ns):
            yield DepthFrame(t_ns, known_depth(frame))

    def images(self, start_ns: int | None, end_ns: int | None) -> Iterator[ImageFrame]:
        """Yield images; another type than uint8 is damage."""
        for t_ns, frame in self._between(start_ns, end_ns):
            if frame.dtype == np.uint8:
                yield ImageFrame(t_ns, frame)
            else:
                self._owner.losses[DAMAGED] += 1

    def _between(
        self, start_ns: int | None, end_ns: int | None
    ) -> Iterator[tuple[int, NDArray[Any]]]:
        if self._untimed:
            self._owner.losses[UNTIMED] += self._untimed
        for number in np.argsort(self._t_ns, kind='stable').tolist():
            t_ns = int(self._t_ns[number])
            if end_ns is not None and t_ns >= end_ns:
                return
            if start_ns is not None and t_ns < start_ns:
                continue
            try:
                frame = self._read(number)
            except Exception:  # h5py and its filters raise errors of any class
                self._owner.losses[DAMAGED] += 1
                continue
            yield t_ns, frame
