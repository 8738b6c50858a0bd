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

"""RAW files of Prophesee: the words of a camera as they came, in EVT2, EVT2.1 or EVT3.

Source: https://docs.prophesee.ai/stable/data/file_formats/raw.html.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.events.encodings import new_decoder
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.prophesee.cutter import Cutter, Piece
from spike_depth_ros.recordings.prophesee.header import Header
from spike_depth_ros.recordings.prophesee.layouts import Words
from spike_depth_ros.recordings.prophesee.raw_format import NAMES, find_format
from spike_depth_ros.recordings.recording import EventCamera, EventChunk, EventRecording
from spike_depth_ros.units import SECOND_NS, US_NS

CUT_OFF = 'words that are cut off at the end of the file'
REPAIRED = 'damaged time words'
_BLOCK_BYTES = 1 << 20
# Two files of one recording start closer together.
_APART_NS = SECOND_NS


class RawRecording(EventRecording):
    """RAW file of one camera; see EventRecording.

    The clock is that of the sensor, unwrapped from the first TIME_HIGH on. The header stamp of a
    packet is the time of its first event.
    """

    def __init__(self, path: Path, header: Header) -> None:
        super().__init__(path, 'Prophesee RAW file')
        self.about = header.entries
        self._data_start = header.data_start
        with path.open('rb') as file:
            first = self._block(file, header.data_start)
        if not len(first):
            raise RecordingError(f"The RAW file '{path}' has no events: copy or record it again.")
        self._format = find_format(path, header, first)
        self.kind = f'Prophesee RAW file ({NAMES[self._format.encoding]})'
        self.notes.extend(self._format.notes)
        size = self._format.width, self._format.height
        self.cameras = (EventCamera(path.stem, *size, encoding=self._format.encoding),)
        self._shift_us = 0  # whole wraps

    @cached_property
    def _first_us(self) -> int:
        """Return the first time, without the wraps by which the clock is moved."""
        for chunk in self.events(self.cameras):
            assert isinstance(chunk.events, Packet)
            return chunk.events.stamp_ns // US_NS - self._shift_us
        raise RecordingError(f"The RAW file '{self.path}' has no time words: record it again.")

    @cached_property
    def _last_us(self) -> int:
        """Return the last time, by reading the time words of the whole file."""
        last_us = self._first_us
        for _, piece in self._pieces():
            last_us = piece.end_us
        return last_us

    @property
    def start_ns(self) -> int:
        """Return the time of the first event, nanoseconds."""
        return (self._first_us + self._shift_us) * US_NS

    @property
    def end_ns(self) -> int:
        """Return the time of the last word with a time, nanoseconds; reads the file once."""
        # a damaged time may be either
        return (max(self._first_us, self._last_us) + self._shift_us) * US_NS

    def align(self, other: EventRecording) -> bool:
        """Move by whole wraps of the sensor clock to the start of another RAW file.

        Synchronised cameras share a clock, but each counts its wraps from its own start.
        """
        if not isinstance(other, RawRecording) or other._format.layout != self._format.layout:
            return False
        wrap_us = self._format.layout.wrap_us
        behind_us = (other.start_ns - self.start_ns) // US_NS
        self._shift_us += round(behind_us / wrap_us) * wrap_us
        apart_ns = self.start_ns - other.start_ns
        if abs(apart_ns) > _APART_NS:
            self.notes.append(
                f'{self.path.name} starts {apart_ns / SECOND_NS:+.1f} s after {other.path.name} '
                f'on the clock of synchronised cameras'
            )
        return True

    def events(
        self,
        cameras: Sequence[EventCamera],
        start_ns: int | None = None,
        end_ns: int | None = None,
    ) -> Iterator[EventChunk]:
        """Yield packets of some milliseconds; see EventRecording."""
        if not cameras:
            return
        decoder, seq = new_decoder(self._format.encoding), -1
        for words, piece in self._pieces(counts_losses=True):
            t_ns = (piece.end_us + self._shift_us) * US_NS
            if end_ns is not None and t_ns >= end_ns:
                return
            data = words[piece.start : piece.stop].view(np.uint8)
            seq += 1
            if start_ns is not None and t_ns < start_ns:
                continue
            begin_ns = (piece.begin_us + self._shift_us) * US_NS
            first_ns = decoder.parse(self._packet(data, seq, begin_ns)).first_ns
            if first_ns is not None:  # modulo wraps, since the decoder is new
                half_ns = decoder.wrap_ns // 2
                begin_ns += (first_ns - begin_ns + half_ns) % decoder.wrap_ns - half_ns
            yield EventChunk(0, t_ns, self._packet(data, seq, begin_ns))

    def _packet(self, data: NDArray[np.uint8], seq: int, stamp_ns: int) -> Packet:
        return Packet(
            encoding=self._format.encoding,
            width=self._format.width,
            height=self._format.height,
            seq=seq,
            stamp_ns=stamp_ns,
            time_base_ns=0,
            big_endian=False,
            data=data,
        )

    def _pieces(self, counts_losses: bool = False) -> Iterator[tuple[Words, Piece]]:
        """Yield the words of each block with each packet in it."""
        cutter, word_bytes = Cutter(self._format.layout), self._format.layout.word_bytes
        place, size = self._data_start, _BLOCK_BYTES
        with self.path.open('rb') as file:
            while size == _BLOCK_BYTES:
                data = self._block(file, place)
                size = len(data)
                place += size
                words, repaired = self._format.words(data), cutter.repaired
                pieces = list(cutter.cut(words))
                if counts_losses and cutter.repaired > repaired:
                    self.losses[REPAIRED] += cutter.repaired - repaired
                for piece in pieces:
                    yield words, piece
                if counts_losses and size % word_bytes:
                    self.losses[CUT_OFF] += 1

    def _block(self, file: BinaryIO, place: int) -> NDArray[np.uint8]:
        """Return the bytes of a block; fewer at the end of the file."""
        file.seek(place)
        return np.fromfile(file, np.uint8, _BLOCK_BYTES)
