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

"""AEDAT 2.0 files of jAER and v2e: addresses and times of one camera.

Sources: docs.inivation.com, "AEDAT 2.0"; jAER's extractors DavisBaseCamera and DVS128; v2e's
AEDat2Output. Big-endian pairs of address (uint32) and time (int32, microseconds). The origin of
the addresses is the lower right corner: jAER mirrors x of these chips, and y counts upwards.

DAVIS: DVS events have bits 31 (frame) and 10 (trigger) clear; y 30..22, x 21..12, polarity 11.
DVS128: DVS events have no bit above 14; y 14..8, x 7..1, OFF if bit 0 is set.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.aedat.chips import CHIPS, Chip, find_chip
from spike_depth_ros.recordings.aedat.lines import read_lines, value
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, EventRecording
from spike_depth_ros.units import US_NS

DAMAGED = 'damaged events'
V2E = 'AEDat2Output in v2e'
_WORDS = np.dtype([('address', '>u4'), ('t', '>i4')])
_BLOCK = 1 << 17  # pairs
_SAMPLE = 1 << 20  # pairs between two looks at the time
# Times wrap from 2^31 - 1 to -2^31; a step between values this near to both is a wrap.
_WRAP_NEAR = 1 << 28


def open_file(path: Path) -> EventRecording:
    """Open an AEDAT 2.0 file."""
    return Aedat2Recording(path)


class Aedat2Recording(EventRecording):
    """AEDAT 2.0 file; see EventRecording. Times count from the camera's last reset."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, 'AEDAT 2.0 file')
        self._file = self._stack.enter_context(path.open('rb'))
        try:
            lines, self._data_at = read_lines(self._file)
            size = os.fstat(self._file.fileno()).st_size - self._data_at
            self._pairs, self._rest = divmod(size, _WORDS.itemsize)
            name, self._chip = self._find_chip(lines)
            self._start_ns, self._end_ns = self._times_ns()
        except BaseException:
            self.close()
            raise
        self.cameras = (EventCamera(name, self._chip.width, self._chip.height),)
        self.notes.append(
            'AEDAT 2.0 does not tell the orientation of its pixels: x and y are mirrored as jAER '
            'does'
        )

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events of the camera; see EventRecording.events."""
        if self._rest:
            self.losses[DAMAGED] += 1
        blocks = [checked(self._blocks(), camera, self.losses) for camera in cameras]
        return merged([within(of_camera, start_ns, end_ns) for of_camera in blocks])

    def _blocks(self) -> Iterator[EventArrays]:
        wraps, last = 0, 0
        for first in range(0, self._pairs, _BLOCK):
            words = self._read(first, _BLOCK)
            t_us, wraps = _unwrapped(words['t'], last, wraps)
            last = int(words['t'][-1])
            yield _decoded(words['address'].astype(np.uint32), t_us, self._chip)

    def _read(self, first: int, count: int) -> NDArray[np.void]:
        at = self._data_at + first * _WORDS.itemsize
        count = min(count, self._pairs - first)
        return np.frombuffer(os.pread(self._file.fileno(), count * _WORDS.itemsize, at), _WORDS)

    def _find_chip(self, lines: list[str]) -> tuple[str, Chip]:
        """Return name and chip; of a file of v2e, which names none, by the largest address."""
        name = value(lines, '# AEChip:').rpartition('.')[2]
        if chip := find_chip(name):
            return name, chip
        if not name and any(V2E in line for line in lines):
            words = self._read(0, _SAMPLE)
            wide = CHIPS['DAVIS346']
            pixels = _decoded(words['address'].astype(np.uint32), words['t'], wide)
            small = CHIPS['DAVIS240']
            is_small = np.all(pixels.x >= wide.width - small.width) and np.all(
                pixels.y >= wide.height - small.height
            )
            return ('DAVIS240', small) if is_small else ('DAVIS346', wide)
        found = f"the chip '{name}', which is unknown" if name else 'no chip'
        raise RecordingError(
            f"The recording '{self.path}' cannot be read, as its header names {found}: add a line "
            f"such as '# AEChip: DAVIS240' to it, with one of {', '.join(CHIPS)}."
        )

    def _times_ns(self) -> tuple[int, int]:
        """Return the times of the first and the last event."""
        first = next((b for b in self._blocks() if len(b.t_ns)), None)
        if first is None:
            raise RecordingError(
                f"The recording '{self.path}' holds no event: record it again, with DVS events."
            )
        looks = [*range(0, self._pairs, _SAMPLE), self._pairs - 1]
        times = np.array([int(self._read(look, 1)['t'][0]) for look in looks], np.int64)
        wraps = int(np.count_nonzero(np.diff(times) < -(1 << 31)))
        return int(first.t_ns[0]), (int(times[-1]) + (wraps << 32)) * US_NS


def _unwrapped(times: NDArray[np.int32], before: int, wraps: int) -> tuple[NDArray[np.int64], int]:
    """Return times without wraps, and the number of wraps so far.

    Args:
        times: int32 [n], microseconds.
        before: time before the first one.
        wraps: number of wraps up to there.
    """
    t_us = times.astype(np.int64)
    top, bottom = (1 << 31) - _WRAP_NEAR, _WRAP_NEAR - (1 << 31)
    if max(before, int(t_us.max())) <= top or min(before, int(t_us.min())) >= bottom:
        return t_us + (wraps << 32), wraps
    previous = np.concatenate(([before], t_us[:-1]))
    steps = ((previous > top) & (t_us < bottom)).astype(np.int64)
    steps -= (previous < bottom) & (t_us > top)
    counts = wraps + np.cumsum(steps)
    return t_us + (counts << 32), int(counts[-1])


def _decoded(address: NDArray[np.uint32], t_us: NDArray[np.int64], chip: Chip) -> EventArrays:
    """Return the DVS events; pixels out of range become negative."""
    is_event = (address & 0x8000_0400 == 0) if chip.is_davis else (address < 0x8000)
    if not np.all(is_event):
        address, t_us = address[is_event], t_us[is_event]
    if chip.is_davis:
        x, y, polarity = address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1
    else:
        x, y, polarity = address >> 1 & 0x7F, address >> 8 & 0x7F, ~address & 1
    return EventArrays(
        t_us.astype(np.int64) * US_NS,
        chip.width - 1 - x.astype(np.int16),
        chip.height - 1 - y.astype(np.int16),
        polarity.astype(np.uint8),
    )
