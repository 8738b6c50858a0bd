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

"""Tables of flatbuffers, each access within the bounds of the bytes.

Source: flatbuffers.dev/internals. A table begins with the distance back to its vtable; the vtable
has its own size, the table's size and the place of each field in the table, 0 for a default.
"""

import struct
from typing import Any, Self

import numpy as np
import numpy.typing as npt

_IDENTIFIER_AT = 4  # after the offset of the root table
_FIELDS_AT = 4  # in a vtable, after the two sizes


class Table:
    """Table in a buffer; raises ValueError where the bytes are damaged.

    Args:
        buffer: flatbuffer without the size before it.
        position: byte at which the table begins.
    """

    def __init__(self, buffer: bytes | memoryview, position: int) -> None:
        self._buffer = buffer
        self._position = position
        self._vtable = position - self._unpack('<i', position)
        self._fields = (self._unpack('<H', self._vtable) - _FIELDS_AT) // 2

    @classmethod
    def root(cls, buffer: bytes | memoryview, identifier: bytes) -> Self:
        """Return the root table of a buffer with this identifier of four bytes."""
        if buffer[_IDENTIFIER_AT : _IDENTIFIER_AT + 4] != identifier:
            raise ValueError(f'no flatbuffer {identifier.decode()}')
        return cls(buffer, int(struct.unpack_from('<I', buffer)[0]))

    def number(self, field: int, form: str, default: int) -> int:
        """Return an integer; form: code of struct."""
        place = self._place(field)
        return self._unpack(f'<{form}', place) if place else default

    def vector(self, field: int, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return a vector as a view of the buffer, of no elements if it is absent."""
        place = self._place(field)
        if not place:
            return np.zeros(0, dtype)
        start = place + self._unpack('<I', place)
        return np.frombuffer(self._buffer, dtype, self._unpack('<I', start), start + 4)

    def tables(self, field: int) -> npt.NDArray[np.int64]:
        """Return the positions of a vector's tables, int64 [n]."""
        offsets = self.vector(field, '<u4').astype(np.int64)
        if not len(offsets):
            return np.zeros(0, np.int64)
        place = self._place(field)
        first = place + self._unpack('<I', place) + 4
        return offsets + (first + 4 * np.arange(len(offsets)))

    def _place(self, field: int) -> int:
        """Return the byte of a field, 0 if it has its default value."""
        if field >= self._fields:
            return 0
        offset = self._unpack('<H', self._vtable + _FIELDS_AT + 2 * field)
        return self._position + offset if offset else 0

    def _unpack(self, form: str, position: int) -> int:
        if not 0 <= position <= len(self._buffer) - struct.calcsize(form):
            raise ValueError(f'a flatbuffer of {len(self._buffer)} bytes points at {position}')
        return int(struct.unpack_from(form, self._buffer, position)[0])


def column(
    buffer: bytes | memoryview,
    tables: npt.NDArray[np.int64],
    field: int,
    dtype: str,
    skip: int = 0,
) -> npt.NDArray[np.int64]:
    """Return the integers of one field of many tables; raises ValueError where one lacks it.

    Args:
        buffer: flatbuffer without the size before it.
        tables: positions of the tables, int64 [n].
        field: number of the field.
        dtype: type of the integer.
        skip: bytes of the field, a struct, before the integer.
    """
    entry = 2 * field + _FIELDS_AT
    vtables = tables - _gather(buffer, tables, '<i4')
    if np.any(_gather(buffer, vtables, '<u2') <= entry):
        raise ValueError(f'a table without field {field}')
    offsets = _gather(buffer, vtables + entry, '<u2')
    if not np.all(offsets):
        raise ValueError(f'a table without field {field}')
    return _gather(buffer, tables + offsets + skip, dtype)


def _gather(
    buffer: bytes | memoryview, positions: npt.NDArray[np.int64], dtype: str
) -> npt.NDArray[np.int64]:
    """Return the integers at some positions, int64 [n]."""
    size = np.dtype(dtype).itemsize
    if len(positions) and not 0 <= positions.min() <= positions.max() <= len(buffer) - size:
        raise ValueError(f'a flatbuffer of {len(buffer)} bytes points outside of itself')
    places = positions[:, None] + np.arange(size)
    numbers = np.frombuffer(buffer, np.uint8)[places].view(dtype)[:, 0]
    return np.asarray(numbers, np.int64)


def sized(data: bytes) -> memoryview:
    """Return a view of the flatbuffer after its size."""
    if len(data) < 8:
        raise ValueError(f'a flatbuffer of {len(data)} bytes')
    return memoryview(data)[4:]
