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

"""PNG images of data sets, of a known size.

Pillow reads them: OpenCV takes as much memory as a damaged length says, and prints to standard
error.
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Pillow's modes of 16-bit grey; versions before 10.3 open it as I.
_GREY_16 = ('I;16', 'I;16B', 'I')


def read_picture(path: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    """Read an image, uint8 [h, w] or [h, w, 3] (RGB); size: width and height, pixels.

    Any exception means that the file is damaged or of another size.
    """
    mode, pixels = _read(path, size, 'RGB')
    if mode in _GREY_16:
        raise ValueError(f'{path} has 16 bits, but 8 are needed')
    return pixels.astype(np.uint8, copy=False)


def read_grey_16(path: Path, size: tuple[int, int]) -> NDArray[np.uint16]:
    """Read a 16-bit grey image, uint16 [h, w]; size and exceptions as those of read_picture."""
    mode, pixels = _read(path, size, '')
    if mode not in _GREY_16:
        raise ValueError(f'{path} is no image of 16-bit grey')
    return pixels.astype(np.uint16, copy=False)


def _read(path: Path, size: tuple[int, int], colour: str) -> tuple[str, NDArray[Any]]:
    """Return mode and pixels; an image that is neither grey nor RGB becomes of mode `colour`."""
    with Image.open(path, formats=['png']) as image:
        if image.size != size:
            raise ValueError(f'{path} has {image.size} pixels, but {size} are needed')
        is_plain = image.mode in ('L', 'RGB', *_GREY_16) or not colour
        return image.mode, np.asarray(image if is_plain else image.convert(colour))
