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

"""Compressed depth: layout of the bytes, quantisation error, damaged data."""

import io
import math
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from spike_depth_ros.recordings import depth_codec


def test_layout_by_hand() -> None:
    # A = 100 * 101 = 10100, B = 1 - 10100 / 10 = -1009; 2 m -> 10100 / 2 - 1009 = 4041.
    depth = np.array([[2.0, 5.0], [math.nan, 9.999]], dtype=np.float32)
    data = depth_codec.encode(depth)
    assert struct.unpack_from('<iff', data) == (0, 10100.0, -1009.0)
    with Image.open(io.BytesIO(data[12:])) as image:
        assert image.format == 'PNG'
        codes = np.asarray(image)
    assert data[12 + 24 : 12 + 26] == b'\x10\0'  # 16 bits, grey
    assert codes.tolist() == [[4041, 1011], [0, 1]]


def test_reads_what_the_transport_writes() -> None:
    """The transport rounds down: 10100 / 3 - 1009 = 2357.67 becomes 2357, read as 3.0006 m."""
    png = io.BytesIO()
    Image.fromarray(np.array([[2357, 0]], dtype=np.uint16)).save(png, 'png')
    data = struct.pack('<iff', 0, 10100.0, -1009.0) + png.getvalue()
    depth = depth_codec.decode(data, '32FC1; compressedDepth')
    assert depth.dtype == np.float32
    assert depth[0, 0] == pytest.approx(10100 / 3366)
    assert math.isnan(depth[0, 1])


def test_reads_a_png_with_any_version_of_pillow() -> None:
    """Pillow before 10.3 opens 16-bit grey as int32; the file here is written by hand."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
        )

    size = struct.pack('>IIBBBBB', 2, 1, 16, 0, 0, 0, 0)
    row = zlib.compress(b'\0' + struct.pack('>HH', 4041, 65535))
    png = b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', size) + chunk(b'IDAT', row) + chunk(b'IEND', b'')

    depth = depth_codec.decode(struct.pack('<iff', 0, 10100.0, -1009.0) + png)

    assert depth.tolist() == [pytest.approx([10100 / 5050, 10100 / 66544])]


@pytest.mark.parametrize('value', [0.0, -1.0, 0.15, 10.0, math.inf, -math.inf, math.nan])
def test_no_depth(value: float) -> None:
    data = depth_codec.encode(np.full((2, 3), value, dtype=np.float32))
    assert np.isnan(depth_codec.decode(data)).all()


@given(
    arrays.arrays(np.float32, (3, 4), elements=st.floats(0.25, 29.875, width=32)),
    st.sampled_from([30.0, 100.0, 300.0]),
)
def test_error_stays_in_its_bound(depth: np.ndarray, depth_max_m: float) -> None:
    depth = np.where(depth < depth_max_m, depth, np.float32(1.0))
    read = depth_codec.decode(depth_codec.encode(depth, depth_max_m))
    # Half a code of inverse depth, and float32's own rounding.
    inverse_error = np.abs(1 / read.astype(np.float64) - 1 / depth.astype(np.float64))
    assert (inverse_error <= 0.5 / 10100 + 1e-6 / depth).all()


def test_plane_compresses_well() -> None:
    x, y = np.meshgrid(np.arange(346), np.arange(260))
    depth = (1 / (0.2 + 0.0005 * x + 0.001 * y)).astype(np.float32)
    assert len(depth_codec.encode(depth)) < depth.nbytes / 20


def test_millimetres() -> None:
    png = io.BytesIO()
    Image.fromarray(np.array([[0, 1, 65535]], np.uint16)).save(png, 'png')
    depth = depth_codec.decode(bytes(12) + png.getvalue(), '16UC1; compressedDepth png')
    np.testing.assert_allclose(depth, [[np.nan, 0.001, 65.535]])


def test_damaged_data() -> None:
    data = depth_codec.encode(np.full((8, 8), 2.0, dtype=np.float32))
    with pytest.raises(ValueError, match="has the format '16UC1; compressedDepth rvl', but"):
        depth_codec.decode(data, '16UC1; compressedDepth rvl')
    with pytest.raises(ValueError, match='has 12 bytes, but its header alone takes 12'):
        depth_codec.decode(data[:12])
    with pytest.raises(ValueError, match='holds no readable PNG'):
        depth_codec.decode(data[:40])
    with pytest.raises(ValueError, match='holds no readable PNG'):
        depth_codec.decode(data[: len(data) // 2])
    for shape, printed in (((2, 2, 3), r'\(2, 2, 3\)'), ((2, 2), r'\(2, 2\)')):
        png = io.BytesIO()
        Image.fromarray(np.zeros(shape, dtype=np.uint8)).save(png, 'png')
        with pytest.raises(ValueError, match=f'a PNG of uint8 {printed}, but 16-bit grey'):
            depth_codec.decode(data[:12] + png.getvalue())
