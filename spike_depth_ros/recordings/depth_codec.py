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

"""Codec of depth images in image_transport's compressedDepth format.

The bytes are a 12-byte header (int32 format, float32 A, float32 B, little-endian) and a 16-bit
grey PNG of inverse depth, A / depth + B, with 0 for "no depth". Inverse depth of a plane is linear
in the image, which PNG's filters compress well. Of images in 16UC1 the PNG has millimetres.

Format: ros-perception/image_transport_plugins, compressed_depth_image_transport (codec.cpp,
compression_common.h). That codec rounds down; this one rounds to the nearest, which halves the
error and is compatible with every decoder.
"""

import io
import struct

import numpy as np
import numpy.typing as npt
from PIL import Image

FORMAT = '32FC1; compressedDepth png'

_HEADER = struct.Struct('<iff')
_INVERSE_DEPTH = 0
_LARGEST_CODE = 65535
# A PNG file's bytes for bit depth and colour type, in the header that comes first; PNG
# (ISO/IEC 15948), 11.2.2.
_PNG_FORM, _GREY_16 = slice(24, 26), b'\x10\0'
# Formats with the same bytes: versions of the transport before RVL do not name PNG.
_MILLIMETRES = ('16UC1; compressedDepth png', '16UC1; compressedDepth')
READABLE = (FORMAT, '32FC1; compressedDepth', *_MILLIMETRES)

Depth = npt.NDArray[np.float32]


def encode(depth: Depth, depth_max_m: float = 10.0, quantization: float = 100.0) -> bytes:
    """Return the data of a CompressedImage of format FORMAT.

    Depth from A / (65535 - B), 0.152 m by default, up to but not including depth_max_m is stored
    with an error of about depth^2 / (2 q (q + 1)), 5 mm at 10 m by default. NaN and other depth
    becomes "no depth".

    Args:
        depth: float32 [h, w], metres.
        depth_max_m: the transport's parameter depth_max, metres.
        quantization: the transport's parameter depth_quantization, q.
    """
    a = np.float32(quantization * (quantization + 1))
    b = np.float32(1 - a / np.float32(depth_max_m))
    with np.errstate(divide='ignore', invalid='ignore'):
        code = np.rint(float(a) / depth.astype(np.float64) + float(b))
        fits = (depth > 0) & (depth < depth_max_m) & (code <= _LARGEST_CODE)
    codes = np.where(fits, code, 0).astype(np.uint16)
    png = io.BytesIO()
    Image.fromarray(codes).save(png, 'png', compress_level=9)
    return _HEADER.pack(_INVERSE_DEPTH, a, b) + png.getvalue()


def decode(data: bytes | memoryview, image_format: str = FORMAT) -> Depth:
    """Return depth, float32 [h, w], metres, NaN for no depth, from a CompressedImage's data.

    Raises:
        ValueError: another format, or damaged data.
    """
    if image_format not in READABLE:
        raise ValueError(
            f"The compressed image has the format '{image_format}', but depth is read from "
            f"'{FORMAT}': record it with that transport."
        )
    if len(data) <= _HEADER.size:
        raise ValueError(
            f'The compressed depth has {len(data)} bytes, but its header alone takes '
            f'{_HEADER.size}: record it again.'
        )
    _, a, b = _HEADER.unpack_from(data)
    codes = _read_png(bytes(data[_HEADER.size :])).astype(np.float32)
    if image_format in _MILLIMETRES:
        return np.where(codes > 0, codes * np.float32(1e-3), np.float32(np.nan))
    with np.errstate(divide='ignore'):
        return np.where(codes > 0, np.float32(a) / (codes - np.float32(b)), np.float32(np.nan))


def _read_png(data: bytes) -> npt.NDArray[np.uint16]:
    try:
        with Image.open(io.BytesIO(data), formats=['png']) as image:
            codes = np.asarray(image)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(
            f'The compressed depth holds no readable PNG ({error}): record it again.'
        ) from error
    if data[_PNG_FORM] != _GREY_16:
        raise ValueError(
            f'The compressed depth holds a PNG of {codes.dtype} {codes.shape}, but 16-bit grey '
            f'is needed: record it again.'
        )
    return codes.astype(np.uint16)  # Pillow before 10.3 opens it as int32
