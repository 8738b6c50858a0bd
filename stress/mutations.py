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

"""Random damage of valid packets, compiled."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

MAX_BYTES = 768
MANY_MUTATIONS = 4  # largest number for an input, in half of the calls; 1 in the others
MAX_CHUNK = 64
MAX_COPIES = 8
KINDS = 7
FLIP, OVERWRITE, EXTREME, TRUNCATE, SPLICE, REPEAT, RANDOM = range(KINDS)
RARE = 4  # one in RARE mutations of kind RANDOM replaces all bytes; the others overwrite one byte
EXTREMES = np.array([0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF], np.uint8)
WORD_BYTES = np.array([1, 2, 4, 8, 16])
JUMP = 32  # one in JUMP inputs does not follow the previous packet of the pool


def spoil(
    rng: np.random.Generator,
    pool: npt.NDArray[np.uint8],
    ends: npt.NDArray[np.int64],
    inputs: int,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return damaged packets, uint8 [inputs, MAX_BYTES], their sizes and indexes in the pool.

    Most inputs are consecutive packets of the pool.

    Args:
        rng: random numbers.
        pool: uint8, concatenated packets.
        ends: int64 [n + 1], 0 and the end of each packet in the pool.
        inputs: number of inputs.
    """
    out = np.empty((inputs, MAX_BYTES), np.uint8)
    sizes, origins = np.empty(inputs, np.int64), np.empty(inputs, np.int64)
    _spoil(rng, pool, ends, out, sizes, origins)
    return out, sizes, origins


@njit(cache=True)
def _spoil(rng: Any, pool: Any, ends: Any, out: Any, sizes: Any, origins: Any) -> None:
    packets = len(ends) - 1
    origin = rng.integers(0, packets)
    most = MANY_MUTATIONS if rng.integers(0, 2) else 1
    for number in range(len(out)):
        origin = (origin + 1) % packets
        if rng.integers(0, JUMP) == 0:
            origin = rng.integers(0, packets)
        origins[number] = origin
        packet = pool[ends[origin] : ends[origin + 1]][:MAX_BYTES]
        size = len(packet)
        out[number, :size] = packet
        for _ in range(rng.integers(1, most + 1)):
            size = _mutate(rng, pool, out[number], size)
        sizes[number] = size


@njit(cache=True)
def _mutate(rng: Any, pool: Any, data: Any, size: Any) -> Any:
    """Apply one random mutation to the first `size` bytes; return the new size.

    Parts that move start and end at a multiple of a random word size.
    """
    kind = rng.integers(0, KINDS)
    unit = WORD_BYTES[rng.integers(0, len(WORD_BYTES))]
    place = rng.integers(0, size + 1) // unit * unit
    length = min(rng.integers(1, MAX_CHUNK // unit + 1) * unit, MAX_BYTES - place)
    if kind == RANDOM and rng.integers(0, RARE) == 0:
        size = rng.integers(0, MAX_BYTES + 1)
        for byte in range(size):
            data[byte] = rng.integers(0, 256)
    elif kind == TRUNCATE:
        size = place
    elif kind == SPLICE:
        start = rng.integers(0, len(pool) - MAX_CHUNK)
        data[place : place + length] = pool[start : start + length]
        size = max(size, place + length)
    elif kind == REPEAT:
        end = min(place + length * rng.integers(1, MAX_COPIES + 1), MAX_BYTES)
        length = min(length, place)
        for byte in range(place, end if length else place):
            data[byte] = data[byte - length]
            size = max(size, byte + 1)
    elif place < size:
        _change_word(rng, kind, data[place : min(place + unit, size)])
    return size


@njit(cache=True)
def _change_word(rng: Any, kind: Any, word: Any) -> None:
    """Change a bit, a byte or the whole word."""
    place = rng.integers(0, len(word))
    if kind == FLIP:
        word[place] ^= np.uint8(1 << rng.integers(0, 8))
    elif kind == EXTREME:
        word[:] = EXTREMES[rng.integers(0, len(EXTREMES))]
    else:
        word[place] = rng.integers(0, 256)
