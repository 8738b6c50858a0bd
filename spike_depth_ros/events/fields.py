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

"""Fields of ROS messages, read in their order from their bytes, without a message type.

Source: OMG CORBA 3.0, 15.3 (CDR, of ROS 2): the first 4 bytes name the byte order, and numbers are
aligned from there on. ROS 1 packs its fields, little-endian, and its Header begins with a number.
"""

import struct

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.units import SECOND_NS

_CDR_HEADER_BYTES = 4
_LITTLE_ENDIAN = 0x1


class MessageFields:
    """Reader of a message's fields; raises ValueError where the bytes end too early.

    Attributes:
        is_big_endian: byte order of the numbers.
        position: byte of the next field.
    """

    _header = 'iI'  # letters of struct for the numbers of a Header
    _is_aligned = True

    def __init__(self, data: bytes | memoryview, start: int, is_big_endian: bool) -> None:
        self._data = memoryview(data)
        self._size = len(data)
        self._start = self.position = start
        self.is_big_endian = is_big_endian
        self._order = '>' if is_big_endian else '<'

    def numbers(self, form: str, size: int) -> tuple[int, ...]:
        """Return integers; form: letters of struct, size: bytes of each."""
        self._align(size)
        start = self._advance(size * len(form))
        return struct.unpack_from(self._order + form, self._data, start)

    def reals(self, count: int) -> NDArray[np.float64]:
        """Return numbers of type float64."""
        self._align(8)
        return np.frombuffer(self.take(8 * count), f'{self._order}f8').astype(np.float64)

    def take(self, length: int) -> memoryview:
        """Return the next bytes."""
        start = self._advance(length)
        return self._data[start : self.position]

    @property
    def remaining(self) -> int:
        """Return the number of bytes from the next field to the end."""
        return self._size - self.position

    def count(self) -> int:
        """Return the length of the sequence that follows."""
        return self.numbers('I', 4)[0]

    def text(self) -> str:
        """Return a string."""
        return str(self.take(self.count()), 'utf-8', 'replace').rstrip('\0')

    def header(self) -> tuple[int, str]:
        """Return stamp, nanoseconds, and frame_id of a std_msgs/Header."""
        *_, seconds, nanoseconds = self.numbers(self._header, 4)
        return seconds * SECOND_NS + nanoseconds, self.text()

    def _align(self, size: int) -> None:
        if self._is_aligned:
            self.position += -(self.position - self._start) % size

    def _advance(self, length: int) -> int:
        """Advance by a number of bytes; return the byte before."""
        start, end = self.position, self.position + length
        if end > self._size:
            raise ValueError(f'a message of {self._size} bytes ends before byte {end} of it')
        self.position = end
        return start


class CdrFields(MessageFields):
    """Fields of a ROS 2 message in CDR bytes, as DDS delivers them and rosbag2 stores them."""

    def __init__(self, data: bytes | memoryview) -> None:
        is_big_endian = len(data) > 1 and not data[1] & _LITTLE_ENDIAN
        super().__init__(data, _CDR_HEADER_BYTES, is_big_endian)


class Ros1Fields(MessageFields):
    """Fields of a ROS 1 message."""

    _header = 'III'  # seq first
    _is_aligned = False

    def __init__(self, data: bytes | memoryview) -> None:
        super().__init__(data, 0, False)
