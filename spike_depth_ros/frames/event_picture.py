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

"""Colour image of a spike frame: ON events are red, OFF events blue."""

import numpy as np
import numpy.typing as npt

from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA, OFF, ON

NO_EVENT_COLOUR, ON_COLOUR, OFF_COLOUR = (245, 245, 245), (220, 50, 40), (40, 90, 220)
TIE_COLOUR = (150, 60, 160)
# Of the numbers that event_kinds gives.
COLOURS = NO_EVENT_COLOUR, ON_COLOUR, OFF_COLOUR, TIE_COLOUR
LABELS = 'none', 'ON', 'OFF', 'as many ON as OFF'


def event_picture(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return an rgb image, uint8 [h, cameras * w, 3]: the left camera, beside it the right one.

    The more frequent polarity of a pixel decides its colour.

    Args:
        counts: spike frame, uint8 [h, w, 2 * cameras].
    """
    step = CHANNELS_PER_CAMERA
    starts = range(0, counts.shape[2], step)
    kinds = [event_kinds(counts[..., at : at + step]) for at in starts]
    return np.array(COLOURS, np.uint8)[np.concatenate(kinds, axis=1)]


def event_kinds(counts: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return the more frequent polarity of each pixel, uint8 [h, w], as an index of COLOURS.

    counts: channels of one camera, uint8 [h, w, 2].
    """
    on, off = counts[..., ON], counts[..., OFF]
    kinds = (on >= off).astype(np.uint8) + 2 * (off >= on).astype(np.uint8)
    kinds[(on | off) == 0] = 0
    return kinds
