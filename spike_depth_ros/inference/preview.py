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

"""Colour image of depth: near is light and warm, far is dark and cool."""

import numpy as np
import numpy.typing as npt

Colours = npt.NDArray[np.uint8]

# Red, green, blue from near to far at equal steps. Lightness falls steadily, so the
# picture reads in grey too; no colour comes near that of invalid pixels.
_ANCHORS = (
    (255, 241, 170),
    (252, 176, 84),
    (237, 105, 77),
    (188, 58, 120),
    (114, 46, 158),
    (36, 44, 150),
)
INVALID_COLOUR = (40, 40, 40)
_SHADES = 256


def colour_table() -> Colours:
    """Return the colours from near to far, uint8 [256, 3], red, green, blue."""
    anchors = np.array(_ANCHORS, np.float64)
    places = np.linspace(0, 1, len(anchors))
    shades = np.linspace(0, 1, _SHADES)
    channels = [np.interp(shades, places, anchors[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def colour(depth: npt.NDArray[np.float32], near_m: float, far_m: float) -> Colours:
    """Return an rgb image, uint8 [h, w, 3], of depth, float32 [h, w], metres.

    The colour is linear in log depth from near_m to far_m. Nearer and farther depth (+Inf too)
    takes the colour of that end; NaN, zero and negative depth is INVALID_COLOUR.
    """
    valid = depth > 0
    with np.errstate(divide='ignore', invalid='ignore'):
        place = np.log(depth / np.float32(near_m)) / np.float32(np.log(far_m / near_m))
    shade = np.where(valid, np.clip(place, 0, 1) * (_SHADES - 1), 0)
    picture = colour_table()[np.rint(shade).astype(np.intp)]
    picture[~valid] = INVALID_COLOUR
    return picture
