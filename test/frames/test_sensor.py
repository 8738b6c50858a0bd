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

"""Pixel table and noise filters of a sensor, through resets."""

import pytest

from spike_depth_ros.events.noise import NoiseSettings
from spike_depth_ros.frames.sensor import Sensor
from spike_depth_ros.geometry.pixel_table import PixelTable, resize_table


class Tables:
    """Make tables and remember for which camera and size; refuse a sensor of one pixel."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []

    def make(self, camera: int, width: int, height: int) -> PixelTable:
        self.asked.append((camera, width, height))
        if width == 1:
            raise ValueError('one pixel sees nothing')
        return resize_table(width, height, 12, 8)


def test_a_table_is_made_once_for_a_size() -> None:
    tables = Tables()
    sensor = Sensor(1, 4, tables.make, NoiseSettings())
    assert sensor.table is None
    for _ in range(3):
        sensor.fit(12, 8)
    assert tables.asked == [(1, 12, 8)]
    sensor.fit(24, 16)
    assert tables.asked == [(1, 12, 8), (1, 24, 16)]


def test_a_new_table_is_made_when_it_is_wanted() -> None:
    tables = Tables()
    sensor = Sensor(0, 2, tables.make, NoiseSettings())
    sensor.fit(12, 8)
    before = sensor.table
    sensor.remap()
    assert sensor.table is None
    sensor.fit(12, 8)
    assert sensor.table is not before
    assert len(tables.asked) == 2


def test_a_sensor_without_a_table_raises_each_time() -> None:
    tables = Tables()
    sensor = Sensor(0, 2, tables.make, NoiseSettings())
    for _ in range(2):
        with pytest.raises(ValueError, match='one pixel sees nothing'):
            sensor.fit(1, 1)
    assert len(tables.asked) == 2
    assert sensor.table is None


def test_settings_hold_for_sensors_that_come_later() -> None:
    sensor = Sensor(0, 2, Tables().make, NoiseSettings())
    sensor.configure(NoiseSettings(refractory_ns=1))
    sensor.fit(12, 8)
    assert sensor.noise.state is not None
    assert sensor.noise.state.hot.shape == (8, 12)
    sensor.configure(NoiseSettings())
    assert sensor.noise.state is None
