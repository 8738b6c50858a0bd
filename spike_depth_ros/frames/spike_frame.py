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

"""Spike frame: event counts of one window, uint8 [height, width, channels], row-major.

Channels: left ON, left OFF, right ON, right OFF; a frame of one camera has the first two. Counts
saturate at MAX_COUNT.
"""

import numpy as np
from numpy.typing import NDArray

from spike_depth_ros.geometry.stereo_rig import CAMERAS as CAMERAS

DTYPE = np.uint8
# Frames (tf) of the cameras where nothing names others.
FRAME_IDS = tuple(f'{camera}_camera' for camera in CAMERAS)
MAX_COUNT = 255
# Offsets of the polarities within the channels of a camera.
ON, OFF = 0, 1
CHANNELS_PER_CAMERA = 2
MONO_CHANNELS = CHANNELS_PER_CAMERA
STEREO_CHANNELS = CHANNELS_PER_CAMERA * len(CAMERAS)


def camera_channels(camera: int) -> slice:
    """Return the channels of camera 0 (left) or 1 (right)."""
    return slice(CHANNELS_PER_CAMERA * camera, CHANNELS_PER_CAMERA * (camera + 1))


LEFT, RIGHT = (camera_channels(camera) for camera in range(len(CAMERAS)))
# Indices that exchange ON and OFF of each camera in a stereo frame.
POLARITY_SWAP = [CHANNELS_PER_CAMERA * c + p for c in range(len(CAMERAS)) for p in (OFF, ON)]


def left_event_pixels(counts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the mask of the left camera's event pixels, bool [..., h, w], of frames of counts.

    A pixel's channels are compared as one number: many times as fast as `any` over the two
    channels. counts: uint8 [..., h, w, channels] with 2 or 4 channels.
    """
    number = np.dtype(f'u{counts.shape[-1]}')
    left = np.zeros(counts.shape[-1], DTYPE)
    left[LEFT] = MAX_COUNT
    pixels = np.ascontiguousarray(counts).view(number)[..., 0]
    return np.asarray((pixels & left.view(number)[0]) != 0)
