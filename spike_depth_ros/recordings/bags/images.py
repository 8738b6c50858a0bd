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

"""Images of bags: true depth in metres, and intensity images.

Encodings: sensor_msgs/image_encodings.h; depth: REP 118 (32FC1 metres, 16UC1 millimetres).
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from spike_depth_ros.events.fields import MessageFields
from spike_depth_ros.recordings import depth_codec
from spike_depth_ros.recordings.frames import known_depth

IMAGES = 'images'  # in phrases of what is left out
DEPTH_ENCODINGS = ('32FC1', '16UC1')
MILLIMETRES = '16UC1'
# Type of a channel, number of channels, and the channels that make grey or RGB.
_PICTURES: Mapping[str, tuple[str, int, tuple[int, ...]]] = {
    'mono8': ('u1', 1, (0,)),
    '8UC1': ('u1', 1, (0,)),
    'mono16': ('u2', 1, (0,)),
    'rgb8': ('u1', 3, (0, 1, 2)),
    'bgr8': ('u1', 3, (2, 1, 0)),
    '8UC3': ('u1', 3, (2, 1, 0)),
    'rgba8': ('u1', 4, (0, 1, 2)),
    'bgra8': ('u1', 4, (2, 1, 0)),
}
_FILE_KINDS = ('jpeg', 'png')


@dataclass(frozen=True, slots=True)
class ImageMessage:
    """sensor_msgs/Image or CompressedImage.

    Attributes:
        stamp_ns: header stamp, nanoseconds.
        frame_id: frame of the camera.
        encoding: encoding of an Image, format of a CompressedImage.
        data: pixels, or a compressed file.
        height, width, step: rows, columns and bytes of a row; 0 for a CompressedImage.
        is_big_endian: byte order of the pixels.
    """

    stamp_ns: int
    frame_id: str
    encoding: str
    data: memoryview
    height: int = 0
    width: int = 0
    step: int = 0
    is_big_endian: bool = False


def read_image(fields: MessageFields) -> ImageMessage:
    """Read a sensor_msgs/Image; raises ValueError for bytes of another message."""
    stamp_ns, frame_id = fields.header()
    height, width = fields.numbers('II', 4)
    encoding = fields.text()
    (big_endian,) = fields.numbers('B', 1)
    (step,) = fields.numbers('I', 4)
    data = fields.take(fields.count())
    return ImageMessage(stamp_ns, frame_id, encoding, data, height, width, step, bool(big_endian))


def read_compressed(fields: MessageFields) -> ImageMessage:
    """Read a sensor_msgs/CompressedImage; raises ValueError for bytes of another message."""
    stamp_ns, frame_id = fields.header()
    image_format = fields.text()
    return ImageMessage(stamp_ns, frame_id, image_format, fields.take(fields.count()))


def is_depth(image: ImageMessage) -> bool:
    """Return whether an image may be depth, by its encoding or format."""
    return image.encoding in (*DEPTH_ENCODINGS, *depth_codec.READABLE)


def is_picture(image: ImageMessage) -> bool:
    """Return whether an image is an intensity image that is read."""
    if image.step:
        return image.encoding in _PICTURES
    return 'compressedDepth' not in image.encoding and _file_kind(image) != ''


def to_depth(image: ImageMessage) -> NDArray[np.float32]:
    """Return depth, float32 [h, w], metres, NaN where it is unknown (NaN, 0, infinite).

    Raises ValueError for damaged data.
    """
    if not image.step:
        depth = depth_codec.decode(image.data, image.encoding)
    elif image.encoding == MILLIMETRES:
        depth = _pixels(image, 'u2', 1)[:, :, 0] * np.float32(0.001)
    else:
        depth = _pixels(image, 'f4', 1)[:, :, 0].astype(np.float32)
    return known_depth(depth)


def to_picture(image: ImageMessage) -> NDArray[np.uint8]:
    """Return an intensity image, uint8 [h, w] or RGB [h, w, 3]; raises ValueError if damaged."""
    if not image.step:
        return _decoded(image)
    kind, channels, order = _PICTURES[image.encoding]
    pixels = _pixels(image, kind, channels)
    if kind == 'u2':
        pixels = pixels >> 8
    return np.squeeze(pixels[:, :, order], axis=2 if len(order) == 1 else ()).astype(np.uint8)


def _pixels(image: ImageMessage, kind: str, channels: int) -> NDArray[Any]:
    """Return the pixels [h, w, channels] in the byte order of the machine."""
    dtype = np.dtype(kind).newbyteorder('>' if image.is_big_endian else '<')
    row = image.width * channels * dtype.itemsize
    size = image.height * image.step
    if not 0 < row <= image.step or not 0 < size <= len(image.data):
        raise ValueError(
            f'an image of {image.width} x {image.height} pixels has {len(image.data)} bytes'
        )
    rows = np.frombuffer(image.data[:size], np.uint8)
    rows = np.ascontiguousarray(rows.reshape(image.height, image.step)[:, :row])
    return rows.view(dtype).reshape(image.height, image.width, channels)


def _file_kind(image: ImageMessage) -> str:
    """Return the kind of file in a CompressedImage: '' unless JPEG or PNG."""
    name = image.encoding.lower().replace('jpg', 'jpeg')
    return next((kind for kind in _FILE_KINDS if kind in name), '')


def _decoded(image: ImageMessage) -> NDArray[np.uint8]:
    try:
        with Image.open(io.BytesIO(image.data), formats=[_file_kind(image)]) as file:
            if file.mode.startswith('I'):  # 16 bits
                return (np.asarray(file) >> 8).astype(np.uint8)
            return np.asarray(file.convert('L' if file.mode in ('L', '1') else 'RGB'))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f'a compressed image cannot be read ({error})') from error
