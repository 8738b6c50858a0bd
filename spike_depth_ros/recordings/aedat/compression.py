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

"""Compression of the packets of AEDAT4, with a limit for damaged ones."""

import sys
from typing import cast

import lz4.frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Codes of IOHeader.compression.
NONE, LZ4, LZ4_HIGH, ZSTD, ZSTD_HIGH = range(5)
# Unpacked size of the largest packet; a camera's have a thousandth of it.
MAX_BYTES = 1 << 28
# A byte of LZ4 unpacks to this number at the most.
_LZ4_RATIO = 255


def unpacked(data: bytes, compression: int) -> bytes:
    """Return the content of a packet; raises ValueError for a damaged one."""
    if compression == NONE:
        return data
    if compression in (LZ4, LZ4_HIGH):
        return _unpack_lz4(data)
    decompressor = zstd.ZstdDecompressor()
    try:
        content = decompressor.decompress(data, MAX_BYTES)
    except zstd.ZstdError as error:
        raise ValueError(str(error)) from error
    return _complete(content, decompressor.eof)


def _unpack_lz4(data: bytes) -> bytes:
    decompressor = lz4.frame.LZ4FrameDecompressor()
    # A limit is allocated, so a packet that stays below it needs none.
    limit = MAX_BYTES if len(data) > MAX_BYTES // _LZ4_RATIO else -1
    try:
        content = cast(bytes, decompressor.decompress(data, limit))
    except (RuntimeError, EOFError) as error:
        raise ValueError(str(error)) from error
    return _complete(content, decompressor.eof)


def _complete(content: bytes, is_complete: bool) -> bytes:
    if not is_complete:
        raise ValueError('a packet that is cut off, or too large')
    return content
