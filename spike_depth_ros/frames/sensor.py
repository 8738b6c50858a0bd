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

"""One camera's sensor: where its pixels land, and which of them are noisy."""

from collections.abc import Callable

from spike_depth_ros.events.lookup import Lookup, new_lookup
from spike_depth_ros.events.noise import NoiseFilter, NoiseSettings
from spike_depth_ros.geometry.pixel_table import PixelTable, resize_table

# Make the pixel table of a camera (0 or 1) whose sensor has such a width and height; ValueError,
# one sentence, where there is none.
TableMaker = Callable[[int, int, int], PixelTable]


class Sensor:
    """Hold what stays with a camera through all jumps of time.

    table, lookup: None before the size is known; the lookup is the table for the decoders.
    """

    def __init__(
        self, camera: int, channels: int, make_table: TableMaker, settings: NoiseSettings
    ) -> None:
        self._camera = camera
        self._channels = channels
        self._make_table = make_table
        self._settings = settings
        self.table: PixelTable | None = None
        self.lookup: Lookup | None = None
        self.noise = NoiseFilter(1, 1, settings)

    def fit(self, width: int, height: int) -> None:
        """Get ready for a sensor of a size, pixels; raises ValueError when no table fits it."""
        if self.table is not None and self.table.index.shape == (height, width):
            return
        self.table = self._make_table(self._camera, width, height)
        self.lookup = new_lookup(self.table.index, self._camera, self._channels)
        self.noise = NoiseFilter(width, height, self._settings)

    def remap(self) -> None:
        """Have a new table made for the next packet."""
        self.table = None

    def configure(self, settings: NoiseSettings) -> None:
        """Change the noise filters at once."""
        self._settings = settings
        self.noise.configure(settings)


def fitting(width: int, height: int) -> TableMaker:
    """Return the table maker that fits each sensor into a frame of a size as it is."""

    def make(camera: int, raw_width: int, raw_height: int) -> PixelTable:
        return resize_table(raw_width, raw_height, width, height)

    return make
