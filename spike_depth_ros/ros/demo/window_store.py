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

"""Windows of a run, stored until they are measured and drawn."""

import os
import tempfile
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import LEFT

# Size of the temporary file, bytes, from which on no window is stored: about 4,600 windows of
# 346 x 260 pixels.
MAX_BYTES = 2_500_000_000
OFF, NONE, ON = 0, 1, 2
COUNTS, DEPTH, TRUTH = range(3)
DTYPES = (np.uint8, np.float32, np.float16)


@dataclass(frozen=True, slots=True, eq=False)
class StoredWindow:
    """One window.

    Args:
        stamp_ns: stamp of the spike frame, nanoseconds.
        counts: events of the left camera, uint8 [height, width, 2], ON and OFF.
        depth: float32 [height, width], metres, or None.
        truth: true depth in the network's image, float16 [height, width], metres, or None.
    """

    stamp_ns: int
    counts: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float32] | None
    truth: npt.NDArray[np.float16] | None

    @property
    def events(self) -> npt.NDArray[np.uint8]:
        """Return the more frequent polarity, uint8 [height, width]: OFF, NONE or ON."""
        on, off = np.moveaxis(self.counts, -1, 0)
        sign: npt.NDArray[np.uint8] = np.uint8(NONE) + (on > off) - (on < off)
        return sign

    @property
    def has_events(self) -> npt.NDArray[np.bool_]:
        """Return True for pixels with events, bool [height, width]."""
        seen: npt.NDArray[np.bool_] = np.any(self.counts, axis=-1)
        return seen


class WindowStore:
    """Store of the first windows, up to MAX_BYTES or as many as fit, in a temporary file.

    Adding appends bytes and no more, to leave the processor to the nodes; measuring and drawing
    follow the run.
    """

    def __init__(self, tolerance_ns: int) -> None:
        """Open the file.

        Args:
            tolerance_ns: largest distance of a true depth's stamp from its window's.
        """
        self._tolerance_ns = tolerance_ns
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open as long as the store)
        self._end = 0
        self._is_full = False
        self._places: tuple[dict[int, tuple[int, int]], ...] = ({}, {}, {})
        self._shape = (0, 0)

    def add_events(self, stamp_ns: int, counts: npt.NDArray[np.uint8]) -> None:
        """Store the left camera's events of a spike frame, uint8 [height, width, channels]."""
        self._shape = counts.shape[:2]
        self._add(COUNTS, stamp_ns, counts[..., LEFT])

    def add_depth(self, stamp_ns: int, depth: npt.NDArray[np.float32]) -> None:
        """Store a depth image, metres."""
        self._add(DEPTH, stamp_ns, depth)

    def add_truth(self, stamp_ns: int, depth: npt.NDArray[np.float32]) -> None:
        """Store a window's true depth in the network's image, metres, as float16, if it fits."""
        self._append(TRUTH, stamp_ns, depth)

    def stamps(self) -> list[int]:
        """Return the stamps of the windows in increasing order."""
        return sorted(self._places[COUNTS])

    def nearest(self, truth_ns: int) -> StoredWindow | None:
        """Return the window nearest to the stamp of a true depth, None if all are too far off."""
        stamps = self.stamps()
        place = bisect_left(stamps, truth_ns)
        near = stamps[max(place - 1, 0) : place + 1]
        stamp_ns = min(near, key=lambda stamp: abs(stamp - truth_ns), default=None)
        if stamp_ns is None or abs(stamp_ns - truth_ns) > self._tolerance_ns:
            return None
        return self.window(stamp_ns)

    def window(self, stamp_ns: int) -> StoredWindow:
        """Return the window with this stamp."""
        counts = self._read(COUNTS, stamp_ns)
        assert counts is not None
        depth, truth = self._read(DEPTH, stamp_ns), self._read(TRUTH, stamp_ns)
        return StoredWindow(stamp_ns, counts, depth, truth)

    def windows(self) -> Iterator[StoredWindow]:
        """Return the windows in the order of their stamps."""
        return map(self.window, self.stamps())

    def is_full(self) -> bool:
        """Return whether later windows were not stored."""
        return self._is_full

    def _add(self, kind: int, stamp_ns: int, pixels: npt.NDArray[Any]) -> None:
        """Append pixels of the run; the first ones that do not fit end the store."""
        if not self._is_full:
            has_room = self._end < MAX_BYTES
            self._is_full = not (has_room and self._append(kind, stamp_ns, pixels))

    def _append(self, kind: int, stamp_ns: int, pixels: npt.NDArray[Any]) -> bool:
        """Append pixels; return whether they fit on the disk."""
        data = pixels.astype(DTYPES[kind], copy=False).tobytes()
        try:
            fits = os.pwrite(self._file.fileno(), data, self._end) == len(data)
        except OSError:
            return False
        if fits:
            self._places[kind][stamp_ns] = (self._end, len(data))
            self._end += len(data)
        return fits

    def _read(self, kind: int, stamp_ns: int) -> npt.NDArray[Any] | None:
        """Return stored pixels, None if there are none."""
        if stamp_ns not in self._places[kind]:
            return None
        offset, size = self._places[kind][stamp_ns]
        pixels = np.frombuffer(os.pread(self._file.fileno(), size, offset), DTYPES[kind])
        return pixels.reshape(*self._shape, -1) if kind == COUNTS else pixels.reshape(self._shape)
