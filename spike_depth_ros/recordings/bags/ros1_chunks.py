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

"""Data of the chunks of a ROS 1 bag: read in place, or unpacked."""

import bz2
from collections import OrderedDict
from collections.abc import Sequence

import lz4.frame

from spike_depth_ros.recordings.bags.ros1_records import BagDamaged, BagFile, ChunkPlace

# Unpacked chunks in memory: left and right camera, which are read side by side, need the same.
_CACHE_BYTES = 8_000_000
# A chunk is unpacked as a whole; rosbag's have 768 kB.
_MAX_CHUNK_BYTES = 1_000_000_000


class ChunkData:
    """Bytes of the chunks of a bag."""

    def __init__(self, file: BagFile, places: Sequence[ChunkPlace]) -> None:
        self._file, self._places = file, places
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()

    def read(self, chunk: int, first: int, size: int) -> bytes | memoryview:
        """Return bytes of a chunk, fewer at its end; raises BagDamaged if it is damaged."""
        place = self._places[chunk]
        size = max(0, min(size, place.size - first))
        if place.compression == 'none':
            return self._file.read(place.position + first, size)
        return memoryview(self._whole(chunk))[first : first + size]

    def size(self, chunk: int) -> int:
        """Return the number of bytes of a chunk without compression."""
        return self._places[chunk].size

    def _whole(self, chunk: int) -> bytes:
        if chunk in self._unpacked:
            self._unpacked.move_to_end(chunk)
            return self._unpacked[chunk]
        place = self._places[chunk]
        if max(place.size, place.stored) > _MAX_CHUNK_BYTES:
            raise BagDamaged(f'a compressed chunk has {place.size} bytes')
        data = _unpack(self._file.read(place.position, place.stored), place)
        self._unpacked[chunk] = data
        while len(self._unpacked) > 1 and sum(map(len, self._unpacked.values())) > _CACHE_BYTES:
            self._unpacked.popitem(last=False)
        return data


def _unpack(packed: bytes, place: ChunkPlace) -> bytes:
    try:
        if place.compression == 'bz2':
            data = bz2.BZ2Decompressor().decompress(packed, place.size + 1)
        elif place.compression == 'lz4':
            data = lz4.frame.LZ4FrameDecompressor().decompress(packed, place.size + 1)
        else:
            raise BagDamaged(f"a chunk has the unknown compression '{place.compression}'")
    except (OSError, EOFError, RuntimeError, ValueError) as error:
        raise BagDamaged('a chunk cannot be unpacked') from error
    if len(data) != place.size:
        raise BagDamaged('a chunk cannot be unpacked')
    return bytes(data)
