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

"""Writing images to a video file."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# H.264 if this PyAV has it; every PyAV has MPEG-4.
CODECS = ('libx264', 'mpeg4')
BIT_RATE = 3_000_000


class VideoError(RuntimeError):
    """No video can be made here; the message is one sentence."""


def write_video(path: Path, images: Iterable[npt.NDArray[np.uint8]], rate_hz: int) -> None:
    """Write images to an MP4 file.

    Raises VideoError without PyAV or a codec, and OSError if the file cannot be written.

    Args:
        path: the file.
        images: rgb, uint8 [height, width, 3] with even height and width.
        rate_hz: images per second.
    """
    try:
        import av  # no ROS distribution has it
    except ImportError as error:
        raise VideoError(
            f'no video, as PyAV cannot be imported ({error}): install it with `pip install av`'
        ) from error
    codec = next((name for name in CODECS if name in av.codecs_available), None)
    if codec is None:
        raise VideoError(
            f'no video, as this PyAV has none of the codecs {", ".join(CODECS)}: install it with '
            f'`pip install av`'
        )
    try:
        with av.open(str(path), 'w') as container:
            # add_stream's type includes audio streams for a codec name that is a variable.
            stream: Any = container.add_stream(codec, rate=Fraction(rate_hz), bit_rate=BIT_RATE)
            stream.pix_fmt = 'yuv420p'
            for pixels in images:
                if not stream.codec_context.is_open:
                    stream.height, stream.width = pixels.shape[:2]
                frame = av.VideoFrame.from_ndarray(pixels, format='rgb24')
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
    except av.FFmpegError as error:
        raise OSError(error.errno, error.strerror) from error
