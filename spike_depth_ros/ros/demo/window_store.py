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

"""Windows of a run, stored until they are drawn and measured."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import LEFT

# A minute at 20 Hz, about 550 MB of temporary file.
MAX_WINDOWS = 1200
OFF, NONE, ON = 0, 1, 2
EVENTS, DEPTH, TRUTH = range(3)


@dataclass(frozen=True, slots=True, eq=False)
class StoredWindow:
    """One window.

    Args:
        stamp_ns: stamp of the spike frame, nanoseconds.
        events: left camera, uint8 [height, width]: OFF, NONE or ON, the more frequent polarity.
        depth: float16 [height, width], metres, or None.
        truth: true depth in the network's image, float16 [height, width], metres, or None.
    """

    stamp_ns: int
    events: npt.NDArray[np.uint8]
    depth: npt.NDArray[np.float16] | None
    truth: npt.NDArray[np.float16] | None


class WindowStore:
    """Store of the first MAX_WINDOWS windows, or as many as fit, in a temporary file.

    Adding appends bytes and no more, to leave the processor to the nodes; decoding follows the
    run.
    """

    def __init__(self, tolerance_ns: int) -> None:
        """Open the file.

        Args:
            tolerance_ns: largest distance of a true depth's stamp from its window's.
        """
        self._tolerance_ns = tolerance_ns
        # Unbuffered: a full disk is noticed at the window that does not fit.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (open as long as the store)
        self._has_room = True
        self._places: dict[int, dict[int, tuple[int, int]]] = {EVENTS: {}, DEPTH: {}, TRUTH: {}}
        self._shape = (0, 0)

    def add_events(self, stamp_ns: int, counts: npt.NDArray[np.uint8]) -> None:
        """Store the left camera's events of a spike frame, uint8 [height, width, channels]."""
        self._shape = counts.shape[:2]
        on, off = np.moveaxis(counts[..., LEFT], -1, 0)
        sign = np.uint8(NONE) + (on > off) - (on < off)
        self._add(EVENTS, stamp_ns, sign.astype(np.uint8).tobytes())

    def add_depth(self, stamp_ns: int, depth: npt.NDArray[np.float32]) -> None:
        """Store a depth image in metres as float16, which rounds by at most 0.05 %."""
        self._add(DEPTH, stamp_ns, depth.astype(np.float16).tobytes())

    def add_truth(self, stamp_ns: int, depth: npt.NDArray[np.float32]) -> None:
        """Store a true depth in the network's image, metres, as float16."""
        self._add(TRUTH, stamp_ns, depth.astype(np.float16).tobytes())

    def stamps(self) -> list[int]:
        """Return the stamps of the windows in increasing order."""
        return sorted(self._places[EVENTS])

    def window(self, stamp_ns: int) -> StoredWindow:
        """Return the window with this stamp."""
        return StoredWindow(
            stamp_ns,
            np.frombuffer(self._read(EVENTS, stamp_ns), np.uint8).reshape(self._shape),
            self._depth(DEPTH, stamp_ns),
            self._depth(TRUTH, self._nearest_truth(stamp_ns)),
        )

    def windows(self) -> Iterator[StoredWindow]:
        """Return the windows in the order of their stamps."""
        return map(self.window, self.stamps())

    def is_full(self) -> bool:
        """Return whether later windows were not stored."""
        return not self._has_room or len(self._places[EVENTS]) >= MAX_WINDOWS

    def _add(self, kind: int, stamp_ns: int, data: bytes) -> None:
        if not self._has_room or len(self._places[kind]) >= MAX_WINDOWS:
            return
        offset = self._file.tell()
        try:
            self._has_room = self._file.write(data) == len(data)
        except OSError:
            self._has_room = False
        if self._has_room:
            self._places[kind][stamp_ns] = (offset, len(data))

    def _read(self, kind: int, stamp_ns: int) -> bytes:
        """Return the stored bytes, b'' if there are none."""
        offset, size = self._places[kind].get(stamp_ns, (0, 0))
        self._file.seek(offset)
        return self._file.read(size)

    def _depth(self, kind: int, stamp_ns: int) -> npt.NDArray[np.float16] | None:
        """Return stored depth, None if there is none."""
        data = self._read(kind, stamp_ns)
        return np.frombuffer(data, np.float16).reshape(self._shape) if data else None

    def _nearest_truth(self, stamp_ns: int) -> int:
        stamps = self._places[TRUTH]
        nearest = min(stamps, key=lambda stamp: abs(stamp - stamp_ns), default=0)
        return nearest if abs(nearest - stamp_ns) <= self._tolerance_ns else 0
