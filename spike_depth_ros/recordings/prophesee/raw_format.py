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

"""Format of a RAW file: what its header says, and whether its first words agree with that.

Source: openeb, hal_psee_plugins/src/boards/rawfile/psee_raw_file_header.cpp.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from spike_depth_ros.events import event_counts
from spike_depth_ros.events.packet import Packet
from spike_depth_ros.frames.array_decoder import ArrayDecoder
from spike_depth_ros.geometry.camera import MAX_SENSOR_SIZE
from spike_depth_ros.recordings.errors import RecordingError
from spike_depth_ros.recordings.prophesee.cutter import Cutter
from spike_depth_ros.recordings.prophesee.header import Header
from spike_depth_ros.recordings.prophesee.layouts import LAYOUTS, Layout, Words
from spike_depth_ros.recordings.prophesee.sensors import smallest_sensor

NAMES: Mapping[str, str] = MappingProxyType({'evt2': 'EVT2', 'evt21': 'EVT2.1', 'evt3': 'EVT3'})
_OF_EVT = MappingProxyType({'2.0': 'evt2', '2.1': 'evt21', '3.0': 'evt3'})
_SENSOR_OF = MappingProxyType(
    {'evt2': (640, 480), 'evt21': (1280, 720), 'evt3': (1280, 720), 'genx320': (320, 320)}
)
# Share of the first words that may be damaged, and of their TIME_HIGH words that may jump.
_MAX_DAMAGE, _MAX_JUMPS = 0.1, 0.5
_FEW = 16  # jumps that a sparse file may have


@dataclass(frozen=True)
class RawFormat:
    """Format of a RAW file.

    Attributes:
        encoding: name in events.encodings.
        is_swapped: whether the halves of the words are swapped, as in the first files of EVT2.1.
        width, height: size of the sensor, pixels.
        notes: sentences about what had to be assumed.
    """

    encoding: str
    is_swapped: bool
    width: int
    height: int
    notes: list[str] = field(default_factory=list)

    @property
    def layout(self) -> Layout:
        """Return the layout of the words."""
        return LAYOUTS[self.encoding]

    def words(self, data: np.ndarray) -> Words:
        """Return the whole words of bytes, uint8 [n], which may be changed."""
        layout = self.layout
        whole = data[: len(data) // layout.word_bytes * layout.word_bytes]
        if self.is_swapped:
            halves = whole.view('<u4').reshape(-1, 2)[:, ::-1]
            return np.ascontiguousarray(halves).view(layout.dtype).reshape(-1)
        return whole.view(layout.dtype)


def find_format(path: Path, header: Header, first: np.ndarray) -> RawFormat:
    """Return the format that the header states and the first words agree with.

    Args:
        path: the file.
        header: its header.
        first: uint8 [n], the first bytes after the header.

    Raises:
        RecordingError: the encoding is not read, or the words are not of the stated format.
    """
    damages = []
    stated = _stated_encodings(path, header)
    for encoding in stated:
        for is_swapped in _word_orders(encoding, header):
            found = _sized(encoding, is_swapped, header, first)
            damage = _damage(found, first)
            if damage <= _MAX_DAMAGE:
                found.notes.extend(_assumptions(found, header, stated))
                return found
            damages.append((damage, found))
    damage, found = min(damages, key=lambda each: each[0])
    raise RecordingError(
        f"The RAW file '{path}' is no {NAMES[found.encoding]} of {found.width} x {found.height} "
        f'pixels as its header says: {damage:.0%} of its first words do not fit; correct the '
        f'header, or record it again.'
    )


def _stated_encodings(path: Path, header: Header) -> list[str]:
    """Return the encoding that a header states; all of them if it states none."""
    name = ''.join(letter for letter in header.format_name.lower() if letter.isalnum())
    evt = header.entries.get('evt', '')
    if not name and not evt:
        return ['evt3', 'evt2', 'evt21']
    encoding = name or _OF_EVT.get(evt, '')
    if encoding not in LAYOUTS:
        shown = header.format_name or f'EVT {evt}'
        raise RecordingError(
            f"The RAW file '{path}' has the encoding {shown[:40]}, but {', '.join(NAMES.values())}"
            f' are read: convert it with Metavision.'
        )
    return [encoding]


def _word_orders(encoding: str, header: Header) -> Iterator[bool]:
    """Yield whether the halves of words are swapped, the likelier one first."""
    is_first_evt21 = encoding == 'evt21' and 'endianness' not in header.entries
    yield is_first_evt21
    if encoding == 'evt21':
        yield not is_first_evt21


def _sized(encoding: str, is_swapped: bool, header: Header, first: np.ndarray) -> RawFormat:
    """Return a format with the size that the header states, else the likeliest one."""
    if header.size:
        return RawFormat(encoding, is_swapped, *header.size)
    is_genx320 = any('genx320' in value.lower() for value in header.entries.values())
    likely = RawFormat(encoding, is_swapped, *_SENSOR_OF['genx320' if is_genx320 else encoding])
    if _damage(likely, first) <= _MAX_DAMAGE:
        return likely
    decoder = ArrayDecoder(encoding, MAX_SENSOR_SIZE, MAX_SENSOR_SIZE)
    events = decoder.decode(_packet(likely, first))
    if not len(events.x):
        return likely
    size = smallest_sensor(int(events.x.max()) + 1, int(events.y.max()) + 1)
    return RawFormat(encoding, is_swapped, *size)


def _assumptions(found: RawFormat, header: Header, stated: list[str]) -> Iterator[str]:
    name = NAMES[found.encoding]
    if len(stated) > 1:
        yield f'the header names no encoding: {name} is assumed, which its first words fit'
    if not header.size:
        yield (f'the header has no sensor size: {found.width} x {found.height} pixels are assumed')
    if found.is_swapped != next(_word_orders(found.encoding, header)):
        order = 'swapped' if found.is_swapped else 'not swapped'
        yield f'the halves of the words of {name} are {order}, unlike the header says'


def _damage(found: RawFormat, first: np.ndarray) -> float:
    """Return the share of the first words or events that do not fit a format."""
    cutter = Cutter(found.layout)
    for _ in cutter.cut(found.words(first.copy())):
        pass
    if not cutter.time_highs or cutter.jumps > max(_FEW, _MAX_JUMPS * cutter.time_highs):
        return 1.0
    decoder = ArrayDecoder(found.encoding, found.width, found.height)
    decoder.decode(_packet(found, first))
    counts = decoder.counts
    apart = int(counts[event_counts.STALE_EVENTS : event_counts.UNKNOWN_WORDS + 1].sum())
    wrong = apart + int(counts[event_counts.OUTSIDE_EVENTS])
    return wrong / max(1, apart + int(counts[event_counts.EVENTS]))


def _packet(found: RawFormat, first: np.ndarray) -> Packet:
    data = found.words(first.copy()).view(np.uint8)
    return Packet(found.encoding, found.width, found.height, 0, 0, 0, False, data)
