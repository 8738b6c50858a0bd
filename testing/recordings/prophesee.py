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

"""Words of Prophesee's encodings, and files in the layout of Metavision's, in NumPy alone.

Sources: https://docs.prophesee.ai/stable/data/encoding_formats/ and .../data/file_formats/.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.arrays import EventArrays
from spike_depth_ros.units import US_NS

Words = npt.NDArray[Any]
_EVT3_VECTOR, _EVT21_VECTOR = 12, 32


def evt2(events: EventArrays) -> Words:
    """Return words uint32: an event each, with a TIME_HIGH where it changes."""
    t_us = events.t_ns // US_NS
    x, y, polarity = (column.astype(np.int64) for column in events[1:])
    slots = np.stack(
        [
            0x8 << 28 | t_us >> 6 & 0xFFFFFFF,
            polarity << 28 | (t_us & 0x3F) << 22 | x << 11 | y,
        ],
        axis=1,
    )
    return slots[_with_all(_is_new(t_us >> 6))].astype('<u4')


def evt21(events: EventArrays) -> Words:
    """Return words uint64: neighbours of one row in the same 32 columns share a word."""
    (t_us, x, y, polarity), bits = _runs(events, _EVT21_VECTOR, aligned=True)
    high, low = t_us >> 6 & 0xFFFFFFF, t_us & 0x3F
    row = polarity << 60 | low << 54 | (x >> 5 << 5) << 43 | y << 32
    slots = np.stack([np.uint64(0x8 << 60) | high << 32, row | bits], axis=1)
    return slots[_with_all(_is_new(t_us >> 6))].astype('<u8')


def evt3(events: EventArrays) -> Words:
    """Return words uint16: time and row where they change, single events, and vectors of 12."""
    (t_us, x, y, polarity), bits = _runs(events, _EVT3_VECTOR, aligned=False)
    is_single = bits & (bits - np.uint64(1)) == 0
    address = polarity << 11 | x
    slots = np.stack(
        [
            0x8000 | t_us >> 12 & 0xFFF,
            0x6000 | t_us & 0xFFF,
            0x0000 | y,
            np.where(is_single, 0x2000, 0x3000).astype(np.uint64) | address,
            0x4000 | bits,
        ],
        axis=1,
    ).astype('<u2')
    always = np.ones(len(t_us), bool)
    is_high = _is_new(t_us >> 12)
    masks = [is_high, is_high | _is_new(t_us), is_high | _is_new(y), always, ~is_single]
    return slots[np.stack(masks, axis=1)]


WORDS: Mapping[str, Callable[[EventArrays], Words]] = MappingProxyType(
    {'evt2': evt2, 'evt21': evt21, 'evt3': evt3}
)


def _is_new(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return where a value differs from the one before; the first one does."""
    return np.append(np.ones(min(len(values), 1), bool), values[1:] != values[:-1])


def _with_all(optional: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the mask of an optional slot and one that is always there: bool [n, 2]."""
    return np.stack([optional, np.ones(len(optional), bool)], axis=1)


def _runs(
    events: EventArrays, length: int, aligned: bool
) -> tuple[list[npt.NDArray[np.uint64]], npt.NDArray[np.uint64]]:
    """Return runs of events that share time, row and polarity, within a span of columns.

    Args:
        events: the events, whose order stays.
        length: columns of a span.
        aligned: True: a span starts at a multiple of its length; False: runs of neighbours,
            cut at this length.

    Returns:
        t_us, x, y and polarity, uint64, of each run's first event; and the bits of its columns
        from the span's start.
    """
    t_us, x, y, polarity = (
        column.astype(np.int64) for column in (events.t_ns // US_NS, *events[1:])
    )
    is_first = _is_new(t_us) | _is_new(y) | _is_new(polarity)
    if aligned:
        is_first |= _is_new(x // length)
        is_first[1:] |= x[1:] <= x[:-1]
    else:
        is_first[1:] |= x[1:] != x[:-1] + 1
        starts = np.flatnonzero(is_first)
        within = np.arange(len(x)) - np.repeat(starts, np.diff(np.append(starts, len(x))))
        is_first |= within % length == 0
    starts = np.flatnonzero(is_first)
    sizes = np.diff(np.append(starts, len(x)))
    base = x // length * length if aligned else np.repeat(x[starts], sizes)
    ones = np.uint64(1) << (x - base).astype(np.uint64)
    bits = np.bitwise_or.reduceat(ones, starts) if len(starts) else ones
    columns = [column[starts].astype(np.uint64) for column in (t_us, x, y, polarity)]
    return columns, bits


def write_raw(
    path: Path,
    events: EventArrays,
    encoding: str,
    size: tuple[int, int],
    header: str | None = None,
) -> Path:
    """Write a RAW file.

    Args:
        path: the file.
        events: events in order of time.
        encoding: key of WORDS; 'evt21 legacy' swaps the halves of the words.
        size: width and height, pixels.
        header: all of its lines; None writes those of Metavision.
    """
    name, _, is_legacy = encoding.partition(' ')
    words = WORDS[name](events)
    if is_legacy:
        words = words.view('<u4').reshape(-1, 2)[:, ::-1]
    text = raw_header(encoding, size) if header is None else header
    path.write_bytes(text.encode() + np.ascontiguousarray(words).tobytes())
    return path


def raw_header(encoding: str, size: tuple[int, int]) -> str:
    """Return the header that Metavision writes for an encoding; see write_raw."""
    width, height = size
    lines = {
        'evt2': ['evt 2.0', f'format EVT2;height={height};width={width}'],
        'evt21': [f'format EVT21;endianness=little;height={height};width={width}'],
        'evt21 legacy': ['evt 2.1', f'geometry {width}x{height}'],
        'evt3': ['evt 3.0', f'format EVT3;height={height};width={width}'],
    }[encoding]
    more = ['endianness little'] if encoding == 'evt21' else []
    lines = ['camera_integrator_name Prophesee', 'date 2023-04-05 06:07:08', *lines, *more]
    lines += [f'geometry {width}x{height}', 'serial_number 00001234', 'system_ID 49', 'end']
    return ''.join(f'% {line}\n' for line in lines)


def write_dat(
    path: Path, events: EventArrays, size: tuple[int, int] | None, event_type: int = 0x0C
) -> Path:
    """Write a DAT file of version 2, whose times wrap after 2^32 us.

    Args:
        path: the file.
        events: events in order of time.
        size: width and height, pixels; None leaves them out.
        event_type: byte before the events; 0x0C for CD events.
    """
    lines = ['Data file containing CD events.', 'Version 2', 'Date 2014-02-28 13:37:42']
    lines += [f'Height {size[1]}', f'Width {size[0]}'] if size else []
    x, y, polarity = (column.astype(np.int64) for column in events[1:])
    words = np.stack([events.t_ns // US_NS % 2**32, polarity << 28 | y << 14 | x], axis=1)
    header = ''.join(f'% {line}\n' for line in lines).encode()
    path.write_bytes(header + bytes([event_type, 8]) + words.astype('<u4').tobytes())
    return path
