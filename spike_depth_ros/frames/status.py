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

"""The state of a binner and its cameras, beside the counters."""

from collections.abc import Sequence
from dataclasses import dataclass

from spike_depth_ros.frames.camera import CameraStream, timed
from spike_depth_ros.frames.sensor import Sensor
from spike_depth_ros.frames.synchroniser import apart_ns
from spike_depth_ros.geometry.pixel_table import PixelTable


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """Tell of one camera.

    clock_spread_ns: how far header stamps scatter around sensor time plus a slow estimate, root
    mean square; None before its clock started. table: its pixel table, None before it is known.
    hot_pixels: how many are hot.
    """

    clock_spread_ns: float | None
    table: PixelTable | None
    hot_pixels: int


@dataclass(frozen=True, slots=True)
class BinnerStatus:
    """Tell of the rig: sync, 'sensor' or 'host', and each camera.

    apart_ns: by how much the right camera's clock is behind the left's, whole wraps aside, as
    their header stamps tell; None unless both clocks have started. disagreement: the sentence
    about common times that disagree with the arrival of packets, or ''.
    """

    sync: str
    apart_ns: int | None
    disagreement: str
    cameras: tuple[CameraStatus, ...]


def rig_status(
    sync: str,
    disagreement: str,
    streams: Sequence[CameraStream | None],
    sensors: Sequence[Sensor],
) -> BinnerStatus:
    """Return the status of cameras by their streams, as far as they have any, and sensors."""
    cameras = [
        CameraStatus(
            stream.clock.spread_ns if stream and stream.sensor_ns is not None else None,
            sensor.table,
            sensor.noise.hot_pixels,
        )
        for stream, sensor in zip(streams, sensors, strict=True)
    ]
    clocks = [stream.clock for stream in timed(streams)]
    apart = apart_ns(clocks) if len(clocks) == 2 else None
    return BinnerStatus(sync, apart, disagreement, tuple(cameras))
