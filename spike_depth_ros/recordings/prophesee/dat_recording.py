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

"""DAT files of Prophesee: one event of 8 bytes after another.

Source: https://docs.prophesee.ai/stable/data/file_formats/dat.html.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.recordings.chunks import checked, merged, within
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.prophesee.header import Header
from spike_depth_ros.recordings.prophesee.sensors import smallest_sensor
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, EventRecording
from spike_depth_ros.units import US_NS

CUT_OFF = 'events that are cut off at the end of the file'
_EVENT_BYTES = 8
_FORMS = (b'\x0c\x08', b'\0\x08')  # type and size of CD events
# Second word of an event; the first one is the time, microseconds, which wraps after 71 minutes.
_X, _Y_SHIFT, _Y, _POLARITY_SHIFT = 0x3FFF, 14, 0x3FFF, 28
_TIME_BITS = 32
_BLOCK_EVENTS = 1 << 16
# Between events this far apart in the file less than half a wrap passes: over 61 events a second.
_STRIDE_EVENTS = 1 << 17


def is_dat(path: Path, header: Header) -> bool:
    """Return whether a file is a DAT file: by its header, or type and size of its events."""
    if 'evt' in header.entries or 'format' in header.entries:
        return False
    form = _form(path, header)
    return 'version' in header.entries or form in _FORMS


class DatRecording(EventRecording):
    """DAT file of one camera; see EventRecording. Its clock is that of the sensor."""

    def __init__(self, path: Path, header: Header) -> None:
        super().__init__(path, 'Prophesee DAT file')
        self.about = header.entries
        self._data_start = _data_start(path, header)
        whole, self._cut_bytes = divmod(path.stat().st_size - self._data_start, _EVENT_BYTES)
        if whole < 1:
            raise RecordingError(f"The DAT file '{path}' has no events: copy or record it again.")
        self._events = whole
        width, height = header.size or self._assumed_size()
        self.cameras = (EventCamera(path.stem, width, height, events=whole),)

    @property
    def start_ns(self) -> int:
        """Return the time of the first event, nanoseconds."""
        return int(self._words(0, 1)[0, 0]) * US_NS

    @property
    def end_ns(self) -> int:
        """Return the time of the last event, nanoseconds."""
        places = [*range(0, self._events, _STRIDE_EVENTS), self._events - 1]
        clock = _Clock()
        raw = np.array([int(self._words(place, 1)[0, 0]) for place in places], np.int64)
        end_ns = int(clock.unwrap(raw)[-1]) * US_NS
        return max(end_ns, self.start_ns)  # a damaged time may be either

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield the events; see EventRecording."""
        blocks = checked(self._blocks(), self.cameras[0], self.losses)
        return merged([within(blocks, start_ns, end_ns)] if cameras else [])

    def _blocks(self) -> Iterator[EventArrays]:
        clock = _Clock()
        for place in range(0, self._events, _BLOCK_EVENTS):
            words = self._words(place, _BLOCK_EVENTS)
            address = words[:, 1]
            yield EventArrays(
                clock.unwrap(words[:, 0].astype(np.int64)) * US_NS,
                (address & _X).astype(np.uint16),
                (address >> _Y_SHIFT & _Y).astype(np.uint16),
                (address >> _POLARITY_SHIFT > 0).astype(np.uint8),
            )
        if self._cut_bytes:
            self.losses[CUT_OFF] += 1

    def _words(self, place: int, events: int) -> NDArray[np.uint32]:
        """Return words [n, 2] of events from a place in the file."""
        offset = self._data_start + place * _EVENT_BYTES
        words = np.fromfile(self.path, '<u4', 2 * min(events, self._events - place), offset=offset)
        return words[: len(words) // 2 * 2].reshape(-1, 2)

    def _assumed_size(self) -> tuple[int, int]:
        address = self._words(0, _BLOCK_EVENTS)[:, 1]
        size = smallest_sensor(
            int((address & _X).max()) + 1, int((address >> _Y_SHIFT & _Y).max()) + 1
        )
        self.notes.append(
            f'the header has no sensor size: {size[0]} x {size[1]} pixels are assumed from the '
            f'first events'
        )
        return size


class _Clock:
    """Unwrap the times of events, microseconds, in their order."""

    def __init__(self) -> None:
        self._last: int | None = None
        self._wraps = 0

    def unwrap(self, raw: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the next times; a step by more than half a wrap crosses a wrap."""
        if not len(raw):
            return raw
        steps = np.diff(raw, prepend=raw[0] if self._last is None else self._last)
        half = 1 << (_TIME_BITS - 1)
        wraps = self._wraps + np.cumsum((steps < -half).astype(np.int64) - (steps > half))
        self._last, self._wraps = int(raw[-1]), int(wraps[-1])
        return raw + (wraps << _TIME_BITS)


def _data_start(path: Path, header: Header) -> int:
    """Return the position of the first event, after its type and size in bytes."""
    form = _form(path, header)
    if len(form) < 2:
        raise RecordingError(f"The DAT file '{path}' has no events: copy or record it again.")
    if form not in _FORMS:
        raise RecordingError(
            f"The DAT file '{path}' has events of type {form[0]:#04x} and {form[1]} bytes, but "
            f'CD events have type 0x0c and {_EVENT_BYTES} bytes: export it again as CD events.'
        )
    return header.data_start + 2


def _form(path: Path, header: Header) -> bytes:
    """Return the bytes with type and size of the events; fewer than two in a short file."""
    with path.open('rb') as file:
        file.seek(header.data_start)
        return file.read(2)
