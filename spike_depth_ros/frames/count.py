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

"""Count decoded events as the decoders do."""

from typing import Any

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.compiled import compiled
from spike_depth_ros.events.event_counts import new_event_counts
from spike_depth_ros.events.histogram import EventSink, check_polarity, count_event
from spike_depth_ros.events.lookup import new_lookup
from spike_depth_ros.frames.spike_frame import CHANNELS_PER_CAMERA, DTYPE
from spike_depth_ros.geometry.pixel_table import PixelTable


def count_events(
    x: npt.NDArray[np.integer[Any]],
    y: npt.NDArray[np.integer[Any]],
    polarity: npt.NDArray[np.integer[Any] | np.bool_],
    table: PixelTable,
) -> npt.NDArray[np.uint8]:
    """Count the events of one camera and one window.

    Args:
        x, y: integers [n], raw pixel, at least 0; events outside the sensor do not count.
        polarity: [n], 1 or True for ON, 0 or False for OFF.
        table: pixel table of the camera.

    Returns:
        uint8 [height, width, 2], ON then OFF, up to MAX_COUNT.

    Raises:
        ValueError: arrays of different lengths, a negative address or another polarity.
    """
    if not len(x) == len(y) == len(polarity):
        raise ValueError(
            f'x, y and polarity have {len(x)}, {len(y)} and {len(polarity)} entries; '
            'give one of each for every event'
        )
    if len(x) and min(np.min(x), np.min(y)) < 0:
        raise ValueError(
            f'an event at ({np.min(x)}, {np.min(y)}) has a negative address; '
            'give addresses from 0 up'
        )
    signs = np.asarray(polarity, np.int64)
    check_polarity(signs)
    height, width = table.mapped.shape
    frame = np.zeros((height, width, CHANNELS_PER_CAMERA), DTYPE)
    lookup = new_lookup(table.index, 0, CHANNELS_PER_CAMERA)
    _count(
        np.asarray(x, np.int64),
        np.asarray(y, np.int64),
        signs,
        EventSink(lookup, None, frame.reshape(-1), new_event_counts()),
    )
    return frame


@compiled
def _count(x: Any, y: Any, polarity: Any, sink: Any) -> None:
    """Count events into a sink."""
    for event in range(len(x)):
        count_event(sink, x[event], y[event], polarity[event], 0)
