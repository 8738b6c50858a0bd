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

"""State of a binner and its cameras, beside the counters."""

from collections.abc import Sequence
from dataclasses import dataclass

from spike_depth_ros.frames.sensor import Sensor
from spike_depth_ros.frames.synchroniser import apart_ns
from spike_depth_ros.frames.time_base import TimeBase
from spike_depth_ros.geometry.pixel_table import PixelTable


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """State of one camera.

    Attributes:
        clock_spread_ns: root mean square of header stamp minus sensor time around its slow
            estimate, nanoseconds; None before the clock has started.
        table: pixel table; None before the sensor's size is known.
        hot_pixels: number of hot pixels.
    """

    clock_spread_ns: float | None
    table: PixelTable | None
    hot_pixels: int


@dataclass(frozen=True, slots=True)
class BinnerStatus:
    """State of the rig.

    Attributes:
        sync: clock in which windows are cut, 'sensor' or 'host'.
        apart_ns: time by which the right camera's clock is behind the left's by their header
            stamps, whole wraps aside, nanoseconds; None unless both clocks have started.
        disagreement: sentence about common times that disagree with the arrival of packets, or ''.
        cameras: state of each camera.
    """

    sync: str
    apart_ns: int | None
    disagreement: str
    cameras: tuple[CameraStatus, ...]


def rig_status(time_base: TimeBase, sensors: Sequence[Sensor]) -> BinnerStatus:
    """Return the state of the rig; sensors: sensor of each camera."""
    streams = time_base.streams
    cameras = [
        CameraStatus(
            streams[camera].clock.spread_ns if camera in streams else None,
            sensor.table,
            sensor.noise.hot_pixels,
        )
        for camera, sensor in enumerate(sensors)
    ]
    clocks = [streams[camera].clock for camera in sorted(streams)]
    apart = apart_ns(clocks) if len(clocks) == 2 else None
    disagreement = time_base.disagreement()
    return BinnerStatus(time_base.sync.mode, apart, disagreement, tuple(cameras))
