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

"""One camera's sensor: its pixel table and its noise filters."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from spike_depth_ros.events.lookup import Lookup, new_lookup
from spike_depth_ros.events.noise import NoiseFilter, NoiseSettings, NoiseState
from spike_depth_ros.geometry.pixel_table import UNMAPPED, PixelTable, resize_table

# Function (camera, width, height) that returns the pixel table of camera 0 (left) or 1 (right)
# with a sensor of width x height pixels; raises ValueError, one sentence, if none fits.
TableMaker = Callable[[int, int, int], PixelTable]


class Sensor:
    """Pixel table and noise filters of one camera, which outlast resets of the time.

    Attributes:
        table: pixel table; None before the size is known.
        lookup: the pixel table for the decoders; no pixel is mapped before the size is known.
        noise: noise filters.
    """

    def __init__(
        self, camera: int, channels: int, make_table: TableMaker, settings: NoiseSettings
    ) -> None:
        """Wait for the sensor's size.

        Args:
            camera: 0 (left) or 1 (right).
            channels: channels of the spike frame.
            make_table: makes the pixel table.
            settings: settings of the noise filters.
        """
        self._camera = camera
        self._channels = channels
        self._make_table = make_table
        self._settings = settings
        self.table: PixelTable | None = None
        self.lookup: Lookup = new_lookup(np.full((1, 1), UNMAPPED, np.int32), camera, channels)
        self.noise = NoiseFilter(1, 1, settings)

    @property
    def filters(self) -> tuple[Lookup, NoiseState | None]:
        """Return the look-up and the noise filters' state, as an EventSink takes them."""
        return self.lookup, self.noise.state

    @property
    def mapped(self) -> npt.NDArray[np.bool_] | None:
        """Return the mask of network pixels that the sensor sees, bool [height, width].

        None before the size is known.
        """
        return None if self.table is None else self.table.mapped

    def fit(self, width: int, height: int) -> None:
        """Make the pixel table for a size, pixels; raises ValueError if no table fits it."""
        if self.table is not None and self.table.index.shape == (height, width):
            return
        self.table = self._make_table(self._camera, width, height)
        self.lookup = new_lookup(self.table.index, self._camera, self._channels)
        self.noise = NoiseFilter(width, height, self._settings)

    def remap(self) -> None:
        """Drop the pixel table; the next packet makes another."""
        self.table = None

    def configure(self, settings: NoiseSettings) -> None:
        """Replace the noise-filter settings; takes effect at once."""
        self._settings = settings
        self.noise.configure(settings)


def fitting(width: int, height: int) -> TableMaker:
    """Return the table maker that scales each sensor into a frame of width x height pixels."""

    def make(camera: int, raw_width: int, raw_height: int) -> PixelTable:
        return resize_table(raw_width, raw_height, width, height)

    return make
