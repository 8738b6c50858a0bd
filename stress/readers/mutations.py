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

"""Damage to the bytes of a file."""

import numpy as np
import numpy.typing as npt

MOST = 4  # mutations of one file
LONGEST = 4096  # bytes that are moved, cut or zeroed at a time
EXTREMES = (0, 1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
WORD_BYTES = (1, 2, 4, 8)
KINDS = 10
(FLIP, BYTE, EXTREME, TRUNCATE, CUT, INSERT, SWAP, ZERO, REPEAT, LINE) = range(KINDS)


def damage(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes after 1 to MOST mutations; most change few bytes."""
    damaged = bytearray(data)
    for _ in range(rng.integers(1, MOST + 1)):
        if not damaged:
            break
        _mutate(damaged, rng)
    return bytes(damaged)


def _mutate(data: bytearray, rng: np.random.Generator) -> None:
    kind = int(rng.integers(0, KINDS))
    place = _place(data, rng)
    length = int(min(2 ** rng.uniform(0, np.log2(LONGEST)), len(data) - place))
    end = place + max(length, 1)
    if kind == FLIP:
        data[place] ^= 1 << int(rng.integers(0, 8))
    elif kind == BYTE:
        data[place] = int(rng.integers(0, 256))
    elif kind == EXTREME:
        size = int(rng.choice(WORD_BYTES))
        value = int(rng.choice(np.array(EXTREMES, np.uint64))) % 256**size
        data[place : place + size] = value.to_bytes(size, 'little')[: len(data) - place]
    elif kind == TRUNCATE:
        del data[place:]
    elif kind == CUT:
        del data[place:end]
    elif kind == INSERT:
        data[place:place] = rng.bytes(end - place)
    elif kind == SWAP:
        other = _place(data, rng)
        data[place:end], data[other : other + end - place] = (
            data[other : other + end - place],
            data[place:end],
        )
    elif kind == ZERO:
        data[place:end] = bytes(end - place)
    elif kind == REPEAT:
        data[end:end] = data[place:end]
    else:
        _change_line(data, rng)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    """Return a place in the data; headers are at the start, and indexes at the end."""
    where = rng.integers(0, 3)
    size = len(data)
    if where == 0:
        return int(rng.integers(0, min(size, 512)))
    if where == 1:
        return int(rng.integers(max(0, size - 512), size))
    return int(rng.integers(0, size))


def _change_line(data: bytearray, rng: np.random.Generator) -> None:
    """Remove or repeat a line of text, or replace a digit in it."""
    ends: npt.NDArray[np.intp] = np.flatnonzero(np.frombuffer(bytes(data[:4096]), 'u1') == 10)
    if not len(ends):
        return
    number = int(rng.integers(0, len(ends)))
    first = int(ends[number - 1]) + 1 if number else 0
    line = bytes(data[first : ends[number] + 1])
    if rng.integers(0, 2):
        data[first : first + len(line)] = line * int(rng.integers(0, 3))
        return
    digits = [place for place, sign in enumerate(line) if sign in b'0123456789']
    if digits:
        data[first + int(rng.choice(digits))] = int(rng.integers(32, 127))
