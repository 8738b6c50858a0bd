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

"""Layout of the words with time in RAW files, by encoding."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.events import evt2, evt3, evt3_layout, evt21, high_time

TIME_HIGH = high_time.TIME_HIGH  # of all three encodings

Words = NDArray[Any]


class Layout(NamedTuple):
    """Layout of the words with time.

    Attributes:
        dtype: words, little-endian.
        kind_shift: lowest bit of the type.
        high_shift, high_bits: place and number of the time's bits in TIME_HIGH.
        low_kinds: types of the words with the lowest bits of the time.
        low_shift, low_bits: place and number of these bits.
        jitter: steps by which TIME_HIGH may go back; the decoder takes more for a wrap.
    """

    dtype: str
    kind_shift: int
    high_shift: int
    high_bits: int
    low_kinds: tuple[int, ...]
    low_shift: int
    low_bits: int
    jitter: int

    @property
    def word_bytes(self) -> int:
        """Return the size of a word, bytes."""
        return np.dtype(self.dtype).itemsize

    @property
    def wrap_us(self) -> int:
        """Return the period of the time, microseconds."""
        return 1 << (self.high_bits + self.low_bits)

    def kinds(self, words: Words) -> NDArray[np.uint8]:
        """Return the types of words."""
        return (words >> self.kind_shift).astype(np.uint8)

    def highs(self, words: Words) -> NDArray[np.int64]:
        """Return the payloads of TIME_HIGH words."""
        return (words >> self.high_shift).astype(np.int64) & ((1 << self.high_bits) - 1)

    def lows(self, words: Words) -> NDArray[np.int64]:
        """Return the lowest bits of the time of words of `low_kinds`."""
        return (words >> self.low_shift).astype(np.int64) & ((1 << self.low_bits) - 1)

    def time_high(self, payload: int) -> int:
        """Return the TIME_HIGH word with a payload."""
        return TIME_HIGH << self.kind_shift | payload << self.high_shift


_TIMED = (high_time.OFF, high_time.ON, high_time.EXT_TRIGGER, high_time.OTHERS)
_EVT2 = Layout(
    dtype='<u4',
    kind_shift=evt2.TYPE_SHIFT,
    high_shift=0,
    high_bits=high_time.HIGH_BITS,
    low_kinds=_TIMED,
    low_shift=evt2.LOW_SHIFT,
    low_bits=high_time.LOW_BITS,
    jitter=1 << (high_time.HIGH_BITS - 1),
)
LAYOUTS: Mapping[str, Layout] = MappingProxyType(
    {
        'evt2': _EVT2,
        'evt21': _EVT2._replace(
            dtype='<u8',
            kind_shift=evt21.TYPE_SHIFT,
            high_shift=evt21.HIGH_SHIFT,
            low_shift=evt21.LOW_SHIFT,
        ),
        'evt3': Layout(
            dtype='<u2',
            kind_shift=evt3_layout.TYPE_SHIFT,
            high_shift=0,
            high_bits=evt3_layout.TIME_BITS - evt3_layout.TIME_LOW_BITS,
            low_kinds=(evt3_layout.TIME_LOW,),
            low_shift=0,
            low_bits=evt3_layout.TIME_LOW_BITS,
            jitter=evt3.HIGH_JITTER,
        ),
    }
)
